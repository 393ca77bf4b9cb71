import type { Finalizer } from "../ports/index.js";
import { ConcurrencyToken } from "./token.js";

/** How a use of a place went, for the limits: of the provider's API, or of the task. */
export type Outcome = "success" | "apiFailure" | "taskFailure";

/** One limit as it stands. */
export interface LimitState {
  readonly key: string;
  /** Most that the user allows. */
  readonly ceiling: number;
  /** What is allowed now: from 1 to the ceiling. */
  readonly limit: number;
  readonly used: number;
}

interface Gauge {
  readonly ceiling: number;
  limit: number;
  used: number;
  /** Successes in a row. */
  streak: number;
}

/** Successes in a row that are worth one more place. */
const RAISE_AFTER = 3;

/**
 * How much may run at once, by key (an agent, a provider, a model). Additive increase, multiplicative decrease (D. Chiu and
 * R. Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989): one more after three successes
 * in a row, half after a failure of the API, one less after a failed task; never below 1, never above what the user set.
 * Holders of places over a lowered limit keep them; no new one gets in until there is room.
 */
export class Concurrency {
  readonly #ceilingOf: (key: string) => number;
  readonly #gauges = new Map<string, Gauge>();
  readonly #changed: () => void;
  readonly #finalizer: Finalizer;
  readonly #onDropped: (keys: readonly string[]) => void;

  /**
   * @param ceilingOf the most for a key; at least 1 is taken for less
   * @param changed told when a place has become free or a limit has grown
   * @param onDropped told of a token that was collected without having been given back, which is a fault of its holder:
   * its places are free again
   */
  constructor(
    ceilingOf: (key: string) => number,
    changed: () => void,
    finalizer: Finalizer,
    onDropped: (keys: readonly string[]) => void,
  ) {
    this.#ceilingOf = ceilingOf;
    this.#changed = changed;
    this.#finalizer = finalizer;
    this.#onDropped = onDropped;
  }

  /** A place under each of the keys, or nothing at all. */
  tryAcquire(keys: readonly string[]): ConcurrencyToken | undefined {
    const gauges = [...new Set(keys)].map((key) => this.#gauge(key));
    if (gauges.some((gauge) => gauge.used >= gauge.limit)) return undefined;
    for (const gauge of gauges) gauge.used++;
    let isHeld = true;
    const giveBack = () => {
      if (!isHeld) return;
      isHeld = false;
      for (const gauge of gauges) gauge.used--;
      this.#changed();
    };
    const unregister = {};
    const token = new ConcurrencyToken(() => {
      this.#finalizer.unregister(unregister);
      giveBack();
    });
    // What it is told must not hold the token.
    const onDropped = this.#onDropped;
    const drop = () => {
      giveBack();
      onDropped(keys);
    };
    this.#finalizer.register(token, drop, unregister);
    return token;
  }

  /** The first of the keys without room, if there is one. */
  full(keys: readonly string[]): LimitState | undefined {
    return keys.map((key) => this.state(key)).find(({ used, limit }) => used >= limit);
  }

  report(keys: readonly string[], outcome: Outcome): void {
    for (const key of keys) {
      const gauge = this.#gauge(key);
      if (outcome === "success") {
        if (++gauge.streak < RAISE_AFTER) continue;
        gauge.streak = 0;
        if (gauge.limit === gauge.ceiling) continue;
        gauge.limit++;
        this.#changed();
      } else {
        gauge.streak = 0;
        const less = outcome === "apiFailure" ? Math.floor(gauge.limit / 2) : gauge.limit - 1;
        gauge.limit = Math.max(1, less);
      }
    }
  }

  state(key: string): LimitState {
    const { ceiling, limit, used } = this.#gauge(key);
    return { key, ceiling, limit, used };
  }

  /** Every key that was ever asked for. */
  states(): LimitState[] {
    return [...this.#gauges.keys()].map((key) => this.state(key));
  }

  #gauge(key: string): Gauge {
    const known = this.#gauges.get(key);
    if (known) return known;
    const ceiling = Math.max(1, Math.floor(this.#ceilingOf(key)));
    const gauge = { ceiling, limit: ceiling, used: 0, streak: 0 };
    this.#gauges.set(key, gauge);
    return gauge;
  }
}
