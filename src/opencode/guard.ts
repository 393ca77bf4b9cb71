import { lstat, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { READ_ONLY_TOOLS } from "../agents/index.js";
import { isReserved, type MissionEngine } from "../engine/index.js";
import { writeSetCovers } from "../mission/index.js";
import { projectPath } from "./changes.js";
import { effectOf, namedPaths } from "./tool-effects.js";

/** A call of a tool, before it runs. */
export interface GuardedCall {
  readonly session: string;
  readonly tool: string;
  readonly args: unknown;
}

/**
 * Refuses what an agent of a mission may not do, before it happens: tools that change something for those who
 * only read, changes outside of the write set, and anything at all once a Worker has reported. Sessions without a
 * mission are none of our business.
 * @throws Error with a message for the model; the host turns it into a failed tool call.
 */
export async function guardCall(engine: MissionEngine, directory: string, call: GuardedCall): Promise<void> {
  const assignment = engine.assignment(call.session);
  // The Commander's session is the user's own: other agents work there, too, and the host tells us not which calls.
  if (!assignment || assignment.role === "commander") return;
  if (assignment.role !== "worker") return assertReadOnly(assignment.role, call.tool);
  const task = engine.view(assignment.mission).tasks.find((one) => one.id === assignment.task);
  if (task?.state !== "running" || task.workSession !== call.session)
    throw new Error(
      `Task ${assignment.task} is ${task?.state ?? "gone"}: your report stands. End your turn.`,
    );
  const effect = effectOf(call.tool, call.args);
  if (effect.kind === "unreadable")
    throw new Error("This patch names no file in a way that can be checked. Use edit or write.");
  await assertWritable(engine, directory, call.session, namedPaths(effect));
}

function assertReadOnly(role: "planner" | "reviewer", tool: string): void {
  if (READ_ONLY_TOOLS[role].includes(tool)) return;
  throw new Error(`${tool} is not for a ${role}: use ${READ_ONLY_TOOLS[role].join(", ")}.`);
}

/**
 * Refuses changes of a Worker outside of its task's write set. Links count as what they point to.
 * @throws Error with a message for the model.
 */
export async function assertWritable(
  engine: MissionEngine,
  directory: string,
  session: string,
  paths: readonly string[],
): Promise<void> {
  const assignment = paths.length === 0 ? undefined : engine.assignment(session);
  if (!assignment || assignment.role === "commander") return;
  const task = engine.view(assignment.mission).tasks.find((one) => one.id === assignment.task);
  const project = await realpath(directory);
  for (const path of paths) {
    const inside = projectPath(project, await realTarget(resolve(directory, path)));
    if (task && inside && !isReserved(inside) && writeSetCovers(task.writes, inside)) continue;
    const allowed = task?.writes.join(", ") || "nothing";
    throw new Error(
      `${path} is outside the write set of this task (${allowed}). Work inside it, ask for more with ` +
        "task_widen, or report the task as blocked and say which files you need.",
    );
  }
}

/** The paths relative to the project, links resolved; without those that lie outside of it. */
export async function realPaths(directory: string, paths: readonly string[]): Promise<string[]> {
  const project = await realpath(directory);
  const found: string[] = [];
  for (const path of paths) {
    const target = await realTarget(resolve(directory, path)).catch(() => undefined);
    const inside = target && projectPath(project, target);
    if (inside) found.push(inside);
  }
  return found;
}

/** Where a write to the path would end up: its nearest parent that exists, with links resolved, and the rest. */
async function realTarget(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // A link that leads nowhere would be followed by the write.
    const isLink = await lstat(path).then(
      (found) => found.isSymbolicLink(),
      () => false,
    );
    if (isLink) throw new Error(`${path} is a link that leads nowhere.`);
    const parent = dirname(path);
    return parent === path ? path : join(await realTarget(parent), path.slice(parent.length));
  }
}
