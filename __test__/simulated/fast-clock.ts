import type { Clock } from "../../src/ports/index.js";

/** Real timers, with the engine's milliseconds many to one of ours: its waits of seconds take milliseconds. */
export class FastClock implements Clock {
  static readonly SPEED = 400;
  readonly #startMs = Date.now();
  readonly #startedAt = performance.now();

  now(): number {
    return Math.floor(this.#startMs + (performance.now() - this.#startedAt) * FastClock.SPEED);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms / FastClock.SPEED);
      timer.unref();
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
