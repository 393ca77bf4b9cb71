import {
  type AstRewriteOptions,
  type AstSearchOptions,
  type AstSearchResult,
  type FileEdit,
  type FileSyntax,
  type GlobOptions,
  type GlobResult,
  type GrepOptions,
  type GrepResult,
  NativeError,
  type OutlineSymbol,
  type RewritePreview,
  type SearcherOptions,
} from "../native/index.js";

type Unreadable = RewritePreview["unreadable"][number];

/** A rewrite that lives in a helper, by its number there. */
export interface RemoteRewrite {
  readonly preview: number;
  readonly files: FileEdit[];
  readonly unreadable: Unreadable[];
}

/** The requests that a helper answers. Each has one parameter object. */
export interface Calls {
  /** The first request: loads the addon. */
  start: { params: SearcherOptions; result: { readonly runtime: string } };
  grep: { params: GrepOptions; result: GrepResult };
  glob: { params: GlobOptions; result: GlobResult };
  astSearch: { params: AstSearchOptions; result: AstSearchResult };
  astRewrite: { params: AstRewriteOptions; result: RemoteRewrite };
  outline: { params: { readonly path: string }; result: OutlineSymbol[] };
  syntaxErrors: {
    params: { readonly root: string; readonly paths: readonly string[] };
    result: FileSyntax[];
  };
  apply: { params: { readonly preview: number }; result: number };
}
export type Method = keyof Calls;

/** The notification that a preview is no longer needed. */
export const RELEASE = "release";
export interface Release {
  readonly preview: number;
}

/** What goes with the protocol's error: our code, and the error's fields. */
interface WireFailure {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The error's part that the protocol carries as data. */
export function failureData(error: unknown): WireFailure {
  return error instanceof NativeError
    ? { code: error.code, details: error.details }
    : { code: "ERR_HELPER", details: {} };
}

/** The error that was thrown in the helper; nothing when the data is not such an error's. */
export function fromFailure(message: string, data: unknown): NativeError | undefined {
  return isFailure(data) ? new NativeError(data.code, message, data.details) : undefined;
}

function isFailure(data: unknown): data is WireFailure {
  return typeof data === "object" && data !== null && "code" in data && typeof data.code === "string";
}
