/** The native core as a typed API: search, syntax trees, the versioned store and the work-stealing lanes. */
export { addon } from "./addon.js";
export { NativeError } from "./errors.js";
export { type LaneMetrics, WorkStealingLanes } from "./lanes.js";
export {
  type FileSelection,
  type GlobOptions,
  type GlobResult,
  type GrepMatch,
  type GrepOptions,
  type GrepResult,
  glob,
  grep,
} from "./search.js";
export {
  type AuditChange,
  type AuditEntry,
  NativeStore,
  openStore,
  type StoreOptions,
  type Verification,
} from "./store.js";
export {
  type AstRewriteOptions,
  type AstSearchOptions,
  type AstSearchResult,
  astRewrite,
  astSearch,
  type FileEdit,
  type FileSyntax,
  languages,
  type OutlineSymbol,
  outline,
  RewritePreview,
  syntaxErrors,
} from "./syntax.js";
