export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open the first time, in milliseconds; twice as long after each probe that fails. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const BREAKER_DEFAULTS: BreakerOptions = {
  failures: 5,
  firstDelayMs: 15_000,
  maxDelayMs: 10 * 60_000,
};

export type BreakerState = "closed" | "open" | "half-open";

/**
 * A circuit breaker (M. Nygard, "Release It!"): open after so many failures in a row; after a delay, which grows, it lets one
 * probe through; a probe that succeeds closes it. It reads no clock, so that it also runs in virtual time.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  /** While not closed: when a probe may pass, and the delay that led there. */
  #open: { untilMs: number; delayMs: number } | undefined;
  #probing = false;
  /** No call before this, because the other side has asked for it (`Retry-After`). */
  #heldUntilMs = 0;

  constructor(options: BreakerOptions = BREAKER_DEFAULTS) {
    this.#options = options;
  }

  state(nowMs: number): BreakerState {
    if (!this.#open) return "closed";
    return nowMs < this.#open.untilMs ? "open" : "half-open";
  }

  /** When the next call may pass, at the earliest; in the past when one may pass now. */
  get retryAtMs(): number {
    return Math.max(this.#heldUntilMs, this.#open?.untilMs ?? 0);
  }

  /** True when a call may be made now. */
  admits(nowMs: number): boolean {
    if (nowMs < this.#heldUntilMs) return false;
    const state = this.state(nowMs);
    return state === "closed" || (state === "half-open" && !this.#probing);
  }

  /** A call is made. True when it is the probe: no other passes until it has succeeded, failed or been given up. */
  pass(nowMs: number): boolean {
    if (this.state(nowMs) !== "half-open") return false;
    this.#probing = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#open = undefined;
    this.#probing = false;
  }

  /** Keeps calls back for a while, whatever its state. */
  hold(untilMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
  }

  /** Calls that began before it opened and fail late say nothing new. */
  failed(nowMs: number, isProbe: boolean): void {
    this.#failures++;
    if (this.#open ? isProbe : this.#failures >= this.#options.failures) this.#openFor(nowMs);
  }

  /** Opens at once: the other side cannot serve us, whatever we try. */
  trip(nowMs: number, isProbe: boolean): void {
    if (!this.#open || isProbe) this.#openFor(nowMs);
  }

  /** The probe ended without an answer about the other side: somebody stopped it. */
  gaveUp(isProbe: boolean): void {
    if (isProbe) this.#probing = false;
  }

  #openFor(nowMs: number): void {
    this.#probing = false;
    const { firstDelayMs, maxDelayMs } = this.#options;
    const delayMs = this.#open ? Math.min(maxDelayMs, this.#open.delayMs * 2) : firstDelayMs;
    this.#open = { untilMs: nowMs + delayMs, delayMs };
  }
}
