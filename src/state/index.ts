export { CachedStore, keepParsed, parseOnce } from "./cached-store.js";
export { type CommitContext, Transaction, type TransactPorts, transact } from "./transact.js";
