import type { GrepMatch } from "../native/index.js";

export interface LineStyle {
  /** The path once above its lines, and not in each of them. */
  readonly heading: boolean;
  readonly colour: boolean;
  /** Lines around matches are printed too: a gap between lines is marked. */
  readonly context: boolean;
}

interface Line {
  readonly number: number;
  /** The byte column at which `text` begins; more than 1 only in a clipped line. */
  readonly column: number;
  readonly text: string;
  readonly isMatch: boolean;
  /** What matches: byte ranges of `text`. */
  readonly ranges: [start: number, end: number][];
  readonly note: string;
}

const PATH = "\u001b[35m";
const NUMBER = "\u001b[32m";
const MATCH = "\u001b[1;31m";
const RESET = "\u001b[0m";

/** Colours a unified diff as git does. */
export function colouredDiff(diff: string): string {
  const colours: Record<string, string> = { "+": NUMBER, "-": "\u001b[31m", "@": "\u001b[36m" };
  const one = (line: string) => {
    const colour = colours[line.charAt(0)];
    return colour ? `${colour}${line}${RESET}` : line;
  };
  return diff.split("\n").map(one).join("\n");
}

/**
 * Makes lines of matches, as ripgrep prints them: each line once, however many matches it has, and lines around
 * them merged. Matches come file by file and by position.
 */
export class MatchLines {
  readonly #style: LineStyle;
  #path: string | undefined;
  #waiting = new Map<number, Line[]>();
  #lastMatch = 0;
  #lastPrinted: number | undefined;
  #printedAny = false;
  #text = "";

  constructor(style: LineStyle) {
    this.#style = style;
  }

  add(path: string, match: GrepMatch): void {
    if (path !== this.#path) {
      this.#settle(Number.POSITIVE_INFINITY);
      this.#path = path;
      this.#lastPrinted = undefined;
    }
    for (const { line, text } of [...match.before, ...match.after])
      if (!this.#waiting.has(line))
        this.#put({ number: line, column: 1, text, isMatch: false, ranges: [], note: "" });
    for (const line of matchLines(match)) {
      this.#put(line);
      this.#lastMatch = line.number;
    }
  }

  /** The lines that no later match can change. */
  take(): string {
    this.#settle(this.#lastMatch);
    return this.#taken();
  }

  /** The lines that are left. */
  end(): string {
    this.#settle(Number.POSITIVE_INFINITY);
    return this.#taken();
  }

  #taken(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  /** A line that matches takes the place of the same line as one around another match. */
  #put(line: Line): void {
    const same = (this.#waiting.get(line.number) ?? []).filter((one) => one.isMatch);
    const at = same.findIndex((one) => one.column === line.column);
    const known = same[at];
    if (!known) same.push(line);
    else if (line.isMatch) same[at] = { ...known, ranges: [...known.ranges, ...line.ranges] };
    this.#waiting.set(line.number, same);
  }

  /** Prints the waiting lines before the given one. */
  #settle(before: number): void {
    const numbers = [...this.#waiting.keys()].filter((number) => number < before).sort((a, b) => a - b);
    for (const number of numbers) {
      for (const line of this.#waiting.get(number) ?? []) this.#print(line);
      this.#waiting.delete(number);
    }
  }

  #print(line: Line): void {
    const { heading, context, colour } = this.#style;
    const last = this.#lastPrinted;
    if (last !== undefined && line.number <= last && !line.isMatch) return;
    if (last === undefined && heading)
      this.#text += `${this.#printedAny ? "\n" : ""}${paint(this.#path ?? "", PATH, colour)}\n`;
    else if (context && (last === undefined ? this.#printedAny : line.number > last + 1))
      this.#text += "--\n";
    const mark = line.isMatch ? ":" : "-";
    const place = heading ? "" : `${paint(this.#path ?? "", PATH, colour)}${mark}`;
    const text = colour ? highlighted(line) : line.text;
    this.#text += `${place}${paint(String(line.number), NUMBER, colour)}${mark}${text}${line.note}\n`;
    this.#lastPrinted = line.number;
    this.#printedAny = true;
  }
}

export function paint(text: string, code: string, colour: boolean): string {
  return colour ? `${code}${text}${RESET}` : text;
}

export function paintPath(path: string, colour: boolean): string {
  return paint(path, PATH, colour);
}

/** The lines that a match touches, each with the part of it that matches. */
function matchLines(match: GrepMatch): Line[] {
  const start = match.column - match.textColumn;
  const end = start + (match.byteEnd - match.byteStart);
  let offset = 0;
  return match.text.split("\n").map((text, index) => {
    const bytes = Buffer.byteLength(text);
    const range: [number, number] = [clamp(start - offset, bytes), clamp(end - offset, bytes)];
    offset += bytes + 1;
    return {
      number: match.line + index,
      column: index === 0 ? match.textColumn : 1,
      text: text.replace(/\r$/, ""),
      isMatch: true,
      ranges: [range],
      note: match.clipped && index === 0 ? ` [line clipped; match at column ${match.column}]` : "",
    };
  });
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}

function highlighted({ text, ranges }: Line): string {
  const bytes = Buffer.from(text);
  let done = 0;
  let painted = "";
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const start = Math.max(from, done);
    if (to <= start) continue;
    painted += `${bytes.subarray(done, start)}${paint(String(bytes.subarray(start, to)), MATCH, true)}`;
    done = to;
  }
  return painted + bytes.subarray(done);
}
