import { isAbsolute } from "node:path";

/** The host cuts a tool's output at 50 KiB or 2,000 lines; ours ends before that and says what it left out. */
export const MAX_BYTES = 40 * 1024;
const MAX_LINES = 1_900;

/** Collects lines until the space is used up; counts the entries that did not fit. */
export class BoundedOutput {
  readonly #most: number;
  readonly #mostRows: number;
  readonly #lines: string[] = [];
  #bytes = 0;
  #rows = 0;
  #omitted = 0;

  /** The space, in bytes of UTF-8 and in lines. */
  constructor(most = MAX_BYTES, mostLines = MAX_LINES) {
    this.#most = most;
    this.#mostRows = mostLines;
  }

  /** Adds the lines of one entry together, or none of them; a first entry that is too large is cut. */
  add(...lines: string[]): void {
    const text = lines.join("\n");
    const bytes = Buffer.byteLength(text) + 1;
    const rows = text.split("\n").length;
    if (this.#omitted > 0 || this.#bytes + bytes > this.#most || this.#rows + rows > this.#mostRows) {
      this.#omitted++;
      // Something of the first entry is better than nothing at all.
      if (this.#lines.length === 0) this.#lines.push(clippedLines(text, this.#most / 4));
      return;
    }
    this.#lines.push(...lines);
    this.#bytes += bytes;
    this.#rows += rows;
  }

  /** Entries that did not fit. */
  get omitted(): number {
    return this.#omitted;
  }

  text(): string {
    return this.#lines.join("\n");
  }
}

/** The beginning of a text in at most `most` bytes, without half a character at its end. */
export function clippedText(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = Math.max(0, Math.floor(most));
  // 10xxxxxx goes on with a character that began before.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}

/** The whole lines that fit, and how many do not; of a first line that is too long, its beginning. */
export function clippedLines(text: string, most: number): string {
  const lines = text.split("\n");
  if (Buffer.byteLength(text) <= most && lines.length <= MAX_LINES / 4) return text;
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines) {
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > most || kept.length >= MAX_LINES / 4) break;
    kept.push(line);
  }
  const rest = lines.length - kept.length;
  if (kept.length > 0) return [...kept, `… cut here: ${count(rest, "more line")}`].join("\n");
  const more = rest > 1 ? `, and ${count(rest - 1, "more line")}` : "";
  return `${clippedText(text.split("\n", 1)[0] ?? "", most)} … line cut here${more}`;
}

/** "1 match", "2 matches". */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

const NAMED = 3;

/** Names the first of the paths that could not be read; nothing when there is none. */
export function unreadableNote(
  unreadable: readonly { readonly path: string; readonly message: string }[],
  prefix: string,
): string[] {
  if (unreadable.length === 0) return [];
  const named = unreadable
    .slice(0, NAMED)
    .map(({ path, message }) => `${isAbsolute(path) ? "" : prefix}${path} (${message})`);
  const rest = unreadable.length - named.length;
  return [`Could not be read: ${named.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`];
}
