import type { Preparation, Query } from "../engines/engine.js";

/** What the benchmark asks of an engine's process, one at a time. */
export type Request =
  | { readonly kind: "time"; readonly query: Query }
  | { readonly kind: "findings"; readonly query: Query }
  | { readonly kind: "loop-delay"; readonly query: Query }
  | { readonly kind: "watch-children" }
  | { readonly kind: "peak-memory" };

export interface Replies {
  readonly time: Timed;
  readonly findings: readonly string[];
  readonly "loop-delay": LoopDelay;
  readonly "watch-children": null;
  readonly "peak-memory": PeakMemory;
}

/** The first message of the process. */
export interface Ready {
  readonly preparation: Preparation | undefined;
}

export interface Timed {
  readonly milliseconds: number;
  /** What was handed over; nothing where the engine only prints. */
  readonly count: number | undefined;
}

/** How long the event loop was held up during searches, beyond the timer's own resolution. */
export interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Most resident memory, in bytes. */
export interface PeakMemory {
  readonly process: number;
  /** The largest child process; 0 without any. */
  readonly child: number;
}
