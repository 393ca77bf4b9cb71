import { isTerminalMission, listMissions, readMission, renderBoard } from "../mission/index.js";
import { atMost, parse } from "./arguments.js";
import { type Command, EXIT } from "./environment.js";
import { PROJECT_OPTIONS, withStore } from "./project.js";

const HELP = `Usage: opencode-orchestrator status [--project DIR] [--json]

Shows the boards of the project's missions, those that go on last.

      --project DIR    the project; default: the current folder
      --json           one JSON array

Exit codes: 0 done, 2 wrong usage, 3 it could not be done.
`;

export const command: Command = {
  help: HELP,
  errorExit: EXIT.error,
  run: async (args, environment) => {
    const { values, positionals } = parse(args, PROJECT_OPTIONS);
    atMost(positionals, 0, "status takes options only.");
    const { out } = environment;
    return withStore(values.project, environment, async (store) => {
      const views = listMissions(store).map((mission) => readMission(store, mission.id));
      if (values.json) await out.json(views);
      else if (views.length === 0) await out.line("No missions.");
      else {
        const open = views.filter(({ mission }) => !isTerminalMission(mission.state));
        const ordered = [...views.filter((view) => !open.includes(view)), ...open];
        await out.line(ordered.map(renderBoard).join("\n\n"));
      }
      return EXIT.ok;
    });
  },
};
