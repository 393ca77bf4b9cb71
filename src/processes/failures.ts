/** When a process that fails may be started again. Times are milliseconds. */
export interface FailureLimits {
  /** So many failures within the window, and nothing is started until one of them is older than that. */
  readonly count: number;
  readonly windowMs: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** Why nothing is started for now. */
export interface GivenUp {
  readonly failures: number;
  readonly retryInMs: number;
  readonly last: unknown;
}

/** Crashes and failed starts of late: they say when the next process may be started. */
export class Failures {
  readonly #limits: FailureLimits;
  readonly #now: () => number;
  #times: number[] = [];
  #last: unknown;

  /** @param now milliseconds of a clock that only goes forward. */
  constructor(limits: FailureLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  record(error: unknown): void {
    this.#recent().push(this.#now());
    this.#last = error;
  }

  /** Milliseconds until a process may be started: the delay doubles with each failure. */
  delay(): number {
    const times = this.#recent();
    const last = times.at(-1);
    if (last === undefined) return 0;
    const { firstDelayMs, longestDelayMs } = this.#limits;
    const backoff = Math.min(longestDelayMs, firstDelayMs * 2 ** (times.length - 1));
    return Math.max(0, last + backoff - this.#now());
  }

  /** Nothing while a process may be started. */
  givenUp(): GivenUp | undefined {
    const times = this.#recent();
    const [oldest] = times;
    if (times.length < this.#limits.count || oldest === undefined) return undefined;
    const retryInMs = Math.ceil(oldest + this.#limits.windowMs - this.#now());
    return { failures: times.length, retryInMs, last: this.#last };
  }

  #recent(): number[] {
    const since = this.#now() - this.#limits.windowMs;
    this.#times = this.#times.filter((time) => time > since);
    return this.#times;
  }
}
