import type { MissionDraft, TaskState } from "../mission/index.js";
import { missionOutcome, unblockedTasks } from "./jobs.js";

const MAX_NAMED = 10;
const MAX_REASON = 500;

/**
 * What follows from a change by itself, committed together with it: tasks that wait for nothing become ready,
 * and a mission whose tasks have all come to rest is verified or blocked.
 */
export function settle(draft: MissionDraft): void {
  if (draft.mission.state === "verifying" && draft.tasks.some((task) => !isOver(task.state)))
    draft.move("executing");
  for (const task of unblockedTasks(draft)) draft.moveTask(task.id, "ready");
  const outcome = missionOutcome(draft);
  if (outcome === "verifying") draft.move("verifying");
  if (outcome === "blocked") {
    const stuck = draft.tasks.filter((task) => task.state === "failed" || task.state === "blocked");
    const why = stuck
      .slice(0, MAX_NAMED)
      .map((task) => `${task.id} ${task.state}: ${(task.reason ?? "no reason given").slice(0, MAX_REASON)}`);
    if (stuck.length > why.length) why.push(`and ${stuck.length - why.length} more`);
    draft.move("blocked", { reason: why.join("; ") });
    draft.announce(
      `Mission ${draft.mission.id} cannot go on:\n${why.join("\n")}\n` +
        "Decide: retry a task with a note, add a task (delegate), or ask the user.",
    );
  }
}

function isOver(state: TaskState): boolean {
  return state === "done" || state === "cancelled";
}
