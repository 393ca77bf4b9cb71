import type { GrepQuery } from "./generate/queries.js";
import type { GrepReference, ReferenceMatch } from "./reference.js";
import type { GrepResult } from "./subject.js";

/** How the text and the context of one match differ from the lines that ripgrep prints. */
export function textDifferences(
  query: GrepQuery,
  reference: GrepReference,
  wanted: ReferenceMatch,
  match: GrepResult["matches"][number],
): string[] {
  const place = `${match.path}:${match.line}`;
  const found: string[] = [];
  const line = withoutEnd(wanted.lines);
  if (!isPartOf(match.text, line, match.textColumn - 1, match.clipped))
    found.push(`${place}: text ${JSON.stringify(match.text)} of ${JSON.stringify(line.toString())}`);
  if (match.clipped !== line.length > query.maxLineBytes) found.push(`${place}: clipped is ${match.clipped}`);
  const before = numbers(wanted.line - query.before, wanted.line);
  const after = numbers(wanted.nextLine, wanted.nextLine + query.after);
  for (const [side, wantedNumbers] of [
    ["before", before],
    ["after", after],
  ] as const) {
    const lines = wantedNumbers.flatMap((number) => {
      const text = reference.line(wanted.path, number);
      return text ? [{ number, text: withoutEnd(text) }] : [];
    });
    const agrees =
      lines.length === match[side].length &&
      match[side].every(({ line: number, text }, at) => {
        const expected = lines[at];
        return (
          expected?.number === number &&
          isPartOf(text, expected.text, 0, expected.text.length > query.maxLineBytes)
        );
      });
    if (!agrees)
      found.push(
        `${place}: ${side} ${JSON.stringify(match[side])}, ripgrep: ${JSON.stringify(lines.map(({ number, text }) => [number, text.toString()]))}`,
      );
  }
  return found;
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at);
}

function withoutEnd(line: Buffer): Buffer {
  let end = line.length;
  if (line[end - 1] === 10) end--;
  if (line[end - 1] === 13) end--;
  return line.subarray(0, end);
}

/** Whether `text` is the line from a byte on; a clipped text may end anywhere, within an invalid sequence too. */
function isPartOf(text: string, line: Buffer, from: number, clipped: boolean): boolean {
  const rest = line.subarray(from).toString();
  return clipped ? rest.startsWith(text.replace(/\uFFFD+$/, "")) : rest === text;
}
