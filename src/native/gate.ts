import { availableParallelism } from "node:os";

/**
 * How many searches may be on the runtime's thread pool at once. The pool is small (4 threads in Node, one a core in
 * Bun), each search uses several threads of its own, and commits and leases need a place in it at any time.
 */
const LIMIT = Math.max(1, Math.min(3, availableParallelism() - 1));

let running = 0;
const waiting: (() => void)[] = [];

/** Runs the call when fewer than the limit are running; first come, first served. */
export async function throughGate<T>(call: () => Promise<T>): Promise<T> {
  if (running < LIMIT) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await call();
  } finally {
    const next = waiting.shift();
    // The place goes to the next one, or is free.
    if (next) next();
    else running--;
  }
}
