import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../ports/index.js";

/** The real clock. Its timers never hold the process open. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { ref: false, ...(signal && { signal }) });
  },
};
