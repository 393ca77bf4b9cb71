const LINE_FEED = 10;

/** Lines that ripgrep reports together. */
export class Block {
  /** The lines, with their ends. */
  readonly lines: readonly Buffer[];
  readonly #bytes: Buffer;
  readonly #starts: readonly number[];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const starts: number[] = [];
    for (let start = 0; start < bytes.length; ) {
      starts.push(start);
      const feed = bytes.indexOf(LINE_FEED, start);
      start = feed < 0 ? bytes.length : feed + 1;
    }
    this.#starts = starts;
    this.lines = starts.map((start, at) => bytes.subarray(start, starts[at + 1] ?? bytes.length));
  }

  /** The lines that a range touches: which one it begins on, from 0, its column there, their bytes and their number. */
  touched(start: number, end: number): { first: number; column: number; bytes: Buffer; count: number } {
    const first = this.#lineAt(start);
    // The last byte decides the last line, so that a matched line break adds none.
    const last = this.#lineAt(Math.max(start, Math.min(end, this.#bytes.length) - 1));
    const begin = this.#starts[first] ?? this.#bytes.length;
    const bytes = this.#bytes.subarray(begin, this.#starts[last + 1] ?? this.#bytes.length);
    return { first, column: start - begin + 1, bytes, count: bytes.length > 0 ? last - first + 1 : 0 };
  }

  /** The line that an offset lies on; behind a last line end, the line that would come. */
  #lineAt(offset: number): number {
    const isBehindAll = offset >= this.#bytes.length && this.#bytes.at(-1) === LINE_FEED;
    if (isBehindAll || this.#bytes.length === 0) return this.#starts.length;
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
