import { once } from "node:events";
import type { Writable } from "node:stream";

/** The reader of the output has gone away (`| head`): there is nobody left to work for. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** Larger texts go out in pieces, so that a slow reader is noticed. */
const PIECE = 64 * 1024;

/** Writes to a stream no faster than its reader reads. */
export class Output {
  readonly #stream: Writable;
  readonly #signal: AbortSignal;
  #error: NodeJS.ErrnoException | undefined;

  constructor(stream: Writable, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    stream.on("error", (error) => {
      this.#error ??= error;
    });
  }

  /**
   * Resolves when the stream can take more.
   * @throws OutputClosed when nobody reads; the stream's error; the signal's reason when aborted.
   */
  async write(text: string): Promise<void> {
    for (let from = 0; from < text.length; ) {
      let to = Math.min(text.length, from + PIECE);
      // Not between the halves of a surrogate pair.
      if (to < text.length && /[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to--;
      this.#check();
      if (!this.#stream.write(text.slice(from, to))) await this.#drained();
      from = to;
    }
  }

  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }

  /** Resolves when everything has been handed to the system. Errors as `write`. */
  async flush(): Promise<void> {
    this.#check();
    await new Promise<void>((resolve) => {
      this.#signal.addEventListener("abort", () => resolve(), { once: true });
      this.#stream.write("", () => resolve());
    });
    this.#check();
  }

  async #drained(): Promise<void> {
    const waiting = new AbortController();
    const signal = AbortSignal.any([this.#signal, waiting.signal]);
    try {
      await Promise.race(["drain", "close"].map((event) => once(this.#stream, event, { signal })));
    } catch {
      // Which it was, the check below says.
    } finally {
      waiting.abort();
    }
    this.#check();
  }

  #check(): void {
    this.#signal.throwIfAborted();
    if (this.#error && this.#error.code !== "EPIPE") throw this.#error;
    if (this.#error || this.#stream.destroyed) throw new OutputClosed("nobody reads the output");
  }
}
