import type { MissionView } from "./draft.js";
import type { Task } from "./records.js";
import type { TaskState } from "./states.js";

const MARKS: Readonly<Record<TaskState, string>> = {
  pending: " ",
  ready: " ",
  running: ">",
  checking: "?",
  reviewing: "?",
  done: "x",
  blocked: "!",
  failed: "!",
  cancelled: "-",
};

/** The mission on a few lines, for a model or a terminal: one line a task, with what matters about it now. */
export function renderBoard({ mission, tasks }: MissionView): string {
  const done = tasks.filter((task) => task.state === "done").length;
  const head = `Mission ${mission.id} · ${mission.state} · ${done}/${tasks.length} tasks done`;
  const lines = [head, `Goal: ${oneLine(mission.goal)}`];
  if (mission.reason) lines.push(`Reason: ${oneLine(mission.reason)}`);
  for (const task of tasks) lines.push(renderTask(task));
  if (mission.summary && mission.state === "sealed") lines.push(`Approach: ${mission.summary}`);
  const use = tasks.flatMap((task) => task.evidence);
  const tokens = use.reduce((sum, one) => sum + one.inputTokens + one.outputTokens, 0);
  if (tokens > 0) lines.push(`Tokens: ${tokens}`);
  return lines.join("\n");
}

function renderTask(task: Task): string {
  const parts = [`[${MARKS[task.state]}] ${task.id} ${oneLine(task.title)} · ${task.state}`];
  if (task.attempt > 1) parts.push(`attempt ${task.attempt}`);
  if (task.dependencies.length > 0 && task.state === "pending")
    parts.push(`after ${some(task.dependencies)}`);
  if (task.reason) parts.push(oneLine(task.reason));
  const widened = (task.widened ?? []).flatMap((one) => one.globs);
  if (widened.length > 0) parts.push(`write set widened by ${some(widened)}`);
  const strays = new Set((task.strays ?? []).map((one) => one.path));
  if (strays.size > 0) parts.push(`its commands reached outside of it: ${oneLine(some([...strays]))}`);
  return parts.join(" · ");
}

/** The first few, and how many more. */
function some(ids: readonly string[]): string {
  const rest = ids.length - MAX_NAMED;
  return ids.slice(0, MAX_NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

const MAX_NAMED = 5;
const MAX_LINE = 160;

/** White space and control characters folded, and cut where it gets too long. */
function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE - 1)}…` : line;
}
