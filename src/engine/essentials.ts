import type { Assignment, MissionView, Task } from "../mission/index.js";
import { isActiveMission } from "../mission/index.js";
import { planBrief, reviewBrief, workBrief } from "./briefs.js";

/**
 * What a session of a mission must not lose: its open task as it was told it, and the facts of it that have to stand
 * somewhere in its context word for word. Undefined when nothing is asked of the session any more.
 */
export function essentialsOf(
  view: MissionView,
  assignment: Assignment,
): { readonly text: string; readonly facts: readonly string[] } | undefined {
  const { mission } = view;
  if (!isActiveMission(mission.state)) return undefined;
  if (assignment.role === "planner") return { text: planBrief(mission), facts: [mission.goal] };
  if (assignment.role === "commander")
    return {
      text: `You lead mission ${mission.id}. Goal:\n${mission.goal}\n\nCall mission_board with wait: true.`,
      facts: [mission.goal],
    };
  const task = view.tasks.find((one) => one.id === assignment.task);
  if (!task) return undefined;
  const text = assignment.role === "worker" ? workBrief(view, task, false) : reviewBrief(view, task);
  return { text, facts: factsOf(task, assignment.role) };
}

function factsOf(task: Task, role: "worker" | "reviewer"): string[] {
  const { commands, criteria } = task.checks;
  return [task.instructions, ...(role === "worker" ? [...task.writes, ...commands] : criteria)];
}
