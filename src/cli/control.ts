import { type Action, askEngine, isTerminalMission, listMissions, type Mission } from "../mission/index.js";
import { systemClock } from "../node/index.js";
import { atMost, parse, UsageError } from "./arguments.js";
import { type Command, EXIT } from "./environment.js";
import { PROJECT_OPTIONS, withStore } from "./project.js";

const MEANINGS: Readonly<Record<Action, string>> = {
  pause: "Holds a mission: its agents stop, and resume goes on.",
  resume: "Goes on with a mission that is paused or blocked.",
  stop: "Ends a mission for good; its agents stop.",
  retry: "Sends a task that failed or is blocked back to work, with fresh attempts.",
};

const help = (action: Action) => {
  const task = action === "retry" ? " TASK" : "";
  return `Usage: opencode-orchestrator ${action}${task} [--mission ID] [--project DIR] [--json]

${MEANINGS[action]} The OpenCode that runs the mission does it, and answers; where
none does, nothing happens, later neither.

      --mission ID     such as M3; default: the one mission that is not over
      --project DIR    the project; default: the current folder
      --json           one JSON object

Exit codes: 0 done, 1 refused, or no OpenCode answered, 2 wrong usage, 3 it could not be carried out.
`;
};

const OPTIONS = { ...PROJECT_OPTIONS, mission: { type: "string" } } as const;

/** The command of an action. */
export function control(action: Action): Command {
  return {
    help: help(action),
    errorExit: EXIT.error,
    run: async (args, environment) => {
      const { values, positionals } = parse(args, OPTIONS);
      const [task] = positionals;
      if (action === "retry" && task === undefined) throw new UsageError("retry takes the task, such as T2");
      atMost(positionals, action === "retry" ? 1 : 0, `${action} takes no more.`);
      const { out, warn } = environment;
      return withStore(values.project, environment, async (store) => {
        const { id } = missionOf(listMissions(store), values.mission);
        const ports = { store, clock: systemClock, random: { next: Math.random } };
        const wanted = { mission: id, action, ...(task !== undefined && { task }) };
        const answer = await askEngine(ports, wanted, environment.signal);
        if (values.json) await out.json({ ...wanted, ...answer });
        else if (answer.done) await out.line(`Mission ${id}: ${answer.message}.`);
        else warn(`Mission ${id}: ${answer.message}`);
        return answer.done ? EXIT.ok : EXIT.failed;
      });
    },
  };
}

function missionOf(missions: readonly Mission[], id: string | undefined): Mission {
  const open = missions.filter(({ state }) => !isTerminalMission(state));
  const [mission, another] = id === undefined ? open : missions.filter((one) => one.id === id);
  if (!mission)
    throw new UsageError(id === undefined ? "no mission is under way" : `there is no mission ${id}`);
  if (another)
    throw new UsageError(`say which with --mission: ${open.map((one) => one.id).join(", ")} are not over`);
  return mission;
}
