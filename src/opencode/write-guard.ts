import type { MissionEngine } from "../engine/index.js";
import { writeSetCovers } from "../mission/index.js";
import { projectPath } from "./changes.js";

/**
 * Refuses changes of a mission's agent outside its task's write set, before they happen. Sessions without a mission
 * are none of our business.
 * @throws Error with a message for the model; the host turns it into a failed tool call.
 */
export function assertWritable(
  engine: MissionEngine,
  directory: string,
  session: string,
  paths: readonly string[],
): void {
  const assignment = paths.length === 0 ? undefined : engine.assignment(session);
  if (!assignment || assignment.role === "commander") return;
  const task = engine.view(assignment.mission).tasks.find((one) => one.id === assignment.task);
  for (const path of paths) {
    const inside = projectPath(directory, path);
    if (task && assignment.role === "worker" && inside && writeSetCovers(task.writes, inside)) continue;
    const allowed = task?.writes.join(", ") || "nothing";
    throw new Error(
      `${inside ?? path} is outside the write set of this task (${allowed}). Work inside it, or report the task ` +
        "as blocked and say which files you need.",
    );
  }
}
