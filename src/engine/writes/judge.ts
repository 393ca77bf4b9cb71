import { type MissionView, type Task, writeSetCovers } from "../../mission/index.js";
import { strayFindings } from "./tell.js";
import type { WriteWatch } from "./watch.js";

export interface WriteJudgement {
  /** What sends the task back; empty when every file that its Worker changed is in the write set. */
  readonly findings: readonly string[];
  /** What the task has changed; undefined where the tree could not be measured. */
  readonly changedFiles: readonly string[] | undefined;
}

/** The first check of a task that was reported. */
export async function judgeTask(
  watch: WriteWatch,
  view: () => MissionView,
  id: string,
): Promise<WriteJudgement> {
  const { mission } = view();
  const now = await watch.settled(mission.id, id);
  const task = view().tasks.find((one) => one.id === id);
  if (!task) return { findings: [], changedFiles: undefined };
  const standing = await watch.standing(view(), task, now);
  const changes = await watch.changedSince(task, now);
  const changed = changes
    ?.map((change) => change.path)
    .filter((path) => writeSetCovers(task.writes, path) || standing.some((stray) => stray.path === path));
  // What others may have done, and what a Reviewer did, is not for the Worker to mend: the seal asks about it.
  const own = standing.filter((stray) => stray.sole && stray.role === "worker");
  return {
    findings: own.length > 0 && watch.tree ? strayFindings(watch.tree, task, own) : [],
    changedFiles: changed,
  };
}

/** The same over the whole mission: what was changed outside of every write set, by whomever of its agents. */
export async function judgeMission(watch: WriteWatch, view: () => MissionView): Promise<string[]> {
  const { mission, tasks } = view();
  const last = tasks.at(-1);
  if (!last) return [];
  const now = await watch.settled(mission.id, last.id);
  const after = view();
  const found = new Map<string, string>();
  for (const task of after.tasks.filter((one) => one.strays?.length))
    for (const stray of await watch.standing(after, task, now))
      if (!isInPlan(after.tasks, stray.path))
        found.set(
          stray.path,
          `${stray.path}: ${stray.kind} outside of every write set by a command of ${stray.suspects.join(" or ")}` +
            `${stray.sole ? "" : ", or by somebody else at the same time"}. Put it back, or widen a task's write set.`,
        );
  return [...found.values()].slice(0, 20);
}

function isInPlan(tasks: readonly Task[], path: string): boolean {
  return tasks.some((task) => task.state === "done" && writeSetCovers(task.writes, path));
}
