/** The host cuts a tool's output at 50 KiB; ours ends before that and says what it left out. */
const MAX_BYTES = 40 * 1024;

/** Collects lines until the space is used up; counts the entries that did not fit. */
export class BoundedOutput {
  readonly #lines: string[] = [];
  #bytes = 0;
  #omitted = 0;

  /** Adds the lines of one entry together, or none of them; a first entry that is too large is cut. */
  add(...lines: string[]): void {
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    if (this.#omitted > 0 || this.#bytes + bytes > MAX_BYTES) {
      this.#omitted++;
      // Something of the first entry is better than nothing at all.
      if (this.#lines.length === 0)
        this.#lines.push(`${lines.join("\n").slice(0, MAX_BYTES / 4)}\n… cut here`);
      return;
    }
    this.#lines.push(...lines);
    this.#bytes += bytes;
  }

  /** Entries that did not fit. */
  get omitted(): number {
    return this.#omitted;
  }

  text(): string {
    return this.#lines.join("\n");
  }
}

/** "1 match", "2 matches". */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}
