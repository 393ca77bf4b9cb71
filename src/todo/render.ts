import type { MissionView, Task } from "../mission/index.js";

/** The plan as a CommonMark task list that people can read. The hidden ids keep T1.1 and T1.10 apart. */
export function renderTodo(views: readonly MissionView[], revision: number): string {
  const sections = views.map(({ mission, tasks }) =>
    [
      `## ${mission.id} · ${mission.state}`,
      "",
      ...quote(mission.goal),
      "",
      ...tasks.map(renderItem),
      ...(tasks.length === 0 ? ["_No plan yet._"] : []),
    ].join("\n"),
  );
  return [`<!-- revision ${revision} -->`, "# Missions", ...sections].join("\n\n").concat("\n");
}

function renderItem(task: Task): string {
  const box = task.state === "done" ? "x" : task.state === "cancelled" ? "-" : " ";
  const notes = [task.state === "done" || task.state === "pending" ? "" : task.state];
  if (task.dependencies.length > 0) notes.push(`after ${task.dependencies.join(", ")}`);
  const suffix = notes.filter((note) => note !== "").join("; ");
  return `- [${box}] **${task.id}** ${oneLine(task.title)}${suffix ? ` _(${suffix})_` : ""} <!-- ${task.mission}/${task.id} -->`;
}

function quote(text: string): string[] {
  return text.split("\n").map((line) => `> ${line}`.trimEnd());
}

function oneLine(text: string): string {
  // A comment in a title could pass for the hidden id of an item.
  return text.replace(/[\s\p{Cc}]+/gu, " ").replaceAll("<!--", "<!\u200b--");
}
