const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Colour = keyof typeof CODES;
export type Palette = Readonly<Record<Colour, (text: string) => string>> & { readonly enabled: boolean };

/** Colours for a terminal, or the same functions that change nothing. */
export function palette(enabled: boolean): Palette {
  const paint = (code: number) => (text: string) => (enabled ? `\x1b[${code}m${text}\x1b[0m` : text);
  const colours = Object.entries(CODES).map(([name, code]) => [name, paint(code)]);
  return { ...(Object.fromEntries(colours) as Record<Colour, (text: string) => string>), enabled };
}

/** Whether to colour what goes to a stream: NO_COLOR (no-color.org) wins, then FORCE_COLOR, then the stream. */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

const PIECE = /\p{Control}\[[0-9;]*m|./gsu;
/** Two columns wide in a terminal: East Asian scripts, full-width forms, emoji. */
const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303e\uff01-\uff60]|\p{Emoji_Presentation}/u;
const CONTROL = /[\p{Control}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;
const STRAY = /\p{Control}\[[0-9;]*m|[\p{Control}\u202a-\u202e\u2066-\u2069]/gu;
const MARK = /\p{Mark}|\u200d|\ufe0f/u;

/** Text from a model or a file on one line, without what a terminal would take for a command. */
export function plain(text: string): string {
  return text.replace(CONTROL, " ");
}

/** A coloured line whose other control characters are gone. */
export function harmless(line: string): string {
  return line.replace(STRAY, (piece) => (piece.length > 1 || piece === "\t" ? piece : " "));
}

/** Columns that a text takes in a terminal. */
export function width(text: string): number {
  let columns = 0;
  for (const [piece] of text.matchAll(PIECE)) columns += columnsOf(piece);
  return columns;
}

/** Cuts a text to a number of columns; colours stay whole and end with it. */
export function clip(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let used = 0;
  let kept = "";
  for (const [piece] of text.matchAll(PIECE)) {
    used += columnsOf(piece);
    if (used > columns - 1) break;
    kept += piece;
  }
  return `${kept}…${kept.includes("\x1b") ? "\x1b[0m" : ""}`;
}

/** Fills up with spaces to a number of columns. */
export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}

function columnsOf(piece: string): number {
  if (piece.startsWith("\x1b[") || MARK.test(piece)) return 0;
  return WIDE.test(piece) ? 2 : 1;
}

/** `0.4 s`, `12.3 s`, `2 min 05 s`. */
export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.floor(ms / 1000);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
