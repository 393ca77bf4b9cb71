import * as fs from "node:fs";
import { planUninstall } from "../install/index.js";
import { type Command, EXIT } from "./environment.js";
import { assertFolder, callOf, carryOut, levelName, OPTIONS_HELP } from "./installer.js";
import { purge } from "./purge.js";

const PURGE = "--purge";

const HELP = `Usage: opencode-orchestrator uninstall [--project DIR] [--purge] [--dry-run] [--yes] [--json]

Takes the plugin out of OpenCode's configuration, and with it what install had made for it: the array, the file. What was
changed in the file since then stays. The state of missions (.opencode/orchestrator in each project) is not touched.

      --purge          removes as well what else the plugin has made: OpenCode's copies of the package, search indexes, backups
                       of configuration files, the log; with --project, the state of the project's missions and nothing else
${OPTIONS_HELP}

Exit codes: 0 done or nothing to do, 1 you said no, 2 wrong usage, 3 it could not be done; each file is then whole, as it
was or as it shall be.
`;

export const command: Command = {
  help: HELP,
  errorExit: EXIT.error,
  run: async (args, environment) => {
    const call = callOf(
      "uninstall",
      args.filter((arg) => arg !== PURGE),
      environment,
    );
    assertFolder(call.level);
    const ports = { files: fs, surroundings: environment.surroundings };
    const texts = {
      done: "Uninstalled. A running OpenCode keeps the plugin until it is started anew.",
      nothing: `The plugin is not in the configuration of ${levelName(call.level, environment)}.`,
    };
    const code = await carryOut(call, planUninstall(call.level, ports), texts, environment);
    if (code !== EXIT.ok || !args.includes(PURGE)) return code;
    return (await purge(call, environment)) ? EXIT.ok : EXIT.failed;
  },
};
