import type { Clock, Random } from "../src/ports/index.js";

/** Numbers from a seed, the same for ever: SplitMix64 of S. Vigna, on 32 bits of JavaScript (`mulberry32`, T. Ettinger). */
export class Seeded implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to but not including `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly happen: () => void;
  cancelled: boolean;
}

/**
 * Virtual time. Everything that takes time in the simulated world is an event in one queue; they happen one at a time,
 * and all code that an event sets off runs to its next wait before the following one. So a seed replays a run exactly.
 */
export class World implements Clock {
  readonly random: Seeded;
  #nowMs = 1_700_000_000_000;
  #order = 0;
  /** A binary heap, the next event first. */
  readonly #events: Event[] = [];

  constructor(seed: number) {
    this.random = new Seeded(seed);
  }

  now(): number {
    return this.#nowMs;
  }

  /** Makes something happen later. Answers how to take it back. */
  schedule(delayMs: number, happen: () => void): () => void {
    const event = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      happen,
      cancelled: false,
    };
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = this.schedule(ms, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      const abort = () => {
        cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** What a call across a boundary answers, after a random while in which other things happen. */
  async takes<T>(mostMs: number, act: () => T): Promise<T> {
    await this.sleep(this.random.next() * mostMs);
    return act();
  }

  /**
   * Lets events happen until `done` says so, or nothing is left.
   * @throws Error when virtual time passes the limit: something waits without an end.
   */
  async run(done: () => boolean, limitMs: number): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    await settled();
    while (!done()) {
      const event = this.#pop();
      if (!event) return;
      if (event.cancelled) continue;
      if (event.atMs > endMs)
        throw new Error(`nothing has ended it after ${limitMs / 60_000} virtual minutes`);
      this.#nowMs = Math.max(this.#nowMs, event.atMs);
      event.happen();
      await settled();
    }
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(event, heap[above])) break;
      heap[at] = heap[above] as Event;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#events;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Event, heap[below])) below++;
      if (!isBefore(heap[below] as Event, last)) break;
      heap[at] = heap[below] as Event;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(event: Event, other: Event | undefined): boolean {
  if (!other) return true;
  return event.atMs < other.atMs || (event.atMs === other.atMs && event.order < other.order);
}

/** Resolves when all that can run without another event has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
