import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compileGlob,
  countAlternatives,
  expandBraces,
  globsIntersect,
  overlap,
  writeSetCovers,
} from "../../src/mission/write-set.js";

const meet = (left: string, right: string): boolean => globsIntersect(compileGlob(left), compileGlob(right));

/** What a glob means, by way of a regular expression: an implementation of its own, to judge the other. */
function matcher(glob: string): (path: string) => boolean {
  const alternatives = /^(.*?)\{([^{}]*)\}(.*)$/.exec(glob);
  if (alternatives) {
    const [, head = "", inside = "", tail = ""] = alternatives;
    const each = inside.split(",").map((one) => matcher(head + one + tail));
    return (path) => each.some((matches) => matches(path));
  }
  const parts = glob.split("/").map((part) =>
    part === "**"
      ? "**"
      : part
          .replace(/[.+^$()|[\]\\]/g, "\\$&")
          .replace(/\*+/g, "[^/]*")
          .replace(/\?/g, "[^/]"),
  );
  // Each segment is matched with the slash behind it.
  const source = parts.map((part) => (part === "**" ? "(?:[^/]+/)*" : `(?=[^/])${part}/`)).join("");
  const pattern = new RegExp(`^${source}$`);
  return (path) => pattern.test(`${path}/`);
}

const ALPHABET = ["a", "b"];
const SEGMENTS = ALPHABET.flatMap((one) => [one, ...ALPHABET.map((two) => one + two)]);
/** All paths of up to three segments of up to two letters: for the globs below, a common path is among these. */
const PATHS = SEGMENTS.flatMap((one) => [
  one,
  ...SEGMENTS.flatMap((two) => [`${one}/${two}`, ...SEGMENTS.map((three) => `${one}/${two}/${three}`)]),
]);

const token = fc.constantFrom("a", "b", "*", "?");
const segment = fc.oneof(
  { weight: 4, arbitrary: fc.array(token, { minLength: 1, maxLength: 2 }).map((some) => some.join("")) },
  { weight: 1, arbitrary: fc.constant("**") },
  { weight: 1, arbitrary: fc.constantFrom("{a,b}", "{a*,b}", "{ab,?}") },
);
const glob = fc.array(segment, { minLength: 1, maxLength: 2 }).map((some) => some.join("/"));
describe("globsIntersect", () => {
  it("says yes exactly when a path is matched by both", () => {
    fc.assert(
      fc.property(glob, glob, (left, right) => {
        const [inLeft, inRight] = [matcher(left), matcher(right)];
        const common = PATHS.find((path) => inLeft(path) && inRight(path));
        expect([left, right, meet(left, right)]).toEqual([left, right, common !== undefined]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is the same from both sides", () => {
    fc.assert(
      fc.property(glob, glob, (left, right) => {
        expect(meet(left, right)).toBe(meet(right, left));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["src/**", "src/a/b.ts", true],
    ["./src/a.ts", "src/a.ts", true],
    ["src/*.ts", "src/*.test.ts", true],
    ["src/*.ts", "src/a/b.ts", false],
    ["**/a.ts", "x/y/a.ts", true],
    ["**/*.ts", "**/*.md", false],
    ["src/{a,b}/**", "src/c/**", false],
    ["app/[id]/page.tsx", "app/[id]/page.tsx", true],
    ["app/[id]/page.tsx", "app/i/page.tsx", false],
    ["app/*/page.tsx", "app/[id]/page.tsx", true],
    ["a*b*c", "a*c", true],
    ["a*b", "*c", false],
    ["\u{1F600}.md", "?.md", true],
  ])("%s and %s: %s", (left, right, expected) => {
    expect(meet(left, right)).toBe(expected);
  });

  it("answers soon for long globs", () => {
    const started = performance.now();
    expect(meet(`${"*a".repeat(199)}b`, `${"a*".repeat(199)}c`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(8_000);
  });
});

describe("writeSetCovers", () => {
  it("covers exactly the paths that a glob matches", () => {
    fc.assert(
      fc.property(glob, fc.constantFrom(...PATHS), (one, path) => {
        expect([one, path, writeSetCovers([one], path)]).toEqual([one, path, matcher(one)(path)]);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    // Brackets are literal: folders of web projects have them.
    [["app/[id]/page.tsx"], "app/[id]/page.tsx", true],
    [["app/[id]/page.tsx"], "app/i/page.tsx", false],
    [["docs/**", "README.md"], "README.md", true],
    [["docs/**"], "docs/a/b/c.md", true],
    [["docs/**"], "docsx/a.md", false],
    [["*.ts"], "src/a.ts", false],
    [["**/*.ts"], "a.ts", true],
    [["a.b"], "axb", false],
    [["\u{1F600}/größe.md"], "\u{1F600}/größe.md", true],
    [[], "a", false],
  ])("%j and %s: %s", (globs, path, covered) => {
    expect(writeSetCovers(globs, path)).toBe(covered);
  });
});

describe("expandBraces", () => {
  it.each([
    ["a", ["a"]],
    ["a/{b,c}", ["a/b", "a/c"]],
    ["a/{b,c{d,e}}/f", ["a/b/f", "a/cd/f", "a/ce/f"]],
    ["{a,b}{c,d}", ["ac", "ad", "bc", "bd"]],
    ["{a,}b", ["ab", "b"]],
    ["{a,b", ["{a,b"]],
    ["a}b", ["a}b"]],
    ["{a/b,c}/d", ["a/b/d", "c/d"]],
  ])("%s", (one, expected) => {
    expect(expandBraces(one)).toEqual(expected);
    expect(countAlternatives(one)).toBe(expected.length);
  });

  it("counts without making what it counts", () => {
    expect(countAlternatives("{a,b}".repeat(80))).toBe(2 ** 80);
  });
});

it("overlap names the first pair that meets, and nothing where none does", () => {
  const first = (left: string[], right: string[]) => overlap(left.map(compileGlob), right.map(compileGlob));
  expect(first(["a/**", "b/*.ts"], ["c", "b/x.ts", "a/y"])).toEqual(["a/**", "a/y"]);
  expect(first(["a/**"], ["b/**", "c"])).toBeUndefined();
  expect(first([], ["**"])).toBeUndefined();
});
