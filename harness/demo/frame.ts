import { isSettledTask, type Task, type TaskState } from "../../src/mission/index.js";
import type { Notice } from "./notices.js";
import { type Colour, clip, type Palette, pad, plain, seconds, width } from "./palette.js";
import { type TaskTrack, type Timeline, timeIn } from "./timeline.js";

export interface FrameContext {
  readonly goal: string;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly columns: number;
  readonly rows: number;
  readonly palette: Palette;
  /** What is waited for while there is no mission yet. */
  readonly waitingFor: string;
  /** One line about a question that waits for a key; empty when there is none. */
  readonly question: string;
}

const MARKS: Readonly<Record<TaskState, readonly [mark: string, colour: Colour]>> = {
  pending: ["·", "dim"],
  ready: ["·", "cyan"],
  running: ["▶", "cyan"],
  checking: ["▷", "yellow"],
  reviewing: ["?", "yellow"],
  done: ["✓", "green"],
  blocked: ["!", "red"],
  failed: ["✗", "red"],
  cancelled: ["-", "dim"],
};
const AGENTS: Partial<Record<TaskState, string>> = {
  running: "Worker",
  checking: "checks",
  reviewing: "Reviewer",
};
const EVENTS = 6;
/** Space for the title of a task at least. */
const MIN_TITLE = 12;

/** One picture of the mission, of at most `rows` lines and `columns` columns. */
export function renderFrame(timeline: Timeline, context: FrameContext): string[] {
  const { columns, rows, palette } = context;
  const head = header(timeline, context);
  const question = context.question === "" ? [] : [palette.yellow(context.question)];
  const room = Math.max(1, rows - head.length - question.length - 1);
  const tasks = taskLines(timeline.tasks, context, room);
  const eventRoom = Math.min(EVENTS, room - tasks.length - 1);
  const events = eventRoom > 0 ? timeline.notices.slice(-eventRoom) : [];
  const lines = [...head, ...tasks];
  if (events.length > 0) lines.push("", ...events.map((notice) => renderNotice(notice, context)));
  lines.push(...question);
  return lines.slice(0, rows).map((line) => clip(line, columns));
}

/** One line for a notice: `  12.3 s  csv  rejected by the Reviewer: …`. */
export function renderNotice(
  { atMs, subject, text, tone }: Notice,
  { startedMs, palette }: Pick<FrameContext, "startedMs" | "palette">,
): string {
  const time = seconds(Math.max(0, atMs - startedMs)).padStart(9);
  const painted = tone === "good" ? palette.green(text) : tone === "bad" ? palette.red(text) : text;
  return `${palette.dim(time)}  ${palette.bold(pad(subject, 9))} ${painted}`;
}

/** Who works on the mission at this moment, such as `3 Workers, 1 Reviewer`. */
export function agentsAtWork(timeline: Timeline): string {
  const count = (state: TaskState) => timeline.tasks.filter(({ task }) => task.state === state).length;
  const figures: [number, string][] = [
    [timeline.mission?.state === "planning" ? 1 : 0, "Planner"],
    [count("running"), "Worker"],
    [count("reviewing"), "Reviewer"],
  ];
  const present = figures.filter(([number]) => number > 0);
  return present.map(([number, name]) => `${number} ${name}${number > 1 ? "s" : ""}`).join(", ") || "none";
}

function header(timeline: Timeline, { goal, startedMs, nowMs, palette, waitingFor }: FrameContext): string[] {
  const { mission, tasks } = timeline;
  const goalLine = `${palette.bold("Goal")} ${plain(goal)}`;
  const elapsed = seconds(nowMs - startedMs);
  if (!mission) return [goalLine, palette.dim(`${waitingFor} · ${elapsed}`), ""];
  const done = tasks.filter(({ task }) => task.state === "done").length;
  const parts = [
    `${mission.id} ${palette.cyan(mission.state)}`,
    `${done}/${tasks.length} tasks done`,
    elapsed,
    `at work: ${agentsAtWork(timeline)}`,
  ];
  return [goalLine, parts.join(palette.dim(" · ")), ""];
}

function taskLines(tracks: readonly TaskTrack[], context: FrameContext, room: number): string[] {
  const idWidth = Math.max(0, ...tracks.map(({ task }) => width(task.id)));
  const shown = tracks.length <= room ? tracks : mostTelling(tracks, Math.max(0, room - 1));
  const lines = shown.map((track) => taskLine(track, idWidth, context));
  if (shown.length < tracks.length)
    lines.push(context.palette.dim(`  … ${tracks.length - shown.length} more tasks`));
  return lines;
}

/** When not all fit: those that move first, then those that wait, then those that are over; in the plan's order. */
function mostTelling(tracks: readonly TaskTrack[], count: number): readonly TaskTrack[] {
  const rank = ({ task }: TaskTrack) =>
    AGENTS[task.state]
      ? 0
      : task.state === "failed" || task.state === "blocked"
        ? 1
        : isSettledTask(task.state)
          ? 3
          : 2;
  const chosen = new Set([...tracks].sort((a, b) => rank(a) - rank(b)).slice(0, count));
  return tracks.filter((track) => chosen.has(track));
}

function taskLine(
  { task, spans }: TaskTrack,
  idWidth: number,
  { columns, nowMs, palette }: FrameContext,
): string {
  const [mark, colour] = MARKS[task.state];
  const attempt = task.attempt > 1 ? `attempt ${task.attempt}` : "";
  const time = timeIn(spans, ["running", "checking", "reviewing"], nowMs);
  const now = [AGENTS[task.state], attempt].filter(Boolean).join(", ") || waiting(task);
  const tail = `${pad(task.state, 9)} ${pad(clip(now, 24), 24)} ${(time > 0 ? seconds(time) : "").padStart(9)}`;
  const titleWidth = Math.max(MIN_TITLE, columns - idWidth - 5 - width(tail) - 1);
  const title = pad(clip(plain(task.title), titleWidth), titleWidth);
  return `${palette[colour](mark)} ${palette.bold(pad(task.id, idWidth))}  ${title} ${palette[colour](tail)}`;
}

function waiting(task: Task): string {
  if (task.state === "pending" && task.dependencies.length > 0)
    return `after ${task.dependencies.join(", ")}`;
  return plain(task.reason ?? "");
}
