/**
 * Processes of our own that speak JSON-RPC: helpers of the search, and language servers. Loads the protocol's
 * library: only modules that are themselves loaded on demand import this.
 */
export { type FailureLimits, Failures, type GivenUp } from "./failures.js";
export { RpcProcess, type RpcProgram } from "./rpc-process.js";
