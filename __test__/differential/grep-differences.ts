import type { GrepQuery } from "./generate/queries.js";
import { listDifferences, numberDifference, UNLIMITED } from "./list-differences.js";
import { modified } from "./modified.js";
import type { GrepReference, ReferenceMatch } from "./reference.js";
import type { GrepResult } from "./subject.js";
import { textDifferences } from "./text-differences.js";

/** How the pages of an answer differ from what ripgrep finds: places, counts, texts and context. */
export function grepDifferences(
  query: GrepQuery,
  root: string,
  reference: GrepReference,
  pages: readonly [GrepResult, ...GrepResult[]],
): string[] {
  const files = inOrder(query, root, reference.matches);
  const found = [
    ...countDifferences(query, reference, files.length, pages[0]),
    ...pageDifferences(query, pages),
  ];
  const most = query.allPages && query.maxMatches ? query.maxMatches * pages.length : query.maxMatches;
  if (query.mode !== "matches") {
    const expected = files.map(([first, ...more]) => {
      const count = query.mode === "files" ? 1 : 1 + more.length;
      return `${first.path.toString()} ${count}`;
    });
    const given = pages.flatMap((page) => page.files.map(({ path, count }) => `${path} ${count}`));
    return [...found, ...listDifferences(expected.slice(0, most), given)];
  }
  const expected = files.flatMap((matches) => matches.slice(0, query.maxPerFile)).slice(0, most);
  const given = pages.flatMap((page) => page.matches);
  found.push(...listDifferences(placesOf(expected), placesOf(given)));
  if (found.length > 0) return found;
  const texts = given.flatMap((match, at) => {
    const wanted = expected[at];
    return wanted ? textDifferences(query, reference, wanted, match) : [];
  });
  return texts.slice(0, 10);
}

type FileMatches = readonly [ReferenceMatch, ...ReferenceMatch[]];

/** The matches by file, in the order asked for. */
function inOrder(query: GrepQuery, root: string, matches: readonly ReferenceMatch[]): FileMatches[] {
  const files = new Map<string, [ReferenceMatch, ...ReferenceMatch[]]>();
  for (const match of matches) {
    const key = match.path.toString("latin1");
    const file = files.get(key);
    if (file) file.push(match);
    else files.set(key, [match]);
  }
  if (query.sort === "path") return [...files.values()];
  const ranked = [...files.values()].map((file) => {
    const path = file[0].path;
    return { file, isGenerated: looksGenerated(path.toString()), time: modified(root, path) };
  });
  // Stable: what is as new stays in path order.
  ranked.sort(
    (a, b) =>
      Number(a.isGenerated) - Number(b.isGenerated) || (a.time === b.time ? 0 : a.time < b.time ? 1 : -1),
  );
  return ranked.map(({ file }) => file);
}

/** For the names in generated trees. */
function looksGenerated(path: string): boolean {
  return /(^|\/)(build|node_modules|target)\//.test(path);
}

function countDifferences(
  query: GrepQuery,
  reference: GrepReference,
  filesMatched: number,
  page: GrepResult,
): string[] {
  const total = query.mode === "files" ? filesMatched : reference.matches.length;
  const { countUpTo = UNLIMITED } = query;
  if (!page.totalExact) {
    const holds =
      query.countUpTo !== undefined && page.total <= total && page.total >= Math.min(countUpTo, total);
    return holds ? [] : [`total: at least ${page.total}, ripgrep: ${total}`];
  }
  return [
    ...numberDifference("total", total, page.total),
    ...numberDifference("filesMatched", filesMatched, page.filesMatched),
    // An index lets files be left unread.
    ...(page.filesSearched > reference.filesSearched
      ? [`filesSearched: ${page.filesSearched}, ripgrep: ${reference.filesSearched}`]
      : []),
    ...(page.noneSelected && reference.filesSearched > 0 ? ["noneSelected, and ripgrep searched some"] : []),
  ];
}

/** Each page but the last is full, and counts what is on it and behind it. */
function pageDifferences(query: GrepQuery, pages: readonly GrepResult[]): string[] {
  const { maxMatches, maxPerFile, countUpTo, mode } = query;
  // Where counting stopped in a file, nobody knows whether there is more.
  if (countUpTo !== undefined) return [];
  const size = (page: GrepResult) => (mode === "matches" ? page.matches : page.files).length;
  const found = pages
    .slice(0, -1)
    .flatMap((page, at) => numberDifference(`page ${at}`, maxMatches ?? 0, size(page)));
  if (mode === "counts" || maxPerFile !== undefined) return found;
  const totals = pages.slice(1).flatMap((page, at) => {
    const before = pages[at];
    return before ? numberDifference(`total of page ${at + 1}`, before.total - size(before), page.total) : [];
  });
  return [...found, ...totals];
}

type Place = Pick<GrepResult["matches"][number], "line" | "column" | "byteStart" | "byteEnd"> & {
  readonly path: string | Buffer;
};

function placesOf(matches: readonly Place[]): string[] {
  return matches.map((each) => `${each.path}:${each.line}:${each.column} ${each.byteStart}..${each.byteEnd}`);
}
