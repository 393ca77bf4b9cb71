import { detailLines } from "./details.js";
import { bar, use } from "./figures.js";
import { graphRows } from "./graph.js";
import { BLANK, cut, type Line, padded, plain, selected, span, withRight } from "./line.js";
import { MISSION_TONES, type MissionModel, TASK_MARKS, type TaskModel } from "./model.js";
import { budgetLine } from "./panel.js";
import { safe, shortened, wrap } from "./text.js";

/** One commit of the mission's audit log, as the board shows it. */
export interface LogLine {
  readonly time: string;
  readonly actor: string;
  readonly what: string;
}

export interface BoardState {
  readonly width: number;
  readonly height: number;
  /** The id of the selected task. */
  readonly selected: string | undefined;
  readonly view: "details" | "log";
  /** Rows of the lower or right part that are scrolled out. */
  readonly scroll: number;
  /** What the last key came to. */
  readonly message?: string | undefined;
  readonly log: readonly LogLine[];
}

/** Two columns from here on; below it, tasks above details. */
const WIDE = 100;
const GRAPH_SHARE = 0.45;

/** The keys that do something now, for the last row. */
export function boardKeys(mission: MissionModel | undefined): readonly (readonly [string, string])[] {
  const task = [
    ["↑↓", "task"],
    ["enter", "session"],
    ["tab", "details/log"],
  ] as const;
  const close = [["esc", "back"]] as const;
  if (!mission) return close;
  if (mission.isOver) return [...task, ...close];
  const held = mission.state === "paused" || mission.state === "blocked";
  const retriable = mission.tasks.some(isRetriable);
  return [
    ...task,
    held ? ["r", "resume"] : ["p", "pause"],
    ...(retriable ? [["t", "retry task"] as const] : []),
    ["c", "cancel mission"],
    ...close,
  ];
}

export function isRetriable({ state }: Pick<TaskModel, "state">): boolean {
  return state === "failed" || state === "blocked";
}

/** The tasks in the order of the board's rows. */
export function boardOrder(mission: MissionModel): TaskModel[] {
  return graphRows(mission.tasks).map((row) => row.node);
}

/** The whole board, exactly `height` rows of at most `width` columns. */
export function boardLines(mission: MissionModel | undefined, state: BoardState): Line[] {
  const { width, height } = state;
  const foot = footLines(mission, state);
  if (!mission)
    return framed([[span("No mission in this session: /task <goal> starts one.", "muted")]], foot, state);
  const head = headLines(mission, width);
  const room = Math.max(3, height - head.length - foot.length);
  const tasks = taskRows(mission, state);
  const below = state.view === "log" ? logLines : detailsOf;
  if (width >= WIDE) {
    const left = Math.floor(width * GRAPH_SHARE);
    const right = width - left - 3;
    const graph = around(tasks.lines(left), tasks.at, room);
    const other = scrolled(below(mission, state, right), state.scroll, room);
    const rows = Array.from({ length: room }, (_, row) => [
      ...padded(graph[row] ?? BLANK, left),
      span(" │ ", "muted"),
      ...cut(other[row] ?? BLANK, right),
    ]);
    return framed([...head, ...rows], foot, state);
  }
  const least = Math.min(tasks.count, Math.max(3, Math.floor(room / 2)));
  const graph = around(tasks.lines(width), tasks.at, least);
  const other = scrolled(below(mission, state, width), state.scroll, room - least - 1);
  const rule: Line = [span("─".repeat(width), "muted")];
  return framed([...head, ...graph, rule, ...other], foot, state);
}

function framed(body: readonly Line[], foot: readonly Line[], { width, height }: BoardState): Line[] {
  const shown = body.slice(0, Math.max(0, height - foot.length));
  const space = Array.from({ length: Math.max(0, height - foot.length - shown.length) }, () => BLANK);
  return [...shown, ...space, ...foot].slice(0, height).map((line) => cut(line, width));
}

