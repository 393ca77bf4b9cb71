/** What {@link waitUntil} waits for, and for how long. */
export interface WaitOptions {
  /** Completes the sentence "waited N ms for …" in the error. */
  readonly what: string;
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Pause between two looks. Default 20. */
  readonly intervalMs?: number;
  /** Ends the wait at once with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A wait that ran out. `lastError` is what the probe threw at the last look, if it threw. */
export class WaitTimeoutError extends Error {
  override readonly name = "WaitTimeoutError";
  readonly lastError: unknown;

  constructor(what: string, timeoutMs: number, lastError?: unknown) {
    const cause = lastError === undefined ? "" : ` (last look failed: ${String(lastError)})`;
    super(`waited ${timeoutMs} ms for ${what}${cause}`);
    this.lastError = lastError;
  }
}

type Falsy = false | null | undefined | 0 | "";

/**
 * Looks until `probe` answers something truthy, and returns that.
 *
 * A probe that throws counts as "not yet": its last error is part of the timeout's message.
 * A probe that never settles does not outlive the deadline.
 */
export async function waitUntil<T>(
  probe: () => T | Falsy | Promise<T | Falsy>,
  { what, timeoutMs = 10_000, intervalMs = 20, signal }: WaitOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    signal?.throwIfAborted();
    const remaining = deadline - performance.now();
    if (remaining <= 0) throw new WaitTimeoutError(what, timeoutMs, lastError);
    try {
      const answer = await within(Promise.resolve(probe()), remaining);
      if (answer) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await pause(intervalMs);
  }
}

/** Resolves after `ms`, or when `signal` fires (never rejects). */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the probe did not settle")), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
