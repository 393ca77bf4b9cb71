import { FileFinder, type GrepCursor, type GrepMatch, type GrepResult, type Result } from "@ff-labs/fff-node";
import type { Answer, Engine, TextQuery } from "./engine.js";

const READY_WITHIN_MS = 120_000;
/** A page that holds everything. */
const EVERYTHING = 1_000_000;

/** fff with its defaults: content index, mapped files, watcher. Its calls are synchronous. */
export async function openFff(root: string): Promise<Engine> {
  const start = performance.now();
  const finder = unwrap(FileFinder.create({ basePath: root }));
  const scanned = unwrap(await finder.waitForScan(READY_WITHIN_MS));
  if (!scanned || !unwrap(await finder.waitForIndexReady(READY_WITHIN_MS))) throw new Error("fff: not ready");
  return {
    preparation: { milliseconds: performance.now() - start },
    text: async (query) => searchText(finder, query),
    async glob(query) {
      const { items } = unwrap(finder.glob(query.glob, { pageSize: EVERYTHING }));
      return { count: items.length, keys: () => items.map((item) => item.relativePath) };
    },
    [Symbol.asyncDispose]: async () => finder.destroy(),
  };
}

function searchText(finder: FileFinder, query: TextQuery): Answer {
  const matches: GrepMatch[] = [];
  let cursor: GrepCursor | null = null;
  do {
    const page: GrepResult = unwrap(
      finder.grep(expression(query), {
        mode: query.literal && !query.ignoreCase && !query.word ? "plain" : "regex",
        smartCase: false,
        maxMatchesPerFile: EVERYTHING,
        pageSize: query.first ?? EVERYTHING,
        cursor,
      }),
    );
    for (const match of page.items) matches.push(match);
    cursor = page.nextCursor;
  } while (cursor && matches.length < (query.first ?? Number.POSITIVE_INFINITY));
  return {
    count: matches.length,
    keys: () => matches.map(({ relativePath, lineNumber }) => `${relativePath}:${lineNumber}`),
  };
}

/** It has no options for these; regular expressions have. The words of our queries need no escapes. */
function expression(query: TextQuery): string {
  const word = query.word ? `\\b${query.pattern}\\b` : query.pattern;
  return query.ignoreCase ? `(?i)${word}` : word;
}

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`fff: ${result.error}`);
  return result.value;
}
