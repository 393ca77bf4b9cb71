import type { GlobQuery } from "./generate/queries.js";
import { listDifferences, numberDifference } from "./list-differences.js";
import { modified } from "./modified.js";
import type { GlobResult } from "./subject.js";

/** How the pages of an answer differ from ripgrep's list of files, which is in path order. */
export function globDifferences(
  query: GlobQuery,
  root: string,
  paths: readonly Buffer[],
  pages: readonly [GlobResult, ...GlobResult[]],
): string[] {
  const most = query.allPages && query.limit ? query.limit * pages.length : query.limit;
  const expected = (query.sort === "name" ? paths : newestFirst(root, paths)).slice(0, most);
  const given = pages.flatMap((page) => page.paths);
  const last = pages.at(-1) ?? pages[0];
  return [
    ...pages.flatMap((page) => numberDifference("total", paths.length, page.total)),
    ...numberDifference("leftOut", paths.length - expected.length, last.leftOut),
    ...listDifferences(
      expected.map((path) => path.toString()),
      given,
    ),
  ];
}

function newestFirst(root: string, paths: readonly Buffer[]): Buffer[] {
  const timed = paths.map((path) => ({ path, time: modified(root, path) }));
  // Stable: what is as new stays in path order.
  timed.sort((a, b) => (a.time === b.time ? 0 : a.time < b.time ? 1 : -1));
  return timed.map(({ path }) => path);
}
