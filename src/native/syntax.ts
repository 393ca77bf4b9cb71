import { addon } from "./addon.js";
import type {
  BindingAstQuery,
  BindingAstResult,
  BindingFileEdit,
  BindingFileSyntax,
  BindingRewrite,
  BindingSymbol,
} from "./binding.js";
import { cancellable } from "./cancel.js";
import { unwrap } from "./errors.js";
import { type FileSelection, files } from "./search.js";

export interface AstSearchOptions extends FileSelection {
  /** Code in which `$A` stands for one node and `$$$B` for any number; or give a `rule`. */
  readonly pattern?: string;
  /** An ast-grep rule in YAML; or give a `pattern`. */
  readonly rule?: string;
  /** Search only files of this language. Default: each file in its own. */
  readonly language?: string;
  readonly maxMatches?: number;
}

export type AstSearchResult = BindingAstResult;
export type FileEdit = BindingFileEdit;
export type OutlineSymbol = BindingSymbol;
export type FileSyntax = BindingFileSyntax;

export interface AstRewriteOptions extends Omit<AstSearchOptions, "maxMatches"> {
  readonly replacement: string;
  /** Nothing outside of this folder is written. Default: `path`. */
  readonly root?: string;
}

/**
 * Finds code of a given shape.
 * @throws NativeError `ERR_PATTERN`, `ERR_LANGUAGE`, `ERR_NOT_FOUND`, `ERR_IO`; the signal's reason when aborted.
 */
export async function astSearch(options: AstSearchOptions, signal?: AbortSignal): Promise<AstSearchResult> {
  return cancellable(signal, async (cancel) => unwrap(await addon().astSearch(query(options), cancel)));
}

/** A rewrite that has been worked out and not been done. */
export class RewritePreview {
  readonly #rewrite: BindingRewrite;
  /** What would change, file by file, as unified diffs. */
  readonly files: readonly FileEdit[];

  constructor(rewrite: BindingRewrite) {
    this.#rewrite = rewrite;
    this.files = rewrite.files;
  }

  /**
   * Writes all files or none; resolves with the number of replacements.
   * @throws NativeError `ERR_STALE` when a file has changed since the preview; then nothing is written.
   */
  async apply(): Promise<number> {
    return unwrap(await this.#rewrite.apply());
  }
}

/** Works out a structural replacement. Errors as `astSearch`, and `ERR_OUTSIDE_ROOT`. */
export async function astRewrite(options: AstRewriteOptions, signal?: AbortSignal): Promise<RewritePreview> {
  return cancellable(signal, async (cancel) => {
    const root = options.root ?? options.path;
    return new RewritePreview(
      unwrap(await addon().astRewrite(query(options), options.replacement, root, cancel)),
    );
  });
}

/** The symbols that a file declares, in its order. @throws NativeError `ERR_LANGUAGE`, `ERR_NOT_FOUND`, `ERR_IO` */
export async function outline(path: string, signal?: AbortSignal): Promise<OutlineSymbol[]> {
  return cancellable(signal, async (cancel) => unwrap(await addon().outline(path, cancel)));
}

/** Where files do not parse; one answer for each path, which is relative to `root`. */
export async function syntaxErrors(
  options: { readonly root: string; readonly paths: readonly string[] },
  signal?: AbortSignal,
): Promise<FileSyntax[]> {
  return cancellable(signal, async (cancel) =>
    unwrap(await addon().syntaxErrors(options.root, [...options.paths], cancel)),
  );
}

/** Names of the languages that can be parsed. */
export function languages(): string[] {
  return addon().languages();
}

function query(options: AstSearchOptions): BindingAstQuery {
  return {
    files: files(options),
    ...(options.pattern !== undefined && { pattern: options.pattern }),
    ...(options.rule !== undefined && { rule: options.rule }),
    ...(options.language !== undefined && { language: options.language }),
    ...(options.maxMatches !== undefined && { maxMatches: options.maxMatches }),
  };
}
