/**
 * Text that models, users and repositories wrote, made safe for a terminal, and measured in its columns. Whatever it holds,
 * it moves no cursor, changes no colour and does not turn the direction of what stands beside it.
 */

/** Escape sequences: CSI, OSC and its kin up to their end, and two-character ones. The 8-bit forms too. */
const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;
/** Control characters, direction marks, what is invisible, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;
/** A base with many marks piled on it covers the lines around it. */
const PILED = /(\p{M}{3})\p{M}+/gu;

/** One line of plain text. */
export function safe(text: string): string {
  return text.replace(SEQUENCES, "").replace(/\s+/g, " ").replace(UNSEEN, "").replace(PILED, "$1").trim();
}

/** Lines of plain text; empty ones at the ends are left out. */
export function safeLines(text: string): string[] {
  const lines = text.replace(SEQUENCES, "").split(/\r\n|[\n\r\u2028\u2029]/);
  return lines
    .map((line) => safe(line))
    .filter((line, index, all) => line !== "" || (index > 0 && index < all.length - 1));
}

/** Two columns each: what the Unicode standard calls wide or full, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]|[\u{17000}-\u{18cff}]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u;
const segmenter = new Intl.Segmenter();

/** Columns of safe text. */
export function columns(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let sum = 0;
  for (const { segment } of segmenter.segment(text)) sum += columnsOf(segment);
  return sum;
}

function columnsOf(segment: string): number {
  if (/^\p{M}/u.test(segment)) return 0;
  return WIDE.test(segment) || segment.includes("\ufe0f") ? 2 : 1;
}

/** As much of the text as fits, with an ellipsis where something is left out. */
export function shortened(text: string, width: number): string {
  if (width <= 0) return "";
  if (columns(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const more = columnsOf(segment);
    if (used + more > width - 1) break;
    kept += segment;
    used += more;
  }
  return `${kept}…`;
}

/** Broken at spaces into lines of at most `width` columns; a longer word is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const next = line === "" ? word : `${line} ${word}`;
    if (columns(next) <= width) line = next;
    else {
      if (line !== "") lines.push(line);
      line = shortened(word, width);
    }
  }
  return line === "" ? lines : [...lines, line];
}
