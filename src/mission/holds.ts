import { parseOnce, type Transaction } from "../state/index.js";
import { MissionError } from "./errors.js";
import { type Hold, holdSchema, key, type Task } from "./records.js";
import type { TaskState } from "./states.js";
import { compileSet, overlap } from "./write-set.js";

/**
 * Write sets of tasks that are under way, as records of their own: all missions of a project, in whatever process, see
 * them, and a transaction that takes one commits only if nobody has taken another meanwhile.
 */

/** A task in somebody's hands: its files may change, or are being judged. */
export function isUnderWay(state: TaskState): boolean {
  return state === "running" || state === "checking" || state === "reviewing";
}

/** Who holds what the task may write, and which globs meet. */
export function holderOf(
  transaction: Transaction,
  task: Pick<Task, "id" | "mission" | "writes">,
): { readonly hold: Hold; readonly globs: readonly [string, string] } | undefined {
  if (task.writes.length === 0) return undefined;
  const own = key.hold(task.mission, task.id);
  for (const entry of transaction.list(key.holds)) {
    if (entry.key === own) continue;
    const hold = parseOnce(holdSchema, entry.value);
    const globs = overlap(compileSet(task.writes), compileSet(hold.writes));
    if (globs) return { hold, globs };
  }
  return undefined;
}

/** Takes, changes or gives back the task's hold, as its new state wants it. @throws MissionError `ERR_HELD` */
export function updateHold(transaction: Transaction, task: Task, before: Task | undefined): void {
  const place = key.hold(task.mission, task.id);
  const had = before !== undefined && isUnderWay(before.state) && before.writes.length > 0;
  if (!isUnderWay(task.state)) {
    if (had) transaction.delete(place);
    return;
  }
  if (task.writes.length === 0 || (had && before.writes === task.writes)) return;
  const holder = holderOf(transaction, task);
  if (holder) {
    const { hold, globs } = holder;
    throw new MissionError(
      "ERR_HELD",
      `${globs[0]} meets ${globs[1]}, which task ${hold.task} of mission ${hold.mission} is writing: wait until it is done`,
      { holder: hold },
    );
  }
  const hold: Hold = { mission: task.mission, task: task.id, writes: task.writes };
  transaction.put(place, hold);
}
