import { type IndexOptions, Searcher } from "../../../src/native/index.js";
import type { Engine, Preparation, TextQuery } from "./engine.js";

/** A page that holds everything. */
const EVERYTHING = 1_000_000;
/** As our tool asks: a minified line is clipped around its match. */
const MAX_LINE_BYTES = 400;

/** The one place that knows our API. */
export async function openOurs(root: string, index: IndexOptions | false): Promise<Engine> {
  const searcher = new Searcher({ index });
  return {
    ...(index && { preparation: await prepare(searcher, root) }),
    async text(query) {
      const { matches } = await searcher.grep({ path: root, ...grepOptions(query) });
      return { count: matches.length, keys: () => matches.map(({ path, line }) => `${path}:${line}`) };
    },
    async glob(query) {
      const { paths } = await searcher.glob({ path: root, patterns: [query.glob], sort: "name" });
      return { count: paths.length, keys: () => [...paths] };
    },
    async structural({ pattern }) {
      const { matches } = await searcher.astSearch({
        path: root,
        pattern,
        language: "javascript",
        maxMatches: EVERYTHING,
      });
      return { count: matches.length, keys: () => matches.map(({ path, span }) => `${path}:${span.line}`) };
    },
    [Symbol.asyncDispose]: () => searcher.close(),
  };
}

async function prepare(searcher: Searcher, root: string): Promise<Preparation> {
  const index = await searcher.ready(root);
  if (index?.state !== "ready") throw new Error(`ours: the index of ${root} is ${index?.state ?? "missing"}`);
  return { milliseconds: index.buildMs, bytes: index.bytes };
}

function grepOptions(query: TextQuery) {
  return {
    pattern: query.pattern,
    maxLineBytes: MAX_LINE_BYTES,
    literal: query.literal ?? false,
    word: query.word ?? false,
    case: query.ignoreCase ? "insensitive" : "sensitive",
    ...(query.first === undefined
      ? { maxMatches: EVERYTHING }
      : { maxMatches: query.first, countUpTo: query.first }),
  } as const;
}
