import { carryOut, isTerminalMission, judge, type PlanEdit, type Verdict } from "../../mission/index.js";
import type { MissionEngine } from "../engine.js";

/** As many lines of a notice as a model can use at once. */
const MAX_TOLD = 20;
const MAX_LINE = 500;

/**
 * Takes edits of the written plan into a mission: each is judged against the plan as it stands when they are
 * committed, all in one transaction. The Commander is told of what it must know.
 * @returns one verdict for each edit.
 * @throws MissionError `ERR_NOT_OWNER` when the mission is another process's, or of no session that this host knows;
 * nothing is changed then.
 */
export async function amend(
  engine: MissionEngine,
  mission: string,
  edits: readonly PlanEdit[],
): Promise<Verdict[]> {
  const now = engine.view(mission);
  const verdicts = edits.map((edit) => judge(now, edit));
  if (isTerminalMission(now.mission.state) || verdicts.every((one) => one.kind !== "allowed"))
    return verdicts;
  const run = await engine.run(mission);
  return run.change("todo.md", (draft) => {
    const told: string[] = [];
    const final = edits.map((edit) => {
      const verdict = judge(draft, edit);
      if (verdict.kind !== "allowed") return verdict;
      carryOut(draft, edit, engine.options.attempts);
      const line = tell(edit);
      if (line) told.push(cut(line));
      return verdict;
    });
    if (told.length === 0) return final;
    const rest = told.length > MAX_TOLD ? [`- and ${told.length - MAX_TOLD} more: see todo.md`] : [];
    const text = [
      `Somebody edited todo.md of mission ${mission}:`,
      ...told.slice(0, MAX_TOLD),
      ...rest,
      "A suggestion is not a task yet: add one for it (delegate), or tell the user why not.",
    ].join("\n");
    // A notice that was not delivered yet must not be lost to this one.
    const { notice } = draft.mission;
    draft.announce(notice && !notice.delivered ? `${notice.text}\n\n${text}` : text);
    return final;
  });
}

/** Not in the middle of a character, which could not be stored. */
function cut(line: string): string {
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE).replace(/[\ud800-\udbff]$/, "")}…` : line;
}

/** What the Commander hears of an edit; nothing of one that changes no work. */
function tell(edit: PlanEdit): string | undefined {
  if (edit.kind === "suggestion")
    return `- suggestion${edit.below ? ` below ${edit.below}` : ""}: ${JSON.stringify(edit.text)}`;
  if (edit.kind !== "mark") return undefined;
  return edit.to === "-" ? `- ${edit.task} is cancelled` : `- ${edit.task} is to be done again`;
}
