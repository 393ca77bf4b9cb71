/**
 * Write sets: the globs of what a task may change, and whether two of them can meet.
 *
 * The question "is there a path that both globs match?" is answered on the globs themselves, not on the files
 * that happen to exist, since tasks create files. Supported: literals, `?`, `*`, `**` as a whole segment,
 * `[…]`, and `{a,b}`. Two character classes are taken to meet without a look at them, so an answer may be a false
 * alarm but never a false all-clear.
 */

/** True when some path could match both globs. */
export function globsIntersect(left: string, right: string): boolean {
  return expandBraces(left).some((a) =>
    expandBraces(right).some((b) => pathsIntersect(segments(a), segments(b))),
  );
}

/** The first pair of globs, one from each write set, that can match the same path. */
export function overlap(left: readonly string[], right: readonly string[]): [string, string] | undefined {
  for (const a of left) for (const b of right) if (globsIntersect(a, b)) return [a, b];
  return undefined;
}

/** True when the path, relative to the project, is matched by one of the globs. */
export function writeSetCovers(globs: readonly string[], path: string): boolean {
  const target = path.split("/").map((segment) => [...segment].map((value) => ({ literal: value })));
  return globs.some((glob) => expandBraces(glob).some((one) => pathsIntersect(segments(one), target)));
}

/** Alternatives that the braces of one glob may make. */
export const MAX_ALTERNATIVES = 200;

/** How many globs `expandBraces` makes of one, worked out without making them. */
export function countAlternatives(glob: string): number {
  const parts = splitBraces(glob);
  if (!parts) return 1;
  const middle = parts.alternatives.reduce((sum, one) => sum + countAlternatives(one), 0);
  return middle * countAlternatives(parts.tail);
}

/** `a/{b,c{d,e}}` becomes `a/b`, `a/cd`, `a/ce`. An unbalanced brace stands for itself. */
export function expandBraces(glob: string): string[] {
  const parts = splitBraces(glob);
  if (!parts) return [glob];
  const tails = expandBraces(parts.tail);
  return parts.alternatives
    .flatMap(expandBraces)
    .flatMap((middle) => tails.map((tail) => parts.head + middle + tail));
}

/** The first balanced pair of braces, with what is before, inside (cut at its commas) and behind it. */
function splitBraces(glob: string): { head: string; alternatives: string[]; tail: string } | undefined {
  const open = glob.indexOf("{");
  if (open < 0) return undefined;
  let depth = 0;
  const cuts = [open];
  for (let i = open; i < glob.length; i++) {
    const char = glob[i];
    if (char === "{") depth++;
    else if (char === "," && depth === 1) cuts.push(i);
    else if (char === "}" && --depth === 0) {
      const ends = [...cuts.slice(1), i];
      const alternatives = ends.map((end, n) => glob.slice((cuts[n] ?? open) + 1, end));
      return { head: glob.slice(0, open), alternatives, tail: glob.slice(i + 1) };
    }
  }
  return undefined;
}

/** One element of a path segment: a fixed character, one of a class, any one character, or any run. */
type Token = { readonly literal: string } | CharacterClass | "any" | "star";

interface CharacterClass {
  readonly negated: boolean;
  /** Inclusive. */
  readonly ranges: readonly (readonly [string, string])[];
}
type Segment = readonly Token[] | "globstar";

function segments(glob: string): Segment[] {
  const parts = glob
    .replace(/^\.\//, "")
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  // A trailing slash names a folder: everything below it.
  if (glob.endsWith("/")) parts.push("**");
  return parts.map((part) => (part === "**" ? "globstar" : tokens(part)));
}

function tokens(segment: string): Token[] {
  const result: Token[] = [];
  const characters = [...segment];
  for (let i = 0; i < characters.length; i++) {
    const char = characters[i] ?? "";
    const end = char === "[" ? characters.indexOf("]", i + 2 + Number(isNegation(characters[i + 1]))) : -1;
    if (char === "*") {
      if (result.at(-1) !== "star") result.push("star");
    } else if (char === "?") result.push("any");
    else if (end > 0) {
      result.push(characterClass(characters.slice(i + 1, end)));
      i = end;
    } else result.push({ literal: char });
  }
  return result;
}

function isNegation(char: string | undefined): boolean {
  return char === "!" || char === "^";
}

/** The inside of `[…]`. */
function characterClass(inside: readonly string[]): CharacterClass {
  const negated = isNegation(inside[0]);
  const members = negated ? inside.slice(1) : inside;
  const ranges: [string, string][] = [];
  for (let i = 0; i < members.length; i++) {
    const from = members[i] ?? "";
    const isRange = members[i + 1] === "-" && i + 2 < members.length;
    ranges.push([from, isRange ? (members[i + 2] ?? from) : from]);
    if (isRange) i += 2;
  }
  return { negated, ranges };
}

function pathsIntersect(a: readonly Segment[], b: readonly Segment[]): boolean {
  return sequencesIntersect(a, b, (segment) => segment === "globstar", segmentsIntersect);
}

function segmentsIntersect(a: Segment, b: Segment): boolean {
  if (a === "globstar" || b === "globstar") return true;
  return sequencesIntersect(a, b, (token) => token === "star", tokensIntersect);
}

function tokensIntersect(a: Token, b: Token): boolean {
  if (typeof a === "string" || typeof b === "string") return true;
  if ("literal" in a) return "literal" in b ? a.literal === b.literal : classHas(b, a.literal);
  return "literal" in b ? classHas(a, b.literal) : true;
}

function classHas({ negated, ranges }: CharacterClass, char: string): boolean {
  return ranges.some(([from, to]) => from <= char && char <= to) !== negated;
}

/**
 * Whether two patterns over the same alphabet share a word, where `repeats` marks elements that stand for any
 * run. Dynamic programming over suffixes: `reach[i][j]` says that a[i..] and b[j..] share one.
 */
function sequencesIntersect<T>(
  a: readonly T[],
  b: readonly T[],
  repeats: (element: T) => boolean,
  meet: (left: T, right: T) => boolean,
): boolean {
  const width = b.length + 1;
  const reach = new Uint8Array((a.length + 1) * width);
  const at = (i: number, j: number) => reach[i * width + j] === 1;
  for (let i = a.length; i >= 0; i--) {
    for (let j = b.length; j >= 0; j--) {
      const x = a[i];
      const y = b[j];
      let found = x === undefined && y === undefined;
      if (x !== undefined && repeats(x)) found ||= at(i + 1, j) || (y !== undefined && at(i, j + 1));
      if (y !== undefined && repeats(y)) found ||= at(i, j + 1) || (x !== undefined && at(i + 1, j));
      if (x !== undefined && y !== undefined && !repeats(x) && !repeats(y))
        found ||= meet(x, y) && at(i + 1, j + 1);
      if (found) reach[i * width + j] = 1;
    }
  }
  return at(0, 0);
}
