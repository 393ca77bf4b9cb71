import type { BindingGrepPage } from "./binding.js";
import type { ContextLine, FileCount, GrepMatch, GrepResult } from "./search.js";

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
  const next = () => numbers[at++] as number;
  const text = (units: number) => {
    const start = textAt;
    textAt += units;
    return texts.slice(start, textAt);
  };
  const lines = (count: number): ContextLine[] => {
    const found: ContextLine[] = [];
    for (let left = count; left > 0; left--)
      found.push({ line: next(), text: text(next()), clipped: next() === 1 });
    return found;
  };
  while (at < numbers.length) {
    const path = paths[next()] as string;
    const [line, column, byteStart, byteEnd] = [next(), next(), next(), next()];
    const own = text(next());
    const [textColumn, clipped] = [next(), next() === 1];
    const [linesBefore, linesAfter] = [next(), next()];
    const [before, after] = [lines(linesBefore), lines(linesAfter)];
    // One literal of all fields: an object that is put together from another one gets a hidden class of its own.
    matches.push({ path, line, column, byteStart, byteEnd, text: own, textColumn, clipped, before, after });
  }
  return matches;
}
