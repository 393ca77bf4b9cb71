import { readFileSync } from "node:fs";

/** Follows the high-water marks of our child processes; they only grow, so the last reading is the peak. */
export class ChildrenWatch {
  #peak = 0;

  /** For the rest of the process. */
  start(): void {
    setInterval(() => {
      for (const pid of childPids()) this.#peak = Math.max(this.#peak, highWaterMark(pid));
    }, 1).unref();
  }

  /** In bytes. */
  get peak(): number {
    return this.#peak;
  }
}

function childPids(): string[] {
  const list = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
  return list === "" ? [] : list.split(" ");
}

function highWaterMark(pid: string): number {
  try {
    // Before its exec, a child still has our memory.
    if (readFileSync(`/proc/${pid}/comm`, "utf8") !== "rg\n") return 0;
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}
