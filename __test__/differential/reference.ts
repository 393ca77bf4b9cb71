import { Block } from "./block.js";
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
    const block = new Block(bytesOf(event.data.lines));
    for (const [at, line] of block.lines.entries()) lines.set(`${event.data.line_number + at}:${key}`, line);
    if (event.type === "context") continue;
    if (!marks.has(key)) marks.set(key, markLength(located(path, relative)));
    const base = event.data.absolute_offset + (marks.get(key) ?? 0);
    for (const { start, end } of event.data.submatches) {
      const { first, column, bytes, count } = block.touched(start, end);
      const line = event.data.line_number + first;
      const [byteStart, byteEnd] = [base + start, base + end];
      matches.push({
        path: relative,
        line,
        column,
        byteStart,
        byteEnd,
        lines: bytes,
        nextLine: line + count,
      });
    }
  }
  matches.sort((a, b) => comparePaths(a.path, b.path) || a.byteStart - b.byteStart);
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
  return { run, paths: paths.sort(comparePaths) };
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

/** Component by component, as our answers are ordered. */
function comparePaths(a: Buffer, b: Buffer): number {
  if (a.equals(b)) return 0;
  const [left, right] = [a, b].map((path) => path.toString("latin1").split("/")) as [string[], string[]];
  for (const [at, name] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    if (name !== other) return name < other ? -1 : 1;
  }
  return left.length - right.length;
}
