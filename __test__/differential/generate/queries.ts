import fc from "fast-check";
import { queryGlob } from "./globs.js";
import { multilinePattern, pattern } from "./patterns.js";

/** Where a query looks: the tree's root, or one of its folders or files, by its place in the listing. */
export interface Target {
  readonly kind: "root" | "folder" | "file" | "link";
  readonly pick: number;
}

export interface Selection {
  readonly target: Target;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly hidden: boolean;
  readonly noIgnore: boolean;
}

export interface GrepQuery extends Selection {
  readonly kind: "grep";
  readonly pattern: string;
  readonly case: "sensitive" | "insensitive" | "smart";
  readonly word: boolean;
  readonly literal: boolean;
  readonly multiline: boolean;
  readonly before: number;
  readonly after: number;
  readonly maxMatches?: number | undefined;
  readonly maxPerFile?: number | undefined;
  readonly maxLineBytes: number;
  readonly mode: "matches" | "counts" | "files";
  readonly sort: "path" | "relevance";
  readonly countUpTo?: number | undefined;
  /** Ask for all pages of `maxMatches`. */
  readonly allPages: boolean;
}

export interface GlobQuery extends Selection {
  readonly kind: "glob";
  readonly sort: "modified" | "name";
  readonly limit?: number | undefined;
  /** Ask for all pages of `limit`. */
  readonly allPages: boolean;
}

export type Query = GrepQuery | GlobQuery;

const seldom = <T>(weight: number, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight, arbitrary: fc.constant<T | undefined>(undefined) }, { weight: 1, arbitrary });
const seldomTrue = (weight: number) =>
  fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const globs = (weight: number) =>
  fc.oneof(
    { weight, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: fc.array(queryGlob, { minLength: 1, maxLength: 3 }) },
  );

const selection = (includeWeight: number) => ({
  target: fc.record({
    kind: fc.constantFrom<Target["kind"]>("root", "root", "root", "root", "folder", "folder", "file", "link"),
    pick: fc.nat(30),
  }),
  include: globs(includeWeight),
  exclude: globs(4),
  hidden: seldomTrue(3),
  noIgnore: seldomTrue(4),
});

const grepWith = (multiline: boolean): fc.Arbitrary<GrepQuery> =>
  fc.record({
    kind: fc.constant("grep"),
    ...selection(3),
    pattern: multiline ? multilinePattern : pattern,
    case: fc.constantFrom("sensitive", "sensitive", "sensitive", "insensitive", "smart"),
    word: seldomTrue(5),
    literal: seldomTrue(4),
    multiline: fc.constant(multiline),
    before: fc.constantFrom(0, 0, 0, 1, 2),
    after: fc.constantFrom(0, 0, 0, 1, 3),
    maxMatches: seldom(5, fc.nat(20)),
    maxPerFile: seldom(6, fc.nat(3)),
    maxLineBytes: fc.constantFrom(200, 200, 20, 2000),
    mode: fc.constantFrom("matches", "matches", "matches", "matches", "counts", "files"),
    sort: fc.constantFrom("path", "path", "path", "relevance"),
    countUpTo: seldom(8, fc.constantFrom(0, 1, 2, 5, 1_000)),
    allPages: fc.boolean(),
  });

export const grepQuery: fc.Arbitrary<GrepQuery> = fc.oneof(
  { weight: 4, arbitrary: grepWith(false) },
  { weight: 1, arbitrary: grepWith(true) },
);

export const globQuery: fc.Arbitrary<GlobQuery> = fc.record({
  kind: fc.constant("glob"),
  ...selection(1),
  sort: fc.constantFrom("modified", "name"),
  limit: seldom(4, fc.nat(6)),
  allPages: fc.boolean(),
});

export const query: fc.Arbitrary<Query> = fc.oneof(
  { weight: 4, arbitrary: grepQuery },
  { weight: 1, arbitrary: globQuery },
);
