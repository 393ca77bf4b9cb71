import type { MissionDraft, MissionView } from "./draft.js";
import type { Task } from "./records.js";
import { isTerminalMission } from "./states.js";

/**
 * What somebody's edit of the written plan asks for, seen against the plan that they had before them. Marks are
 * `x` for done, `-` for cancelled, a space for everything else; any other character is somebody's own.
 */
export type PlanEdit =
  | {
      readonly kind: "mark";
      readonly task: string;
      readonly from: string;
      readonly to: string;
      /** Attempts that the task had begun in the plan that was edited. */
      readonly attempt: number;
    }
  | { readonly kind: "title"; readonly task: string; readonly from: string; readonly to: string }
  /** The state or the dependencies that stand behind the title. */
  | { readonly kind: "note"; readonly task: string }
  | { readonly kind: "removed"; readonly task: string }
  /** Ids of the same tasks, in the two orders. */
  | { readonly kind: "order"; readonly from: readonly string[]; readonly to: readonly string[] }
  /** A line without a task. `below` is the task that it is nested under. */
  | { readonly kind: "suggestion"; readonly text: string; readonly below?: string };

/** `same`: the plan is already as the edit wants it. */
export type Verdict =
  | { readonly kind: "same" | "allowed" }
  | { readonly kind: "refused"; readonly reason: string };

const MAX_TITLE = 200;
const SAME: Verdict = { kind: "same" };
const ALLOWED: Verdict = { kind: "allowed" };
const refused = (reason: string): Verdict => ({ kind: "refused", reason });

/** White space and control characters folded into single spaces. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/**
 * Whether the plan as it stands takes the edit: the third side of a three-way merge. No edit can make a task
 * accepted, because checks and review do that alone; and a mission that has ended stays as it is.
 */
export function judge(view: MissionView, edit: PlanEdit): Verdict {
  const verdict = judgeOpen(view, edit);
  const { id, state } = view.mission;
  if (verdict.kind === "allowed" && isTerminalMission(state))
    return refused(`mission ${id} is ${state}: it stays as it is`);
  return verdict;
}

function judgeOpen(view: MissionView, edit: PlanEdit): Verdict {
  if (edit.kind === "suggestion") return ALLOWED;
  if (edit.kind === "order") return judgeOrder(view, edit);
  const task = view.tasks.find((one) => one.id === edit.task);
  if (!task) return refused(`the mission has no task ${edit.task}`);
  if (edit.kind === "removed")
    return refused(`${task.id} is still in the plan: its line is back; mark it [-] to cancel the task`);
  if (edit.kind === "note") return refused("states and dependencies are the engine's");
  return edit.kind === "title" ? judgeTitle(task, edit) : judgeMark(view, task, edit);
}

function judgeTitle(task: Task, { from, to }: PlanEdit & { kind: "title" }): Verdict {
  const title = oneLine(task.title);
  if (title === to) return SAME;
  if (title !== from) return refused(`the title of ${task.id} has been changed to "${title}" meanwhile`);
  if (task.attempt > 0 || (task.state !== "pending" && task.state !== "ready"))
    return refused(`${task.id} has begun under its title (it is ${task.state})`);
  if (to === "" || to.length > MAX_TITLE) return refused(`a title has 1 to ${MAX_TITLE} characters`);
  return ALLOWED;
}

function judgeMark(view: MissionView, task: Task, edit: PlanEdit & { kind: "mark" }): Verdict {
  const { id, state } = task;
  if (edit.to === "x") {
    if (state === "done") return SAME;
    return refused(`only its checks and its review make ${id} done; it is ${state}`);
  }
  if (edit.to === "-") return judgeCancel(view, task);
  if (edit.to !== " ") return refused(`[${edit.to}] says nothing about ${id}, which is ${state}`);
  if (state === "cancelled") return refused(`${id} is cancelled for good: add a task instead`);
  if (state !== "done") return SAME;
  if (task.attempt !== edit.attempt) return refused(`${id} has been done again meanwhile`);
  return ALLOWED;
}

function judgeCancel({ tasks }: MissionView, { id, state }: Task): Verdict {
  if (state === "cancelled") return SAME;
  if (state === "done") return refused(`${id} is done`);
  if (state === "running" || state === "checking" || state === "reviewing")
    return refused(`${id} is at work (${state})`);
  const waiting = tasks.filter(
    (one) => one.dependencies.includes(id) && one.state !== "done" && one.state !== "cancelled",
  );
  if (waiting.length === 0) return ALLOWED;
  return refused(`${waiting.map((one) => one.id).join(", ")} cannot begin without ${id}`);
}

function judgeOrder({ tasks }: MissionView, { from, to }: PlanEdit & { kind: "order" }): Verdict {
  const moved = new Set(to);
  const now = tasks.map((task) => task.id).filter((id) => moved.has(id));
  const equals = (order: readonly string[]) => now.join("\n") === order.join("\n");
  if (equals(to)) return SAME;
  return equals(from) ? ALLOWED : refused("the tasks have been put into another order meanwhile");
}

/**
 * Changes the plan as an edit asks that `judge` allows; suggestions change nothing.
 * @param attempts how many more a task gets that is to be done again.
 */
export function carryOut(draft: MissionDraft, edit: PlanEdit, attempts: number): void {
  if (edit.kind === "title") draft.setTask(edit.task, { title: edit.to });
  if (edit.kind === "order") reorder(draft, edit.to);
  if (edit.kind !== "mark") return;
  if (edit.to === "-") draft.moveTask(edit.task, "cancelled", { reason: "it was marked [-] in todo.md" });
  else
    draft.moveTask(edit.task, "ready", {
      attemptLimit: draft.task(edit.task).attempt + attempts,
      findings: ["The tick of this task was taken away in todo.md: look at what does not hold, and mend it."],
    });
}

/** Puts these tasks into this order, on the places that they have together; the others keep theirs. */
function reorder(draft: MissionDraft, order: readonly string[]): void {
  const moved = new Set(order);
  const next = order.values();
  const all = draft.tasks.map(({ id }) => (moved.has(id) ? (next.next().value ?? id) : id));
  for (const [place, id] of all.entries())
    if (draft.task(id).order !== place) draft.setTask(id, { order: place });
}
