export { type CommitContext, Transaction, type TransactPorts, transact } from "./transact.js";
