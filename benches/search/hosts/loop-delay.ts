import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { LoopDelay } from "./protocol.js";

const SEARCHES = 10;
const RESOLUTION_MS = 1;

/** Watches the event loop during some searches. */
export async function measureLoopDelay(search: () => Promise<unknown>): Promise<LoopDelay> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  for (let count = 0; count < SEARCHES; count++) {
    await search();
    // A synchronous search is noticed only when the loop turns.
    await delay(2 * RESOLUTION_MS);
  }
  histogram.disable();
  const beyond = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  return { p99Ms: beyond(histogram.percentile(99)), maxMs: beyond(histogram.max) };
}
