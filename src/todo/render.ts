import { type MissionView, oneLine, type Task } from "../mission/index.js";

/** The place of a task in the file: its hidden comment is compared whole, so T1.1 is never taken for T1.10. */
export function placeOf(task: Pick<Task, "mission" | "id">): string {
  return `${task.mission}/${task.id}`;
}

/** A mission as the file shows it, and the revision of the store that this was read at. */
export interface ShownMission extends MissionView {
  readonly revision: number;
}

/** Stands where a mission's tasks will be. */
export const NO_PLAN = "_No plan yet._";

/** Hidden behind the box of a line that was taken as a suggestion, so that it is taken once. */
export function suggestionComment(mission: string): string {
  return `<!-- ${mission} suggested -->`;
}

/** The plans as a CommonMark task list that people can read and edit. Lines end with a line feed. */
export function renderTodo(missions: readonly ShownMission[]): string {
  return [renderHeader(missions), "# Missions", ...missions.map(renderSection)].join("\n\n").concat("\n");
}

/** The first line: the revision of each mission, which an edit of the file is compared with. */
export function renderHeader(missions: readonly ShownMission[]): string {
  const revisions = missions.map(({ mission, revision }) => `${mission.id}@${revision}`);
  return `<!-- ${["missions", ...revisions].join(" ")} -->`;
}

export function renderSection(view: MissionView): string {
  const items = view.tasks.map((task) => `- ${renderItem(task)}`);
  return [
    renderHeading(view),
    "",
    ...quote(view.mission.goal),
    "",
    ...(items.length > 0 ? items : [NO_PLAN]),
  ].join("\n");
}

export function renderHeading({ mission }: MissionView): string {
  return `## ${mission.id} · ${mission.state} <!-- ${mission.id} -->`;
}

/** A task behind its bullet. */
export function renderItem(task: Task): string {
  return `[${markOf(task)}] ${renderText(task)}`;
}

export function markOf({ state }: Task): "x" | "-" | " " {
  return state === "done" ? "x" : state === "cancelled" ? "-" : " ";
}

/** What stands behind the box. */
export function renderText(task: Task): string {
  return `${visibleText(task)} <!-- ${placeOf(task)} -->`;
}

/** The same without the hidden comment, on one line. */
export function visibleText(task: Task): string {
  const note = noteOf(task);
  return `**${task.id}** ${escapeTitle(oneLine(task.title))}${note && ` _(${note})_`}`;
}

/** A comment in a title could pass for the hidden id of a task. */
const COMMENT = "<!--";
const HARMLESS = "<!\u200b--";

function escapeTitle(title: string): string {
  return title.replaceAll(COMMENT, HARMLESS);
}

/** The title that somebody wrote, as they meant it. */
export function unescapeTitle(title: string): string {
  return title.replaceAll(HARMLESS, COMMENT);
}

/** What is told behind the title; the empty string when there is nothing to tell. */
export function noteOf({ state, dependencies }: Task): string {
  const notes: string[] = state === "done" || state === "pending" ? [] : [state];
  if (dependencies.length > 0) notes.push(`after ${dependencies.join(", ")}`);
  return notes.join("; ");
}

function quote(text: string): string[] {
  return text.split(/\r\n|\n|\r/).map((line) => `> ${line}`.trimEnd());
}
