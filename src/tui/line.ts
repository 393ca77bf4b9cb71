import { columns, shortened } from "./text.js";

/** What a piece of text means; the host's theme has a colour for each. */
export type Tone = "text" | "muted" | "accent" | "success" | "warning" | "error" | "info";

export interface Span {
  readonly text: string;
  readonly tone: Tone;
  readonly bold?: boolean;
  /** On the selected row. */
  readonly selected?: boolean;
}

/** One row of the terminal. Its text is safe. */
export type Line = readonly Span[];

export const span = (text: string, tone: Tone = "text", bold = false): Span => ({
  text,
  tone,
  ...(bold && { bold }),
});

export const BLANK: Line = [];

export function lineColumns(line: Line): number {
  return line.reduce((sum, one) => sum + columns(one.text), 0);
}

/** The line in exactly `width` columns: cut with an ellipsis, or filled with spaces. */
export function padded(line: Line, width: number): Line {
  const kept: Span[] = [];
  let left = width;
  for (const one of line) {
    if (left <= 0) break;
    const text = shortened(one.text, left);
    kept.push({ ...one, text });
    left -= columns(text);
    if (text !== one.text) break;
  }
  return left > 0 ? [...kept, span(" ".repeat(left))] : kept;
}

/** The line cut to `width` columns. */
export function cut(line: Line, width: number): Line {
  return lineColumns(line) <= width ? line : padded(line, width);
}

/** The text at the line's end, however long the line is. */
export function withRight(line: Line, right: Line, width: number): Line {
  const room = width - lineColumns(right) - 1;
  return room < 4 ? cut(line, width) : [...padded(line, room), span(" "), ...right];
}

/** The line with its whole row marked. */
export function selected(line: Line, width: number): Line {
  return padded(line, width).map((one) => ({ ...one, selected: true }));
}

export function plain(line: Line): string {
  return line.map((one) => one.text).join("");
}
