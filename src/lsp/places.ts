/** Places for processes: no more than so many at a time, first come, first served. */
export class Places {
  readonly #limit: number;
  /** Asks for a process that nobody needs to end. */
  readonly #makeRoom: () => void;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(limit: number, makeRoom: () => void) {
    this.#limit = limit;
    this.#makeRoom = makeRoom;
  }

  /** Whether somebody waits for one. */
  get wanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves with what gives the place back. @throws the signal's reason */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken < this.#limit) this.#taken++;
    else {
      const turn = this.#wait(signal);
      this.#makeRoom();
      await turn;
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      // It passes on: nobody else can take it in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#taken--;
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      const go = () => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      this.#waiting.push(go);
      signal.addEventListener("abort", abort, { once: true });
    });
  }
}
