import type {
  AstSearchResult,
  CodeSearch,
  FileEdit,
  GlobOptions,
  GlobResult,
  GrepMatch,
  GrepOptions,
  GrepResult,
} from "../../src/native/index.js";

/** A match in the line `line`, of the whole text. */
export function match(path: string, line: number, more: Partial<GrepMatch> = {}): GrepMatch {
  const text = more.text ?? `needle ${line}`;
  return {
    path,
    line,
    column: 1,
    byteStart: line * 100,
    byteEnd: line * 100 + Buffer.byteLength(text),
    text,
    textColumn: 1,
    clipped: false,
    before: [],
    after: [],
    ...more,
  };
}

/** So many matches in a file, one a line. */
export function matches(path: string, number: number, text?: string): GrepMatch[] {
  return Array.from({ length: number }, (_, index) => match(path, index + 1, text ? { text } : {}));
}

/** A search of given matches that does all that the types promise: pages, totals, limits for each file. */
export class FakeSearch implements CodeSearch {
  readonly calls: GrepOptions[] = [];
  readonly #matches: readonly GrepMatch[];
  readonly extra: Partial<GrepResult> = {};
  astResult: Partial<AstSearchResult> = {};
  edits: FileEdit[] = [];
  closed = false;

  constructor(...files: GrepMatch[][]) {
    this.#matches = files.flat();
  }

  async grep(options: GrepOptions, signal?: AbortSignal): Promise<GrepResult> {
    signal?.throwIfAborted();
    this.calls.push(options);
    const all = this.#matches.filter(
      ({ path }) => !/\.\w+$/.test(options.path) || options.path.endsWith(path),
    );
    const perFile = new Map<string, number>();
    const kept = all.filter(({ path }) => {
      perFile.set(path, (perFile.get(path) ?? 0) + 1);
      return (perFile.get(path) ?? 0) <= (options.maxPerFile ?? Number.POSITIVE_INFINITY);
    });
    const size = options.maxMatches ?? 1_000;
    if (options.mode === "counts" || options.mode === "files") {
      const files = [...perFile].map(([path, count]) => ({ path, count }));
      const from = Number(options.cursor ?? 0);
      const rest = files.slice(from);
      const more = rest.length > size;
      return {
        ...this.#result(
          [],
          options.mode === "files" ? rest.length : rest.reduce((sum, { count }) => sum + count, 0),
          rest.length,
        ),
        files: rest.slice(0, size),
        ...(more && { cursor: String(from + size) }),
      };
    }
    const from = Number(options.cursor ?? 0);
    const page = kept.slice(from, from + size);
    const rest = all.slice(page[0] ? all.indexOf(page[0]) : all.length);
    const more = from + page.length < kept.length;
    const counted = Math.max(options.countUpTo ?? Number.POSITIVE_INFINITY, page.length);
    const exact = !more || rest.length <= counted;
    return {
      ...this.#result(page, exact ? rest.length : counted, new Set(rest.map(({ path }) => path)).size),
      totalExact: exact,
      ...(more && { cursor: String(from + page.length) }),
    };
  }

  #result(page: readonly GrepMatch[], total: number, files: number): GrepResult {
    const counts = {
      total,
      totalExact: true,
      filesSearched: files,
      noneSelected: false,
      filesMatched: files,
      skippedBinary: 0,
    };
    return { matches: page, files: [], ...counts, unreadable: [], ...this.extra };
  }

  async glob(options: GlobOptions): Promise<GlobResult> {
    const paths = [...new Set(this.#matches.map(({ path }) => path))];
    const from = Number(options.cursor ?? 0);
    const page = paths.slice(from, from + (options.limit ?? paths.length));
    const leftOut = paths.length - from - page.length;
    const cursor = leftOut > 0 ? { cursor: String(from + page.length) } : {};
    return { paths: page, total: paths.length, leftOut, unreadable: [], ...cursor };
  }

  async astSearch(): Promise<AstSearchResult> {
    const none = { total: 0, leftOut: 0, filesSearched: 0, filesMatched: 0, filesSkipped: 0 };
    return { matches: [], ...none, unreadable: [], ...this.astResult };
  }

  async astRewrite() {
    return { files: this.edits, apply: async () => this.edits.length } as never;
  }

  async outline() {
    return [];
  }

  async syntaxErrors() {
    return [];
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
