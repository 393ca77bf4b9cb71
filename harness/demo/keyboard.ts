import type { ReadStream } from "node:tty";

const CTRL_C = "\u0003";

/**
 * Single keys of a terminal. Keys that nobody waits for are dropped: what was typed before a question was shown
 * must not answer it.
 */
export class Keyboard implements Disposable {
  readonly #input: ReadStream;
  readonly #interrupt: () => void;
  #waiting: ((key: string) => void) | undefined;
  readonly #read = (text: string) => {
    for (const key of text) {
      if (key === CTRL_C) this.#interrupt();
      else this.#waiting?.(key.toLowerCase());
    }
  };

  private constructor(input: ReadStream, interrupt: () => void) {
    this.#input = input;
    this.#interrupt = interrupt;
    input.setRawMode(true);
    input.setEncoding("utf8").on("data", this.#read).resume();
  }

  /** Undefined where nobody can answer. `interrupt` is called for Ctrl-C, which is an ordinary key here. */
  static open(input: NodeJS.ReadStream, interrupt: () => void): Keyboard | undefined {
    return input.isTTY ? new Keyboard(input, interrupt) : undefined;
  }

  /** The first of these keys to be pressed from now on; undefined when the signal comes first. */
  press(keys: Iterable<string>, signal: AbortSignal): Promise<string | undefined> {
    const wanted = new Set(keys);
    return new Promise((resolve) => {
      const end = (key?: string) => {
        this.#waiting = undefined;
        signal.removeEventListener("abort", abort);
        resolve(key);
      };
      const abort = () => end();
      if (signal.aborted) return resolve(undefined);
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting = (key) => {
        if (wanted.has(key)) end(key);
      };
    });
  }

  [Symbol.dispose](): void {
    this.#input.off("data", this.#read);
    this.#input.setRawMode(false);
    this.#input.pause();
  }
}
