import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import * as z from "zod";
import type { Owner } from "../ports/index.js";

const holderSchema = z.object({ host: z.string(), pid: z.number().int(), started: z.string() });

/** This process, told apart from a later one that got the same process id by the time it was started. */
export const processOwner: Owner = {
  holder: { host: hostname(), pid: process.pid, started: startOf(process.pid) ?? "unknown" },
  isDead(holder) {
    const parsed = holderSchema.safeParse(holder);
    if (!parsed.success || parsed.data.host !== hostname()) return false;
    if (!isAlive(parsed.data.pid)) return true;
    const started = startOf(parsed.data.pid);
    return started !== undefined && parsed.data.started !== "unknown" && started !== parsed.data.started;
  },
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Start time in clock ticks since boot, with the boot's id; undefined where the system does not tell. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses and may hold spaces; the start time is field 22.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return ticks && `${boot}:${ticks}`;
  } catch {
    return undefined;
  }
}
