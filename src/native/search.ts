import type { BindingFiles, BindingGlob, BindingGrep, BindingUnreadable } from "./binding.js";

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
  /** Most matches (or files, in the other modes) of one page. Default: 1,000. */
  readonly maxMatches?: number;
  readonly maxPerFile?: number;
  /** Longer lines are clipped around the match; columns stay true. */
  readonly maxLineBytes?: number;
  /**
   * `matches`: every match, the default. `counts`: files with their numbers of matches. `files`: files that have one,
   * of which no more is read than the first.
   */
  readonly mode?: "matches" | "counts" | "files";
  /** `path`: component by component, the default. `relevance`: generated files last, then newest first. */
  readonly sort?: "path" | "relevance";
  /** Stops once the page is full and so many matches are counted: the total is then "at least". Default: counts all. */
  readonly countUpTo?: number;
  /** The `cursor` of the page before: continues behind it. */
  readonly cursor?: string;
}

/** A line near a match. */
export interface ContextLine {
  /** Its number, from 1. */
  readonly line: number;
  readonly text: string;
  /** Whether the end of a long line is cut off. */
  readonly clipped: boolean;
}

/** One match; a line with three of them gives three. */
export interface GrepMatch {
  /** Relative to the folder searched, with forward slashes; a file's name when a file was searched. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** In bytes, from 1. */
  readonly column: number;
  /** Offset in the file of the first byte; of the UTF-8 form where the file is UTF-16. */
  readonly byteStart: number;
  /** Offset behind the last byte. */
  readonly byteEnd: number;
  /** The lines that the match touches, without the last one's end. */
  readonly text: string;
  /** The byte column at which `text` begins: more than 1 where it is clipped. */
  readonly textColumn: number;
  /** Whether `text` is only a part of its lines. */
  readonly clipped: boolean;
  readonly before: readonly ContextLine[];
  readonly after: readonly ContextLine[];
}

/** A file with matches. */
export interface FileCount {
  readonly path: string;
  /** Its matches; 1 in the mode `files`, which looks no further. */
  readonly count: number;
}

/** One page of an answer. `total` counts this page and all that follow; see `totalExact`. */
export interface GrepResult {
  /** In the mode `matches`: by file in the order asked for, then by position. */
  readonly matches: readonly GrepMatch[];
  /** In the modes `counts` and `files`. */
  readonly files: readonly FileCount[];
  readonly total: number;
  /** False: there are at least `total`, and counting stopped there. */
  readonly totalExact: boolean;
  /** Files read. An index knows of others that they hold no match. */
  readonly filesSearched: number;
  /** True: the path and the globs select no file at all. */
  readonly noneSelected: boolean;
  readonly filesMatched: number;
  /** Files given up as binary. */
  readonly skippedBinary: number;
  /** Files and folders that could not be read. */
  readonly unreadable: readonly BindingUnreadable[];
  /** Where the next page begins; nothing on the last page. */
  readonly cursor?: string;
}

export interface GlobOptions extends Omit<FileSelection, "include"> {
  readonly patterns: readonly string[];
  /** `modified`: newest first, the default. */
  readonly sort?: "modified" | "name";
  /** Most paths of one page. Default: no limit. */
  readonly limit?: number;
  /** The `cursor` of the page before: continues behind it. */
  readonly cursor?: string;
}

/** One page of paths, relative to the folder searched. */
export interface GlobResult {
  readonly paths: readonly string[];
  /** Files that match, in all. */
  readonly total: number;
  /** Files that match and are on no page so far. */
  readonly leftOut: number;
  readonly unreadable: readonly BindingUnreadable[];
  readonly cursor?: string;
}

export function bindingGrep(options: GrepOptions): BindingGrep {
  return {
    files: bindingFiles(options),
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
    mode: options.mode ?? "matches",
    sort: options.sort ?? "path",
    ...(options.countUpTo !== undefined && { countUpTo: options.countUpTo }),
    ...(options.cursor !== undefined && { cursor: options.cursor }),
  };
}

export function bindingGlob(options: GlobOptions): BindingGlob {
  return {
    files: bindingFiles({ ...options, include: options.patterns }),
    sort: options.sort ?? "modified",
    ...(options.limit !== undefined && { limit: options.limit }),
    ...(options.cursor !== undefined && { cursor: options.cursor }),
  };
}

export function bindingFiles(selection: FileSelection): BindingFiles {
  return {
    path: selection.path,
    include: [...(selection.include ?? [])],
    exclude: [...(selection.exclude ?? [])],
    hidden: selection.hidden ?? false,
    noIgnore: selection.noIgnore ?? false,
  };
}
