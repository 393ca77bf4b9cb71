import { type MissionView, oneLine, type PlanEdit, type Task } from "../mission/index.js";
import type { TodoDocument, TodoItem } from "./parse.js";
import { markOf, noteOf, placeOf, unescapeTitle, visibleText } from "./render.js";

/** An edit of the file, before anybody has judged it. */
export interface FoundEdit {
  readonly mission: string;
  readonly edit: PlanEdit;
  /** The line that it was found in. */
  readonly item?: TodoItem;
}

const NOTE = / _\([^()]*\)_$/;

/** The line of each task: of several with its comment, the one that was not changed, else the first. */
export function linesOf(views: readonly MissionView[], document: TodoDocument): Map<string, TodoItem> {
  const texts = new Map(
    views.flatMap(({ tasks }) => tasks.map((task) => [placeOf(task), visibleText(task)])),
  );
  const lines = new Map<string, TodoItem>();
  for (const item of document.items) {
    const text = item.place && texts.get(item.place);
    if (!item.place || text === undefined) continue;
    const known = lines.get(item.place);
    if (!known || (known.text !== text && item.text === text)) lines.set(item.place, item);
  }
  return lines;
}

/** How the file differs from what it showed, mission by mission. Text that is no task is nobody's edit. */
export function findEdits(base: readonly MissionView[], document: TodoDocument): FoundEdit[] {
  const lines = linesOf(base, document);
  const ofTasks = base.flatMap((view) => [...taskEdits(view, lines), ...orderEdit(view, lines)]);
  const known = new Set(lines.values());
  const missions = new Set(base.map(({ mission }) => mission.id));
  const added = document.items.flatMap((item): FoundEdit[] => {
    const { mission, text, below } = item;
    if (known.has(item) || item.isSuggested || text === "") return [];
    if (mission === undefined || !missions.has(mission)) return [];
    const parent = below?.slice(below.indexOf("/") + 1);
    return [{ mission, item, edit: { kind: "suggestion", text, ...(parent && { below: parent }) } }];
  });
  return [...ofTasks, ...added];
}

function taskEdits(view: MissionView, lines: ReadonlyMap<string, TodoItem>): FoundEdit[] {
  const mission = view.mission.id;
  return view.tasks.flatMap((task): FoundEdit[] => {
    const item = lines.get(placeOf(task));
    if (!item) return [{ mission, edit: { kind: "removed", task: task.id } }];
    return [...markEdit(task, item), ...textEdits(task, item)].map((edit) => ({ mission, edit, item }));
  });
}

/** A mark of somebody's own on a task that is neither done nor cancelled is left alone. */
function markEdit(task: Task, item: TodoItem): PlanEdit[] {
  const from = markOf(task);
  const to = item.mark === "X" ? "x" : item.mark.trim() === "" ? " " : item.mark;
  const isOwn = to !== "x" && to !== "-" && to !== " ";
  if (from === to || (from === " " && isOwn)) return [];
  return [{ kind: "mark", task: task.id, from, to, attempt: task.attempt }];
}

function textEdits(task: Task, item: TodoItem): PlanEdit[] {
  if (item.text === visibleText(task)) return [];
  const from = oneLine(task.title);
  const name = `**${task.id}**`;
  let to = item.text.startsWith(`${name} `) ? item.text.slice(name.length + 1) : item.text;
  if (to === name) to = "";
  const edits: PlanEdit[] = [];
  const note = noteOf(task);
  if (note !== "" && to.endsWith(` _(${note})_`)) to = to.slice(0, -` _(${note})_`.length);
  else if (note !== "" && NOTE.test(to) && unescapeTitle(to) !== from) {
    to = to.replace(NOTE, "");
    edits.push({ kind: "note", task: task.id });
  }
  to = unescapeTitle(to);
  return to === from ? edits : [...edits, { kind: "title", task: task.id, from, to }];
}

function orderEdit(view: MissionView, lines: ReadonlyMap<string, TodoItem>): FoundEdit[] {
  const there = view.tasks.flatMap((task) => {
    const item = lines.get(placeOf(task));
    return item ? [{ id: task.id, start: item.start }] : [];
  });
  const from = there.map(({ id }) => id);
  const to = [...there].sort((a, b) => a.start - b.start).map(({ id }) => id);
  if (from.join("\n") === to.join("\n")) return [];
  return [{ mission: view.mission.id, edit: { kind: "order", from, to } }];
}
