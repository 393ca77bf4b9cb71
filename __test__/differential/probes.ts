import type { GlobQuery, GrepQuery } from "./generate/queries.js";

const SELECTION = {
  target: { kind: "root", pick: 0 },
  include: [],
  exclude: [],
  hidden: true,
  noIgnore: false,
  allPages: false,
} as const;

/** A plain search of a whole tree. */
export function plainGrep(pattern: string, more: Partial<GrepQuery> = {}): GrepQuery {
  return {
    kind: "grep",
    ...SELECTION,
    pattern,
    case: "sensitive",
    word: false,
    literal: false,
    multiline: false,
    before: 0,
    after: 0,
    maxLineBytes: 200,
    mode: "matches",
    sort: "path",
    ...more,
  };
}

/** Every file of a tree. */
export const everyFile: GlobQuery = { kind: "glob", ...SELECTION, sort: "name" };

/** What hardly a change of a generated tree leaves as it was. */
export const PROBES: readonly (GrepQuery | GlobQuery)[] = [
  everyFile,
  plainGrep("needle|foo|größe|42", { maxMatches: 300 }),
];