function headLines(mission: MissionModel, width: number): Line[] {
  const tone = MISSION_TONES[mission.state];
  const { done, tasks } = mission;
  const used = use(mission.tokens, mission.cost);
  const lines: Line[] = [
    withRight(
      [
        span(`Mission ${mission.id} `, "text", true),
        span(mission.state, tone, true),
        span(`  ${mission.goal}`, "muted"),
      ],
      used ? [span(used, "muted")] : [],
      width,
    ),
  ];
  if (tasks.length > 0) {
    const figure = ` ${done}/${tasks.length} tasks done`;
    lines.push([
      ...bar(done / tasks.length, Math.max(4, Math.min(60, width - figure.length)), tone),
      span(figure),
    ]);
  }
  if (mission.budgets.length > 0)
    lines.push(mission.budgets.flatMap((budget) => [...budgetLine(budget, 40), span("   ")]));
  for (const what of mission.waiting.slice(0, 3))
    lines.push([span(shortened(`! ${what}`, width), "warning")]);
  if (mission.reason && mission.state !== "blocked")
    lines.push([span(shortened(mission.reason, width), mission.state === "failed" ? "error" : "warning")]);
  return [...lines, BLANK];
}

function taskRows(mission: MissionModel, state: BoardState) {
  const rows = graphRows(mission.tasks);
  const at = Math.max(
    0,
    rows.findIndex((row) => row.node.id === state.selected),
  );
  const lines = (width: number): Line[] => {
    if (rows.length === 0)
      return [[span(mission.state === "planning" ? "The Planner is at work." : "No tasks.", "muted")]];
    return rows.map(({ node, gutter, undrawn }, index) => {
      const { mark, tone } = TASK_MARKS[node.state];
      const after = undrawn.length > 0 ? ` after ${undrawn.join(", ")}` : "";
      const told = [node.agent, node.model, use(node.tokens, node.cost)].filter(Boolean).join(" · ");
      const row = withRight(
        [
          span(gutter === "" ? "" : `${gutter} `, "muted"),
          span(`${mark} `, node.waiting.length > 0 ? "warning" : tone),
          span(`${node.id} `, "muted"),
          span(node.title + after, node.state === "pending" ? "muted" : "text"),
        ],
        told ? [span(told, "muted")] : [],
        width,
      );
      return index === at ? selected(row, width) : row;
    });
  };
  return { lines, at, count: Math.max(1, rows.length) };
}

function detailsOf(mission: MissionModel, state: BoardState, width: number): Line[] {
  const task = mission.tasks.find((one) => one.id === state.selected) ?? boardOrder(mission)[0];
  if (task) return detailLines(task, width);
  return wrap(mission.goal, width).map((row) => [span(row)]);
}

function logLines(_: MissionModel, { log }: BoardState, width: number): Line[] {
  const lines = log.map(
    ({ time, actor, what }): Line => [
      span(`${time} `, "muted"),
      span(`${safe(actor)} `, "info"),
      span(safe(what)),
    ],
  );
  const head: Line = [span("Audit log, newest first", "text", true)];
  return [head, ...(lines.length > 0 ? lines : [[span("nothing yet", "muted")]])].map((line) =>
    cut(line, width),
  );
}

function footLines(mission: MissionModel | undefined, { width, message }: BoardState): Line[] {
  const keys = boardKeys(mission).flatMap(([key, what]) => [
    span(key, "accent"),
    span(` ${what}   `, "muted"),
  ]);
  return [message ? [span(shortened(safe(message), width), "info")] : BLANK, cut(keys, width)];
}

/** `count` rows with the one at `index` among them. */
function around(lines: readonly Line[], index: number, count: number): readonly Line[] {
  const from = Math.max(0, Math.min(index - Math.floor(count / 2), lines.length - count));
  return lines.slice(from, from + count);
}

function scrolled(lines: readonly Line[], scroll: number, count: number): readonly Line[] {
  const from = Math.max(0, Math.min(scroll, lines.length - count));
  return lines.slice(from, from + Math.max(0, count));
}

/** The board as plain text, for tests. */
export function plainBoard(lines: readonly Line[]): string[] {
  return lines.map((line) => plain(line).trimEnd());
}
