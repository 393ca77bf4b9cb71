/** Ctrl-C that comes twice within this time is one: npm passes on what the terminal has sent already. */
const ONE_PRESS_MS = 600;

/** Ctrl-C: the first asks to stop, a second one ends the process at once. */
export class Interrupts implements Disposable {
  readonly #first = new AbortController();
  #lastMs = 0;
  readonly #onSignal = () => this.press();

  constructor() {
    process.on("SIGINT", this.#onSignal);
    process.on("SIGTERM", this.#onSignal);
  }

  /** Aborted by the first Ctrl-C. */
  get signal(): AbortSignal {
    return this.#first.signal;
  }

  readonly press = (): void => {
    const sinceMs = performance.now() - this.#lastMs;
    if (this.signal.aborted && sinceMs > ONE_PRESS_MS) {
      // OpenCode goes with us: see OwnedProcess.
      process.exit(130);
    }
    if (this.signal.aborted) return;
    this.#lastMs = performance.now();
    this.#first.abort(new Error("stopped by Ctrl-C"));
  };

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onSignal);
    process.off("SIGTERM", this.#onSignal);
  }
}
