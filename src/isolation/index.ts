/**
 * Search and syntax in helper processes, and the choice between them and this process. What runs helpers is loaded
 * when it is first needed: a plugin's import is waited for, and few users isolate.
 */
export { createSearch, type LazyCodeSearch, type SearchSettings } from "./create.js";
export type { PoolLimits } from "./pool.js";
export type { Runtime } from "./runtime.js";
export type { IsolatedSearch, IsolationOptions } from "./search.js";
