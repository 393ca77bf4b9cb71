import { NativeError } from "../native/index.js";

/** So many failures within the window, and no helper is started until one of them is older than that. */
const LIMIT = 5;
const WINDOW_MS = 60_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/** Crashed helpers and failed starts of late: they say when the next helper may be started. */
export class Failures {
  readonly #now: () => number;
  #times: number[] = [];
  #last: NativeError | undefined;

  /** @param now milliseconds of a clock that only goes forward. */
  constructor(now: () => number) {
    this.#now = now;
  }

  record(error: unknown): void {
    this.#recent().push(this.#now());
    this.#last = error instanceof NativeError ? error : new NativeError("ERR_HELPER_CRASHED", String(error));
  }

  /** Milliseconds until a helper may be started: the delay doubles with each failure. */
  delay(): number {
    const times = this.#recent();
    const last = times.at(-1);
    if (last === undefined) return 0;
    const backoff = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (times.length - 1));
    return Math.max(0, last + backoff - this.#now());
  }

  /** Why no helper is started for now; nothing while one may be. */
  givenUp(): NativeError | undefined {
    const times = this.#recent();
    const [oldest] = times;
    if (times.length < LIMIT || oldest === undefined || !this.#last) return undefined;
    const retryInMs = Math.ceil(oldest + WINDOW_MS - this.#now());
    const { code, message, details } = this.#last;
    return new NativeError(
      code,
      `search helpers failed ${times.length} times within a minute; the next try is in ${Math.ceil(retryInMs / 1_000)} s. ` +
        `The last one: ${message}`,
      { ...details, failures: times.length, retryInMs },
    );
  }

  #recent(): number[] {
    const since = this.#now() - WINDOW_MS;
    this.#times = this.#times.filter((time) => time > since);
    return this.#times;
  }
}
