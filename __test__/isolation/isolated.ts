import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { IsolatedSearch, type IsolationOptions } from "../../src/isolation/search.js";
import type { Built } from "./built.js";

export interface Isolated {
  readonly search: IsolatedSearch;
  /** Process ids of the helpers that were started, in order. */
  readonly pids: number[];
  /** Every event that was logged. */
  readonly events: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
}

/** An isolated search with the helper as it is built now; ends with the test, and helpers that are stopped too. */
export function isolated(built: Built, options: IsolationOptions = {}): Isolated {
  const pids: number[] = [];
  const events: Isolated["events"] = [];
  const note = (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
    events.push({ event, fields });
    if (event === "helper.started") pids.push(fields["pid"] as number);
  };
  const log = { info: note, warn: note, error: note };
  const search = new IsolatedSearch({ program: built.helper, log, ...options });
  onTestFinished(async () => {
    for (const pid of pids) signal(pid, "SIGCONT");
    await search.close();
  });
  return { search, pids, events };
}

/** Sends a signal to a process, if there is one. */
export function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error("there is no helper");
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Whether the process runs. One that has ended and that nobody has waited for yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Waits until it holds; the test's time limit ends it when it never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
