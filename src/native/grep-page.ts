import type { BindingGrepPage } from "./binding.js";
import type { ContextLine, FileCount, GrepMatch, GrepResult } from "./search.js";

/** Numbers of one match in a page; see `BindingGrepPage.numbers`. */
const MATCH_FIELDS = 10;
const LINE_FIELDS = 3;

/**
 * Turns a page's columns into objects, when they are first looked at: a page of many matches is made in one go by the
 * caller who wants them, not by the one who asked for a number.
 */
export class GrepPage implements GrepResult {
  readonly total: number;
  readonly totalExact: boolean;
  readonly filesSearched: number;
  readonly noneSelected: boolean;
  readonly filesMatched: number;
  readonly skippedBinary: number;
  readonly unreadable: GrepResult["unreadable"];
  readonly cursor?: string;
  #columns: BindingGrepPage | undefined;
  #matches: GrepMatch[] = [];
  #files: FileCount[] = [];
  readonly #inFiles: boolean;

  /** @param inFiles whether the page is of files and not of matches */
  constructor(columns: BindingGrepPage, inFiles: boolean) {
    this.total = columns.total;
    this.totalExact = columns.totalExact;
    this.filesSearched = columns.filesSearched;
    this.noneSelected = columns.noneSelected;
    this.filesMatched = columns.filesMatched;
    this.skippedBinary = columns.skippedBinary;
    this.unreadable = columns.unreadable;
    if (columns.cursor !== undefined) this.cursor = columns.cursor;
    this.#columns = columns;
    this.#inFiles = inFiles;
  }

  get matches(): readonly GrepMatch[] {
    this.#decode();
    return this.#matches;
  }

  get files(): readonly FileCount[] {
    this.#decode();
    return this.#files;
  }

  /** The page as plain values, for `JSON.stringify` and for other processes. */
  toJSON(): GrepResult {
    const {
      total,
      totalExact,
      filesSearched,
      noneSelected,
      filesMatched,
      skippedBinary,
      unreadable,
      matches,
      files,
    } = this;
    return {
      matches,
      files,
      total,
      totalExact,
      filesSearched,
      noneSelected,
      filesMatched,
      skippedBinary,
      unreadable,
      ...(this.cursor !== undefined && { cursor: this.cursor }),
    };
  }

  #decode(): void {
    const columns = this.#columns;
    if (!columns) return;
    this.#columns = undefined;
    const paths = columns.paths === "" ? [] : columns.paths.split("\0");
    if (this.#inFiles) this.#files = paths.map((path, at) => ({ path, count: columns.numbers[at] ?? 0 }));
    else this.#matches = decodeMatches(columns, paths);
  }
}

function decodeMatches({ numbers, texts }: BindingGrepPage, paths: readonly string[]): GrepMatch[] {
  const matches: GrepMatch[] = [];
  let textAt = 0;
  let at = 0;
  const number = (offset: number) => numbers[at + offset] as number;
  const text = (units: number) => {
    const start = textAt;
    textAt += units;
    return texts.slice(start, textAt);
  };
  const lines = (count: number): ContextLine[] =>
    Array.from({ length: count }, () => {
      const line = { line: number(0), text: text(number(1)), clipped: number(2) === 1 };
      at += LINE_FIELDS;
      return line;
    });
  while (at < numbers.length) {
    const [before, after] = [number(8), number(9)];
    const found = {
      path: paths[number(0)] as string,
      line: number(1),
      column: number(2),
      byteStart: number(3),
      byteEnd: number(4),
      text: text(number(5)),
      textColumn: number(6),
      clipped: number(7) === 1,
    };
    at += MATCH_FIELDS;
    matches.push({ ...found, before: lines(before), after: lines(after) });
  }
  return matches;
}
