/**
 * Write sets: the globs of what a task may change, and whether two of them can meet.
 *
 * The question "is there a path that both globs match?" is answered on the globs themselves, not on the files
 * that happen to exist, since tasks create files. Supported: literals, `?`, `*`, `**` as a whole segment, and
 * `{a,b}`. Brackets are literal: `app/[id]/page.tsx` is a path of many web projects, and a class of characters is not
 * needed to say what a task may write.
 */

/** A glob made ready for comparing: its braces expanded, its segments parsed. */
export interface CompiledGlob {
  readonly glob: string;
  readonly alternatives: readonly Alternative[];
  /** The same without a difference between capital and small letters. */
  readonly folded: readonly Alternative[];
}

interface Alternative {
  readonly segments: readonly Segment[];
  /** Leading segments without a wildcard, and the trailing ones from the end: paths that differ there are not the same. */
  readonly head: readonly string[];
  readonly tail: readonly string[];
}

export function compileGlob(glob: string): CompiledGlob {
  const compile = (text: string) => expandBraces(text).map((one) => compilePath(one, true));
  return { glob, alternatives: compile(glob), folded: compile(glob.toLowerCase()) };
}

const compiledSets = new WeakMap<readonly string[], readonly CompiledGlob[]>();

/** The globs of a write set made ready; the same array is compiled once. */
export function compileSet(globs: readonly string[]): readonly CompiledGlob[] {
  let compiled = compiledSets.get(globs);
  if (!compiled) {
    compiled = globs.map(compileGlob);
    compiledSets.set(globs, compiled);
  }
  return compiled;
}

/**
 * True when some path could match both globs, on any file system: where capital letters do not tell files apart, two
 * tasks must not meet either.
 */
export function globsIntersect(left: CompiledGlob, right: CompiledGlob): boolean {
  return left.folded.some((a) => right.folded.some((b) => alternativesIntersect(a, b)));
}

/** The first pair of globs, one from each write set, that can match the same path. */
export function overlap(
  left: readonly CompiledGlob[],
  right: readonly CompiledGlob[],
): [string, string] | undefined {
  for (const a of left) for (const b of right) if (globsIntersect(a, b)) return [a.glob, b.glob];
  return undefined;
}

/** True when the path, relative to the project, is matched by one of the globs. */
export function writeSetCovers(globs: readonly string[], path: string): boolean {
  const target = compilePath(path, false);
  return compileSet(globs).some((glob) =>
    glob.alternatives.some((one) => alternativesIntersect(one, target)),
  );
}

/** True when every brace has its partner. */
export function hasBalancedBraces(glob: string): boolean {
  let depth = 0;
  for (const char of glob) {
    if (char === "{") depth++;
    else if (char === "}" && --depth < 0) return false;
  }
  return depth === 0;
}

/** Alternatives that the braces of one glob may make. */
export const MAX_ALTERNATIVES = 200;

/** Comparing write sets takes time that grows with the square of this: the characters of all their alternatives. */
export const MAX_WRITE_SET_SIZE = 12_000;

/** The size of a write set, for that limit. */
export function writeSetSize(globs: readonly string[]): number {
  return globs.reduce((sum, glob) => sum + glob.length * countAlternatives(glob), 0);
}

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

/** One element of a path segment: a fixed character, any one character, or any run of characters. */
type Token = { readonly literal: string } | "any" | "star";
type Segment = readonly Token[] | "globstar";

function compilePath(path: string, isGlob: boolean): Alternative {
  // One letter can be written in several ways; file systems differ in which they keep.
  const normal = path.normalize("NFC");
  const parts = normal.split("/").filter((part) => part !== "" && part !== ".");
  const isFixed = (part: string) => !isGlob || !/[*?]/.test(part);
  const wild = parts.findIndex((part) => !isFixed(part));
  const lastWild = parts.findLastIndex((part) => !isFixed(part));
  return {
    segments: parts.map((part) =>
      isFixed(part) ? [...part].map((literal) => ({ literal })) : part === "**" ? "globstar" : tokens(part),
    ),
    head: wild < 0 ? parts : parts.slice(0, wild),
    tail: parts.slice(lastWild + 1).reverse(),
  };
}

/** True when one of the places that both have is not the same. */
function differ(a: readonly string[], b: readonly string[]): boolean {
  return a.some((part, index) => index < b.length && part !== b[index]);
}

function alternativesIntersect(a: Alternative, b: Alternative): boolean {
  if (differ(a.head, b.head) || differ(a.tail, b.tail)) return false;
  return sequencesIntersect(a.segments, b.segments, (segment) => segment === "globstar", segmentsIntersect);
}

function tokens(segment: string): Token[] {
  const result: Token[] = [];
  for (const char of segment) {
    if (char === "?") result.push("any");
    else if (char !== "*") result.push({ literal: char });
    else if (result.at(-1) !== "star") result.push("star");
  }
  return result;
}

function segmentsIntersect(a: Segment, b: Segment): boolean {
  if (a === "globstar" || b === "globstar") return true;
  return sequencesIntersect(a, b, (token) => token === "star", tokensIntersect);
}

function tokensIntersect(a: Token, b: Token): boolean {
  return typeof a === "string" || typeof b === "string" || a.literal === b.literal;
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
