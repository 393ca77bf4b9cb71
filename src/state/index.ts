export { stateFile, stateFolder, todoFile } from "./files.js";
export { type CommitContext, Transaction, type TransactPorts, transact } from "./transact.js";
