import { addon } from "./addon.js";
import type {
  BindingAstQuery,
  BindingAstResult,
  BindingFileEdit,
  BindingFileSyntax,
  BindingRecovery,
  BindingRewrite,
  BindingSymbol,
  BindingUnreadable,
} from "./binding.js";
import { unwrap } from "./errors.js";
import { bindingFiles, type FileSelection } from "./search.js";

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

/** A rewrite that has been worked out and not been done. */
export class RewritePreview {
  readonly #rewrite: BindingRewrite;
  /** What would change, file by file, as unified diffs. */
  readonly files: readonly FileEdit[];
  /** Files that could not be read, and so are not changed. */
  readonly unreadable: readonly BindingUnreadable[];

  constructor(rewrite: BindingRewrite) {
    this.#rewrite = rewrite;
    this.files = rewrite.files;
    this.unreadable = rewrite.unreadable;
  }

  /**
   * Writes all files or none; resolves with the number of replacements.
   * @throws NativeError `ERR_STALE` when a file has changed since the preview; then nothing is written.
   */
  async apply(): Promise<number> {
    return unwrap(await this.#rewrite.apply());
  }
}

/** The journal of a rewrite that is being written, in the root that it was previewed for. */
export const REWRITE_JOURNAL = ".opencode-rewrite-journal";

/** What was put back after a rewrite that did not end. */
export type RewriteRecovery = BindingRecovery;

/**
 * Puts back what a killed process had replaced below `root` in a rewrite that it did not end; one that is still being
 * written is left alone. The next rewrite does so too.
 * @throws NativeError `ERR_IO` when a file could not be put back.
 */
export async function recoverRewrite(root: string): Promise<RewriteRecovery> {
  return unwrap(await addon().recoverRewrite(root));
}

/** Names of the languages that can be parsed. */
export function languages(): string[] {
  return addon().languages();
}

export function bindingAstQuery(options: AstSearchOptions): BindingAstQuery {
  return {
    files: bindingFiles(options),
    ...(options.pattern !== undefined && { pattern: options.pattern }),
    ...(options.rule !== undefined && { rule: options.rule }),
    ...(options.language !== undefined && { language: options.language }),
    ...(options.maxMatches !== undefined && { maxMatches: options.maxMatches }),
  };
}
