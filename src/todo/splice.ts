/** A part of a text and what takes its place. An empty part is an insertion. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Puts all splices in place at once; those of the same place in their order. They must not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const ordered = [...splices].sort((a, b) => a.start - b.start || a.end - b.end);
  let result = "";
  let at = 0;
  for (const { start, end, text: replacement } of ordered) {
    if (start < at) throw new Error("two changes of the same part of a text");
    result += text.slice(at, start) + replacement;
    at = end;
  }
  return result + text.slice(at);
}
