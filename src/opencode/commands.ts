import type { MissionEngine } from "../engine/index.js";
import { isTerminalMission, type Mission, MissionError } from "../mission/index.js";
import { takeBudget } from "./budget-flags.js";

export const COMMANDS = {
  task: "Start a mission: /task <goal>",
  status: "Show the board of this session's mission",
  stop: "Cancel this session's mission and stop its agents",
  resume: "Go on with a paused or blocked mission; text after it is passed on",
} as const;
export type MissionCommand = keyof typeof COMMANDS;

const VERBATIM = "Repeat the following to the user word for word, add nothing, call no tool.\n\n";

/** Runs one of our commands and returns the message that the Commander gets in place of the command. */
export async function runCommand(
  open: () => Promise<MissionEngine>,
  command: MissionCommand,
  session: string,
  rawArguments: string,
): Promise<string> {
  const text = unquote(rawArguments.trim());
  try {
    const engine = await open();
    switch (command) {
      case "task":
        return await openMission(engine, session, text);
      case "status":
        return VERBATIM + (await engine.board(missionOf(engine, session).id));
      case "stop": {
        const mission = await engine.cancel(missionOf(engine, session).id, "stopped by the user");
        return VERBATIM + (await engine.board(mission.id));
      }
      case "resume": {
        const { budget, rest } = takeBudget(text);
        const mission = await engine.resume(missionOf(engine, session).id, budget);
        const note = rest ? `\n\nThe user says:\n${rest}` : "";
        return `Mission ${mission.id} goes on (${mission.state}).${note}\n\nCall mission_board with wait: true.`;
      }
    }
  } catch (error) {
    // The host would show a bare "Unexpected server error" for anything that is thrown here.
    const code =
      error instanceof MissionError ? "" : ` (${(error as { code?: string }).code ?? "internal error"})`;
    return `${VERBATIM}/${command} did not work${code}: ${error instanceof Error ? error.message : error}`;
  }
}

async function openMission(engine: MissionEngine, session: string, text: string): Promise<string> {
  const { budget, rest: goal } = takeBudget(text);
  if (goal === "") return `${VERBATIM}/task needs a goal, such as: /task add a health check to the server`;
  const mission = await engine.open({ goal, session, budget });
  return `Mission ${mission.id} is open and its Planner is at work. Goal:\n\n${goal}\n\nCall mission_board with wait: true.`;
}

/** The session's mission: the one that is not over, else its latest. */
function missionOf(engine: MissionEngine, session: string): Mission {
  // Oldest first.
  const own = engine.missions().filter((mission) => mission.rootSession === session);
  const mission = own.find((one) => !isTerminalMission(one.state)) ?? own.at(-1);
  if (!mission)
    throw new MissionError("ERR_NO_MISSION", "this session has no mission: start one with /task <goal>");
  return mission;
}

/** `opencode run` puts quotes around an argument with spaces and escapes those inside: take them off again. */
function unquote(text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(text);
  return quoted?.[1] === undefined ? text : quoted[1].replaceAll('\\"', '"').trim();
}
