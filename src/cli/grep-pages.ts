import type { CodeSearch, GrepMatch, GrepOptions, GrepResult } from "../native/index.js";
import type { Place } from "./arguments.js";
import { type Environment, SEARCH_EXIT } from "./environment.js";
import { MatchLines, paintPath } from "./lines.js";
import { noteLeftOut, noteUnreadable } from "./notes.js";

export interface Request {
  readonly options: GrepOptions;
  readonly place: Place;
  /** Most matches, or files, in all. */
  readonly limit: number;
  readonly json: boolean;
}

/** Matches, or files, of one page. */
const PAGE = 1_000;
/** So many matches behind the limit are counted, to say what was left out. */
const COUNT_BEYOND_LIMIT = 10_000;

/** Searches page by page and prints each before it asks for the next. Answers the exit code. */
export async function printPages(
  search: CodeSearch,
  { options, place, limit, json }: Request,
  environment: Environment,
): Promise<number> {
  const { out } = environment;
  const sums = new Sums(options);
  const lines = new MatchLines({
    heading: environment.terminal,
    colour: environment.colour,
    context: (options.before ?? 0) + (options.after ?? 0) > 0,
  });
  for (let cursor: string | undefined; ; ) {
    const room = limit - sums.shown;
    const page = await search.grep(
      {
        ...options,
        maxMatches: Math.min(PAGE, room),
        // What follows the page is counted when it is read, except behind the last.
        countUpTo: room <= PAGE ? room + COUNT_BEYOND_LIMIT : PAGE,
        ...(cursor !== undefined && { cursor }),
      },
      environment.signal,
    );
    sums.add(page);
    for (const { path, count } of page.files) {
      const shown = place.show(path);
      if (json) await out.json(options.mode === "counts" ? { path: shown, count } : { path: shown });
      else
        await out.line(paintPath(shown, environment.colour) + (options.mode === "counts" ? `:${count}` : ""));
    }
    if (json) await out.write(page.matches.map((match) => jsonLine(place.show(match.path), match)).join(""));
    else {
      for (const match of page.matches) lines.add(place.show(match.path), match);
      await out.write(lines.take());
    }
    if (page.cursor === undefined || page.cursor === cursor || sums.shown >= limit) break;
    cursor = page.cursor;
  }
  await out.write(lines.end());
  const summary = sums.summary(place);
  if (json) await out.json({ summary });
  else {
    const flags = [
      ...(Number.isFinite(limit) ? ["--limit"] : []),
      ...(options.maxPerFile === undefined ? [] : ["--max-count"]),
    ];
    noteLeftOut(summary, options.mode === "matches" ? "match" : "file", flags, environment);
    noteUnreadable(summary.unreadable, environment);
    if (sums.noneSelected)
      environment.warn(
        "No file was searched: hidden and ignored files are left out unless --hidden, --no-ignore.",
      );
  }
  if (summary.unreadable.length > 0) return SEARCH_EXIT.error;
  return sums.shown > 0 ? SEARCH_EXIT.found : SEARCH_EXIT.nothing;
}

function jsonLine(path: string, match: GrepMatch): string {
  const { line, column, byteStart, byteEnd, text, clipped, textColumn, before, after } = match;
  const clip = clipped ? { clipped, textColumn } : {};
  const around = before.length + after.length > 0 ? { before, after } : {};
  return `${JSON.stringify({ path, line, column, byteStart, byteEnd, text, ...clip, ...around })}\n`;
}

/** What the pages add up to. A page's total counts all that follow it, too, as far as it counts. */
class Sums {
  readonly #options: GrepOptions;
  readonly #unreadable = new Map<string, string>();
  #first: GrepResult | undefined;
  #total = 0;
  #exact = false;
  #searched = 0;
  #matched = 0;
  #binary = 0;
  #lastPath: string | undefined;
  #files = 0;
  /** Whether no file at all was selected. */
  get noneSelected(): boolean {
    return this.#first?.noneSelected ?? true;
  }

  /** Matches, or files, that have been printed. */
  shown = 0;

  constructor(options: GrepOptions) {
    this.#options = options;
  }

  add(page: GrepResult): void {
    this.#first ??= page;
    this.#total = Math.max(this.#total, this.shown + page.total);
    // What --max-count cuts from earlier pages is in no later page's total.
    this.#exact ||= page.totalExact && (page === this.#first || this.#options.maxPerFile === undefined);
    // A first page that has counted everything has read everything.
    if (page === this.#first || !this.#first.totalExact) {
      this.#searched += page.filesSearched;
      this.#binary += page.skippedBinary;
    }
    this.#matched = Math.max(
      this.#matched,
      this.#files + page.filesMatched - (this.#continues(page) ? 1 : 0),
    );
    for (const { path, message } of page.unreadable) this.#unreadable.set(path, message);
    for (const { path } of [...page.matches, ...page.files]) {
      if (path !== this.#lastPath) this.#files++;
      this.#lastPath = path;
    }
    this.shown += page.matches.length + page.files.length;
  }

  /** Whether a page goes on in the file in which the one before ended. */
  #continues(page: GrepResult): boolean {
    return this.#lastPath !== undefined && page.matches[0]?.path === this.#lastPath;
  }

  summary(place: Place) {
    const inAll = this.#options.mode === "counts" ? this.#matched : this.#total;
    return {
      total: this.#total,
      totalExact: this.#exact,
      filesMatched: this.#matched,
      filesSearched: this.#searched,
      leftOut: inAll - this.shown,
      skippedBinary: this.#binary,
      unreadable: [...this.#unreadable].map(([path, message]) => ({ path: place.show(path), message })),
    };
  }
}
