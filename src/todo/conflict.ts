import type { PlanEdit } from "../mission/index.js";

/** An edit that could not be taken, as it is kept. */
export interface Conflict {
  readonly mission: string;
  readonly edit: PlanEdit;
  readonly reason: string;
  /** The line as it was in the file; none where it was taken away. */
  readonly line?: string | undefined;
  /** The revision that the edit was made at, and the one that it was judged at. */
  readonly base: number;
  readonly now: number;
}

/** An entry of `todo.conflict.md` for edits that were read together. `timeMs`: since the Unix epoch. */
export function renderConflicts(timeMs: number, conflicts: readonly Conflict[]): string {
  const entries = conflicts.map(({ mission, edit, reason, line, base, now }) => {
    const revisions = `written at revision ${base}, read at ${now}`;
    const head = `- ${mission}: ${describe(edit)} (${revisions}). Not applied: ${reason}.`;
    return line === undefined ? head : [head, "", ...fence(line).map((one) => `  ${one}`), ""].join("\n");
  });
  return [`## ${new Date(timeMs).toISOString()}`, "", ...entries, "", ""].join("\n");
}

/** An entry of `todo.conflict.md` that keeps a whole file. */
export function renderKeptFile(timeMs: number, reason: string, text: string): string {
  const title = `## ${new Date(timeMs).toISOString()}`;
  return [title, "", `The whole of todo.md, because ${reason}:`, "", ...fence(text), "", ""].join("\n");
}

function describe(edit: PlanEdit): string {
  switch (edit.kind) {
    case "mark":
      return `the mark of ${edit.task} was changed from [${edit.from}] to [${edit.to}]`;
    case "title":
      return `the title of ${edit.task} was changed to ${JSON.stringify(edit.to)}`;
    case "note":
      return `what stands behind the title of ${edit.task} was changed`;
    case "removed":
      return `the line of ${edit.task} was removed`;
    case "order":
      return `the tasks were put into the order ${edit.to.join(", ")}`;
    case "suggestion":
      return `a line was added${edit.below ? ` below ${edit.below}` : ""}: ${JSON.stringify(edit.text)}`;
  }
}

/** The text in a fence that is longer than any in it. */
function fence(text: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const mark = "`".repeat(longest + 1);
  return [`${mark}markdown`, ...text.replace(/\n$/, "").split("\n"), mark];
}
