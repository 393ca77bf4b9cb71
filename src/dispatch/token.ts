/**
 * A place in a limited number of places. Given back once, on whatever way its holder ends: `using`, `await using` or
 * `release()`, which may be called again without effect.
 */
export class ConcurrencyToken implements Disposable, AsyncDisposable {
  #giveBack: (() => void) | undefined;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  get isReleased(): boolean {
    return this.#giveBack === undefined;
  }

  release(): void {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    giveBack?.();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}
