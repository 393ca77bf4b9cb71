/** What a hook has cost so far. Times are milliseconds of waiting, what it awaits included. */
export interface HookTimes {
  readonly calls: number;
  readonly failures: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

/** Counts the calls of one hook. */
export class HookStopwatch {
  #calls = 0;
  #failures = 0;
  #totalMs = 0;
  #maxMs = 0;

  record(ms: number, failed: boolean): void {
    this.#calls += 1;
    if (failed) this.#failures += 1;
    this.#totalMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  get times(): HookTimes {
    return {
      calls: this.#calls,
      failures: this.#failures,
      totalMs: this.#totalMs,
      maxMs: this.#maxMs,
    };
  }
}
