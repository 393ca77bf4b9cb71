import { bar, count, dollars, use } from "./figures.js";
import { cut, type Line, span, withRight } from "./line.js";
import { type BudgetModel, MISSION_TONES, type MissionModel, TASK_MARKS, type TaskModel } from "./model.js";
import { shortened, wrap } from "./text.js";

/** Rows of tasks: a panel shares its column with the host's. */
const MAX_TASKS = 12;

/** The sidebar's panel: how the mission stands, in `width` columns. `key` opens the board. */
export function panelLines(mission: MissionModel, width: number, key: string | undefined): Line[] {
  const { tasks, done } = mission;
  const tone = MISSION_TONES[mission.state];
  const lines: Line[] = [
    withRight([span(`Mission ${mission.id}`, "text", true)], [span(mission.state, tone)], width),
    [span(shortened(mission.goal, width), "muted")],
  ];
  if (tasks.length > 0) {
    const figure = ` ${done}/${tasks.length}`;
    lines.push([...bar(done / tasks.length, width - figure.length, tone), span(figure)]);
  }
  const shown = inView(tasks);
  for (const task of shown) lines.push(...taskLines(task, width));
  if (shown.length < tasks.length) lines.push([span(`  and ${tasks.length - shown.length} more`, "muted")]);
  const used = use(mission.tokens, mission.cost);
  if (used) lines.push([span(`used ${used}`, "muted")]);
  for (const budget of mission.budgets) lines.push(budgetLine(budget, width));
  if (mission.state === "paused" && mission.reason)
    lines.push([span(shortened(mission.reason, width), "warning")]);
  if (mission.waiting.length > 0) {
    lines.push([span("Waits for you", "warning", true)]);
    for (const what of mission.waiting.slice(0, 3))
      for (const row of wrap(what, width).slice(0, 2)) lines.push([span(row, "warning")]);
  }
  if (key) lines.push([span(`${key} board`, "muted")]);
  return lines.map((line) => cut(line, width));
}

/** What matters now: the tasks at work or in trouble, then the next ones, in the order of the plan. */
function inView(tasks: readonly TaskModel[]): readonly TaskModel[] {
  if (tasks.length <= MAX_TASKS) return tasks;
  const weight = ({ state }: TaskModel) =>
    state === "pending" ? 1 : state === "ready" ? 2 : state === "done" || state === "cancelled" ? 0 : 3;
  const kept = new Set(tasks.toSorted((a, b) => weight(b) - weight(a)).slice(0, MAX_TASKS));
  return tasks.filter((task) => kept.has(task));
}

function taskLines(task: TaskModel, width: number): Line[] {
  const { mark, tone } = TASK_MARKS[task.state];
  const used = use(task.tokens, task.cost);
  const head = [
    span(`${mark} `, tone),
    span(`${task.id} `, "muted"),
    span(task.title, task.state === "pending" ? "muted" : "text"),
  ];
  const lines = [withRight(head, used ? [span(used, "muted")] : [], width)];
  const about = [
    task.agent,
    task.model,
    task.attempt > 1 ? `attempt ${task.attempt}` : undefined,
    task.reason,
  ];
  const told = about.filter((one) => one !== undefined && one !== "");
  const isQuiet = task.state === "done" || task.state === "cancelled" || task.state === "pending";
  if (told.length > 0 && !isQuiet)
    lines.push([span(shortened(`  ${told.join(" · ")}`, width), task.reason ? "warning" : "muted")]);
  return lines;
}

export function budgetLine({ name, spent, limit }: BudgetModel, width: number): Line {
  const left = Math.max(0, limit - spent);
  const figure = /cost|dollar|usd|money/i.test(name) ? dollars(left) : count(left);
  const share = left / limit;
  const tone = share <= 0 ? "error" : share < 0.2 ? "warning" : "muted";
  const label = `${name} ${figure} left `;
  return [span(label, tone), ...bar(1 - share, Math.max(0, Math.min(12, width - label.length)), tone)];
}
