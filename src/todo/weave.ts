import { oneLine, type Task } from "../mission/index.js";
import { linesOf } from "./edits.js";
import { readHeader } from "./header.js";
import type { TodoDocument, TodoItem } from "./parse.js";
import {
  markOf,
  placeOf,
  renderHeader,
  renderItem,
  renderSection,
  renderText,
  type ShownMission,
  suggestionComment,
  visibleText,
} from "./render.js";
import { applySplices, type Splice } from "./splice.js";

export interface Weave {
  /** What the file is to show from now on. */
  readonly missions: readonly ShownMission[];
  /** Missions whose part is taken out. */
  readonly gone: ReadonlySet<string>;
  /** Missions whose part stays as it is, because their edits could not be taken yet. */
  readonly held: ReadonlySet<string>;
  /** Lines that became suggestions. */
  readonly suggested: ReadonlySet<TodoItem>;
}

/**
 * Brings the text to what it is to show and leaves every byte alone that is not ours: only boxes, texts of tasks, the
 * states in the headings and the first line are written over. Line feeds in what is added; the order of tasks is not
 * looked at.
 */
export function weave(document: TodoDocument, { missions, gone, held, suggested }: Weave): string {
  const header = readHeader(document.text);
  const ours = missions.filter(({ mission }) => !held.has(mission.id));
  const lines = linesOf(ours, document);
  return applySplices(document.text, [
    ...(header ? [{ start: header.start, end: header.end, text: renderHeader(missions) }] : []),
    ...[...suggested].flatMap((item) => suggestion(item)),
    ...ours.flatMap((view) => [
      ...heading(view, document),
      ...view.tasks.flatMap((task) => known(task, lines.get(placeOf(task)), document)),
      ...missing(view, lines, document),
    ]),
    ...document.headings
      .filter(({ mission }) => gone.has(mission))
      .map(({ start, partEnd }) => ({ start, end: partEnd, text: "" })),
  ]);
}

/** The comment goes right behind the box, where nothing that stands in the line can hide it. */
function suggestion(item: TodoItem): Splice[] {
  const at = item.textSpan.start;
  const text = ` ${suggestionComment(item.mission ?? "")}`;
  // The id was another line's, or nobody's.
  const comment = item.comment ? [{ ...item.comment, text: "" }] : [];
  return [{ start: at, end: at, text }, ...comment];
}

const HEADING = /· (\w+) <!--/;

/** The state in the heading, unless somebody has made the heading their own. */
function heading({ mission }: ShownMission, { headings, text }: TodoDocument): Splice[] {
  return headings.flatMap((one) => {
    const state = one.mission === mission.id ? HEADING.exec(text.slice(one.start, one.end)) : null;
    if (!state?.[1] || state[1] === mission.state) return [];
    const start = one.start + state.index + 2;
    return [{ start, end: start + state[1].length, text: mission.state }];
  });
}

function known(task: Task, item: TodoItem | undefined, { text }: TodoDocument): Splice[] {
  if (!item) return [];
  const splices: Splice[] = [];
  const mark = markFor(task, item.mark);
  if (mark !== item.mark)
    splices.push({ start: item.markAt, end: item.markAt + item.mark.length, text: mark });
  if (item.text === visibleText(task)) return splices;
  const { start, end } = item.textSpan;
  splices.push({ start, end, text: ` ${renderText(task)}` });
  // A comment on a line of its own has now come back behind the title.
  if (item.comment && item.comment.start >= end) {
    const lineStart = text.lastIndexOf("\n", item.comment.start);
    splices.push({
      start: lineStart > end ? lineStart : item.comment.start,
      end: item.comment.end,
      text: "",
    });
  }
  return splices;
}

/** Somebody's own mark stands until the task is done or cancelled. */
function markFor(task: Task, mark: string): string {
  const wanted = markOf(task);
  if (wanted === "x") return mark === "X" ? "X" : "x";
  if (wanted === "-") return "-";
  return mark === "x" || mark === "X" || mark === "-" || oneLine(mark) === "" ? " " : mark;
}

/** Tasks without a line: behind the one that comes before them in the plan. */
function missing(view: ShownMission, lines: ReadonlyMap<string, TodoItem>, document: TodoDocument): Splice[] {
  const first = view.tasks.findIndex((task) => lines.has(placeOf(task)));
  if (first < 0) return withoutLines(view, document);
  const splices: Splice[] = [];
  let before: TodoItem | undefined;
  for (const task of view.tasks) {
    const line = lines.get(placeOf(task));
    if (line) before = line;
    else if (before) splices.push(behind(before, task, document));
    else {
      const next = lines.get(placeOf(view.tasks[first] as Task));
      if (next) splices.push(inFront(next, task, document));
    }
  }
  return splices;
}

function behind(item: TodoItem, task: Task, { text }: TodoDocument): Splice {
  const newline = text.indexOf("\n", item.end);
  const { indent, bullet } = bulletOf(item, text);
  const line = `${indent}${bullet} ${renderItem(task)}`;
  if (newline < 0) return { start: text.length, end: text.length, text: `\n${line}` };
  return { start: newline + 1, end: newline + 1, text: `${line}\n` };
}

function inFront(item: TodoItem, task: Task, { text }: TodoDocument): Splice {
  const { indent, bullet } = bulletOf(item, text);
  const start = text.lastIndexOf("\n", item.start - 1) + 1;
  return { start, end: start, text: `${indent}${bullet} ${renderItem(task)}\n` };
}

/** The bullet of the item, so that a line beside it belongs to the same list. */
function bulletOf(item: TodoItem, text: string): { indent: string; bullet: string } {
  const before = text.slice(text.lastIndexOf("\n", item.start - 1) + 1, item.start);
  const bullet = /^(?:[-*+]|\d{1,9}[.)])/.exec(text.slice(item.start))?.[0] ?? "-";
  return { indent: before.trim() === "" ? before : "", bullet };
}

/** Where the plan has come since the mission was first shown, or all of its lines were taken away. */
function withoutLines(view: ShownMission, { text, noPlans, headings }: TodoDocument): Splice[] {
  const part = headings.find((one) => one.mission === view.mission.id);
  if (!part)
    return [{ start: text.length, end: text.length, text: `${gapAfter(text)}${renderSection(view)}\n` }];
  if (view.tasks.length === 0) return [];
  const items = view.tasks.map((task) => `- ${renderItem(task)}`).join("\n");
  const noPlan = noPlans.find((one) => one.mission === view.mission.id);
  if (noPlan) return [{ start: noPlan.start, end: noPlan.end, text: items }];
  const end = part.partEnd;
  const gap = gapAfter(text.slice(0, end));
  return [{ start: end, end, text: `${gap}${items}\n${end === text.length ? "" : "\n"}` }];
}

/** What a paragraph needs in front of it after this text. */
function gapAfter(text: string): string {
  if (text === "" || /\n[ \t]*\r?\n$/.test(text)) return "";
  return text.endsWith("\n") ? "\n" : "\n\n";
}
