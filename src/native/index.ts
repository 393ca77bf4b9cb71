/** The native core as a typed API: search, syntax trees, the versioned store and the work-stealing lanes. */
export { addon } from "./addon.js";
export { NativeError } from "./errors.js";
export { type LaneMetrics, WorkStealingLanes } from "./lanes.js";
export { type Libc, runningLibc } from "./platform.js";
export type {
  FileCount,
  FileSelection,
  GlobOptions,
  GlobResult,
  GrepMatch,
  GrepOptions,
  GrepResult,
} from "./search.js";
export {
  type CodeSearch,
  type IndexOptions,
  type IndexStatus,
  Searcher,
  type SearcherOptions,
  type SearchMetrics,
} from "./searcher.js";
export {
  type AuditChange,
  type AuditEntry,
  type Backup,
  type Compaction,
  importStore,
  NativeStore,
  openStore,
  type Recovery,
  recoverStore,
  type StoredVersion,
  type StoreOptions,
  type Verification,
} from "./store.js";
export {
  type AstRewriteOptions,
  type AstSearchOptions,
  type AstSearchResult,
  type FileEdit,
  type FileSyntax,
  languages,
  type OutlineSymbol,
  REWRITE_JOURNAL,
  RewritePreview,
  type RewriteRecovery,
  recoverRewrite,
} from "./syntax.js";
