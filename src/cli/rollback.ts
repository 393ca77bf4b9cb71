import * as fs from "node:fs";
import { planRollback } from "../install/index.js";
import { type Command, EXIT } from "./environment.js";
import { assertFolder, callOf, carryOut, levelName, OPTIONS_HELP } from "./installer.js";

const HELP = `Usage: opencode-orchestrator rollback [--project DIR] [--dry-run] [--yes] [--json]

Puts back the configuration file that install or uninstall changed last, as it was before, whatever has been changed in it
since (uninstall keeps that). A copy of the file as it is now is kept: a second rollback undoes the first.

${OPTIONS_HELP}

Exit codes: 0 done or nothing to do, 1 you said no, 2 wrong usage, 3 it could not be done, and nothing was changed.
`;

export const command: Command = {
  help: HELP,
  errorExit: EXIT.error,
  run: async (args, environment) => {
    const call = callOf("rollback", args, environment);
    assertFolder(call.level);
    const changes = planRollback(call.level, { files: fs, surroundings: environment.surroundings });
    const texts = {
      done: "Rolled back. Start OpenCode anew.",
      nothing: `There is nothing to put back in the configuration of ${levelName(call.level, environment)}.`,
    };
    return carryOut(call, changes, texts, environment);
  },
};
