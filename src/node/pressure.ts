import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import type { Pressure } from "../ports/index.js";

/** How old a reading may be, in milliseconds: it is asked for before every start. */
const FRESH_MS = 250;

/** Memory of the system and of this process, as the system tells. */
export class SystemPressure implements Pressure {
  #readAtMs = Number.NEGATIVE_INFINITY;
  #share = 0;

  memory(): number {
    const nowMs = performance.now();
    if (nowMs - this.#readAtMs >= FRESH_MS) {
      this.#readAtMs = nowMs;
      this.#share = Math.max(systemShare(), processShare());
    }
    return this.#share;
  }
}

/** What of the system's memory cannot be had any more. */
function systemShare(): number {
  const total = totalmem();
  return 1 - Math.min(total, availableBytes() ?? freemem()) / total;
}

/** Linux counts what it could give back at once; the free bytes alone would be far too few. */
function availableBytes(): number | undefined {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(read("/proc/meminfo") ?? "");
  return found ? Number(found[1]) * 1024 : undefined;
}

/** What this process has of what it may have: its control group's limit, where there is one. */
function processShare(): number {
  const limit = Number(read("/sys/fs/cgroup/memory.max") ?? Number.NaN);
  if (!(limit > 0)) return process.memoryUsage.rss() / totalmem();
  // Clean pages of the page cache count as used there, and go when they are needed.
  const used = Number(read("/sys/fs/cgroup/memory.current") ?? 0);
  const cached = /^inactive_file (\d+)$/m.exec(read("/sys/fs/cgroup/memory.stat") ?? "");
  return Math.max(0, used - Number(cached?.[1] ?? 0)) / limit;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
