import { addon } from "./addon.js";
import type { BindingFiles, BindingGlobResult, BindingGrepResult, BindingMatch } from "./binding.js";
import { cancellable } from "./cancel.js";
import { unwrap } from "./errors.js";

/** Which files a search sees. ripgrep's rules apply: ignore files, hidden files, binary files. */
export interface FileSelection {
  /** Absolute path of a directory, or of a single file. */
  readonly path: string;
  /** Globs of which a file must match one; a pattern with an inner or leading `/` is anchored at `path`. */
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** Search hidden files too. Default: false. */
  readonly hidden?: boolean;
  /** Disregard .gitignore and its kind. Default: false. */
  readonly noIgnore?: boolean;
}

export interface GrepOptions extends FileSelection {
  readonly pattern: string;
  /** Default: `sensitive`. `smart` is insensitive while the pattern has no capital. */
  readonly case?: "sensitive" | "insensitive" | "smart";
  readonly word?: boolean;
  /** The pattern is a text, not a regular expression. */
  readonly literal?: boolean;
  /** Matches may span lines. */
  readonly multiline?: boolean;
  /** Lines around each match. */
  readonly before?: number;
  readonly after?: number;
  readonly maxMatches?: number;
  readonly maxPerFile?: number;
  /** Longer lines are clipped around the match; columns stay true. */
  readonly maxLineBytes?: number;
}

export type GrepMatch = BindingMatch;
/** `total` counts all matches; where `totalExact` is false there are at least so many. */
export type GrepResult = BindingGrepResult;

export interface GlobOptions extends Omit<FileSelection, "include"> {
  readonly patterns: readonly string[];
  /** `modified`: newest first, the default. */
  readonly sort?: "modified" | "name";
  readonly limit?: number;
}

export type GlobResult = BindingGlobResult;

/**
 * Searches file contents as ripgrep does, in this process.
 * @throws NativeError `ERR_PATTERN` with the position, `ERR_NOT_FOUND`, `ERR_IO`; the signal's reason when aborted.
 */
export async function grep(options: GrepOptions, signal?: AbortSignal): Promise<GrepResult> {
  return cancellable(signal, async (cancel) =>
    unwrap(
      await addon().grep(
        {
          files: files(options),
          pattern: options.pattern,
          caseMode: options.case ?? "sensitive",
          word: options.word ?? false,
          literal: options.literal ?? false,
          multiline: options.multiline ?? false,
          before: options.before ?? 0,
          after: options.after ?? 0,
          ...(options.maxMatches !== undefined && { maxMatches: options.maxMatches }),
          ...(options.maxPerFile !== undefined && { maxPerFile: options.maxPerFile }),
          ...(options.maxLineBytes !== undefined && { maxLineBytes: options.maxLineBytes }),
        },
        cancel,
      ),
    ),
  );
}

/** Finds files by name. Errors as `grep`. */
export async function glob(options: GlobOptions, signal?: AbortSignal): Promise<GlobResult> {
  return cancellable(signal, async (cancel) =>
    unwrap(
      await addon().glob(
        files({ ...options, include: options.patterns }),
        options.sort ?? "modified",
        options.limit,
        cancel,
      ),
    ),
  );
}

export function files(selection: FileSelection): BindingFiles {
  return {
    path: selection.path,
    include: [...(selection.include ?? [])],
    exclude: [...(selection.exclude ?? [])],
    hidden: selection.hidden ?? false,
    noIgnore: selection.noIgnore ?? false,
  };
}
