import * as fs from "node:fs";
import { fileURLToPath } from "node:url";
import { ownPackage, ownSpec, planInstall } from "../install/index.js";
import { type Command, EXIT } from "./environment.js";
import { assertFolder, callOf, carryOut, levelName, OPTIONS_HELP } from "./installer.js";

const HELP = `Usage: opencode-orchestrator install [--project DIR] [--dry-run] [--yes] [--json]

Puts the plugin into the "plugin" array of OpenCode's configuration, and its terminal part into that of the terminal's: into
the files that OpenCode reads there (opencode.jsonc or opencode.json, tui.json; made if there are none), both or none. An entry of another version is changed to this one and
keeps its options. Comments and formatting stay, and a copy of the file as it was is kept.

${OPTIONS_HELP}

Exit codes: 0 done or nothing to do, 1 you said no, 2 wrong usage, 3 it could not be done, and nothing was changed.
`;

export const command: Command = {
  help: HELP,
  errorExit: EXIT.error,
  run: async (args, environment) => {
    const call = callOf("install", args, environment);
    assertFolder(call.level);
    const own = ownPackage(fs, fileURLToPath(import.meta.url));
    const spec = ownSpec(fs, own);
    const terminal = ownSpec(fs, own, "tui");
    const ports = { files: fs, surroundings: environment.surroundings };
    const texts = {
      done: `Installed ${spec}. Start OpenCode anew; /task <goal> then starts a mission. "opencode-orchestrator doctor" checks the rest.`,
      nothing: `${spec} is installed already (${levelName(call.level, environment)}).`,
    };
    const changes = [planInstall(call.level, spec, ports), planInstall(call.level, terminal, ports, "tui")];
    return carryOut(call, changes, texts, environment);
  },
};
