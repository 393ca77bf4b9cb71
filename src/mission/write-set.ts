/**
 * Write sets: the globs of what a task may change, and whether two of them can meet.
 *
 * The question "is there a path that both globs match?" is answered on the globs themselves, not on the files
 * that happen to exist, since tasks create files. Supported: literals, `?`, `*`, `**` as a whole segment,
 * `[…]`, and `{a,b}`. A character class is treated as "any character", so an answer may be a false alarm but
 * never a false all-clear.
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
  const target = path.split("/").map((segment) => [...segment].map((value) => ({ literal: value }) as Token));
  return globs.some((glob) => expandBraces(glob).some((one) => pathsIntersect(segments(one), target)));
}

/** `a/{b,c{d,e}}` becomes `a/b`, `a/cd`, `a/ce`. An unbalanced brace stands for itself. */
export function expandBraces(glob: string): string[] {
  const open = glob.indexOf("{");
  if (open < 0) return [glob];
  let depth = 0;
  const cuts = [open];
  for (let i = open; i < glob.length; i++) {
    const char = glob[i];
    if (char === "{") depth++;
    else if (char === "," && depth === 1) cuts.push(i);
    else if (char === "}" && --depth === 0) {
      cuts.push(i);
      const head = glob.slice(0, open);
      const tails = expandBraces(glob.slice(i + 1));
      return cuts
        .slice(1)
        .flatMap((end, n) => expandBraces(glob.slice((cuts[n] ?? open) + 1, end)))
        .flatMap((middle) => tails.map((tail) => head + middle + tail));
    }
  }
  return [glob];
}

/** One element of a path segment: a fixed character, any one character, or any run of characters. */
type Token = { readonly literal: string } | "any" | "star";
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
  for (let i = 0; i < segment.length; i++) {
    const char = segment[i] ?? "";
    if (char === "*") {
      if (result.at(-1) !== "star") result.push("star");
    } else if (char === "?") result.push("any");
    else if (char === "[" && segment.indexOf("]", i + 2) > 0) {
      result.push("any");
      i = segment.indexOf("]", i + 2);
    } else result.push({ literal: char });
  }
  return result;
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
  return a.literal === b.literal;
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
