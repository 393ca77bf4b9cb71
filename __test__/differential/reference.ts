import { hasUtf8Mark } from "./disk-tree.js";
import type { GlobQuery, GrepQuery } from "./generate/queries.js";
import { located, type RipgrepRun, runRipgrep, SHOWN_PREFIX } from "./ripgrep.js";

/** A match as ripgrep reports it, in our terms. */
export interface ReferenceMatch {
  /** The path's bytes, below the root. */
  readonly path: Buffer;
  readonly line: number;
  readonly column: number;
  readonly byteStart: number;
  readonly byteEnd: number;
  /** The lines that it touches, with the last one's end. */
  readonly lines: Buffer;
  /** Where `lines` ends, as a line number: the first line of the context after. */
  readonly nextLine: number;
}

/** Everything ripgrep finds, in path order; limits are not applied. */
export interface GrepReference {
  readonly run: RipgrepRun;
  readonly matches: readonly ReferenceMatch[];
  readonly filesSearched: number;
  /** A line that was printed, as a match or as context. */
  line(path: Buffer, number: number): Buffer | undefined;
}

interface Text {
  readonly text?: string;
  readonly bytes?: string;
}

interface LineEvent {
  readonly type: "match" | "context";
  readonly data: {
    readonly path: Text;
    readonly lines: Text;
    readonly line_number: number;
    readonly absolute_offset: number;
    readonly submatches: readonly { readonly start: number; readonly end: number }[];
  };
}

interface Summary {
  readonly type: "summary";
  readonly data: { readonly stats: { readonly searches: number } };
}

const LINE_FEED = 10;

export async function grepReference(query: GrepQuery, path: string): Promise<GrepReference> {
  const run = await runRipgrep(query, path);
  const lines = new Map<string, Buffer>();
  const marks = new Map<string, number>();
  const matches: ReferenceMatch[] = [];
  let filesSearched = 0;
  for (const event of events(run)) {
    if (event.type === "summary") filesSearched = event.data.stats.searches;
    if (event.type !== "match" && event.type !== "context") continue;
    const shown = bytesOf(event.data.path);
    const relative = shown.subarray(SHOWN_PREFIX.length);
    const key = relative.toString("latin1");
    const block = bytesOf(event.data.lines);
    for (const [at, line] of splitLines(block).entries())
      lines.set(`${event.data.line_number + at}:${key}`, line);
    if (event.type === "context") continue;
    if (!marks.has(key)) marks.set(key, markLength(located(path, relative)));
    const base = event.data.absolute_offset + (marks.get(key) ?? 0);
    for (const { start, end } of event.data.submatches)
      matches.push(matchIn(block, event.data.line_number, base, relative, start, end));
  }
  matches.sort((a, b) => compareComponents(a.path, b.path) || a.byteStart - b.byteStart);
  return {
    run,
    matches,
    filesSearched,
    line: (path, number) => lines.get(`${number}:${path.toString("latin1")}`),
  };
}

/** The files that ripgrep lists, in path order. */
export async function globReference(
  query: GlobQuery,
  path: string,
): Promise<{ run: RipgrepRun; paths: Buffer[] }> {
  const run = await runRipgrep(query, path);
  const names = run.stdout.toString("latin1").split("\0").slice(0, -1);
  const paths = names.map((name) => Buffer.from(name, "latin1").subarray(SHOWN_PREFIX.length));
  return { run, paths: paths.sort(compareComponents) };
}

function* events(run: RipgrepRun): Generator<LineEvent | Summary | { readonly type: "begin" | "end" }> {
  if (run.panicked) return;
  for (const line of run.stdout.toString().split("\n"))
    if (line !== "") yield JSON.parse(line) as LineEvent | Summary;
}

function bytesOf(text: Text): Buffer {
  return text.text === undefined ? Buffer.from(text.bytes ?? "", "base64") : Buffer.from(text.text);
}

/** The length of UTF-8's mark, behind which ripgrep begins to count; we count from the file's first byte. */
function markLength(file: Buffer): number {
  return hasUtf8Mark(file) ? 3 : 0;
}

function matchIn(
  block: Buffer,
  firstLine: number,
  base: number,
  path: Buffer,
  start: number,
  end: number,
): ReferenceMatch {
  const lineStart = start === 0 ? 0 : block.lastIndexOf(LINE_FEED, start - 1) + 1;
  // The last byte decides the last line, so that a matched line break adds none.
  const lastByte = Math.max(start, Math.min(end, block.length) - 1);
  const feed = block.indexOf(LINE_FEED, lastByte);
  const linesEnd = feed < 0 ? block.length : feed + 1;
  const lines = block.subarray(lineStart, linesEnd);
  const line = firstLine + splitLines(block.subarray(0, lineStart)).length;
  return {
    path,
    line,
    column: start - lineStart + 1,
    byteStart: base + start,
    byteEnd: base + end,
    lines,
    nextLine: line + splitLines(lines).length,
  };
}

/** The lines with their ends. */
function splitLines(block: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < block.length; ) {
    const feed = block.indexOf(LINE_FEED, start);
    const end = feed < 0 ? block.length : feed + 1;
    lines.push(block.subarray(start, end));
    start = end;
  }
  return lines;
}

function compareComponents(a: Buffer, b: Buffer): number {
  const [left, right] = [a, b].map((path) => path.toString("latin1").split("/")) as [string[], string[]];
  for (const [at, name] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    if (name !== other) return name < other ? -1 : 1;
  }
  return left.length - right.length;
}
