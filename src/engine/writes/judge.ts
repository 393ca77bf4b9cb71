import { type MissionView, type Stray, type Task, writeSetCovers } from "../../mission/index.js";
import { isReserved } from "./attribute.js";
import { comparison } from "./compare.js";
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
  const strays = await standing(watch, view(), task, now);
  const { treeBaseline } = task;
  const changes =
    now === undefined || treeBaseline === undefined
      ? undefined
      : await watch.tree?.changes(treeBaseline, now);
  const changed = changes
    ?.map((change) => change.path)
    .filter((path) => writeSetCovers(task.writes, path) || strays.some((stray) => stray.path === path));
  // What others may have done, and what a Reviewer did, is not for the Worker to mend: the seal asks about it.
  const own = strays.filter((stray) => stray.sole && stray.role === "worker");
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
    for (const stray of await standing(watch, after, task, now))
      found.set(
        stray.path,
        `${stray.path}: ${stray.kind} outside of every write set by a command of ${stray.suspects.join(" or ")}` +
          `${stray.sole ? "" : ", or by somebody else at the same time"}. Put it back, or widen a task's write set.`,
      );
  return [...found.values()].slice(0, 20);
}

/** Strays whose files are neither as before the call nor as before the task, and that no write set has by now. */
async function standing(
  { tree }: WriteWatch,
  view: MissionView,
  task: Task,
  now: string | undefined,
): Promise<Stray[]> {
  if (!tree || now === undefined || !task.strays?.length) return [];
  const differs = comparison(tree, now);
  const found: Stray[] = [];
  for (const stray of task.strays) {
    if (!(await differs(stray.from, stray.path))) continue;
    if (task.treeBaseline && !(await differs(task.treeBaseline, stray.path))) continue;
    const owners = view.tasks.filter(
      (one) => writeSetCovers(one.writes, stray.path) && !isReserved(stray.path),
    );
    if (owners.some((one) => one.id === task.id || one.state === "done")) continue;
    // Whose file it is has gone on with it meanwhile.
    if (owners.length > 0 && (await differs(stray.to, stray.path))) continue;
    found.push(stray);
  }
  return found;
}
