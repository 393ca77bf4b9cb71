import * as fs from "node:fs";
import { dirname } from "node:path";
import { type Trace, traces } from "../install/index.js";
import { logFiles, logPlaces } from "../log/index.js";
import type { Environment } from "./environment.js";
import type { Call } from "./installer.js";

/** Removes what the plugin has left outside of OpenCode's configuration. Answers whether it was wanted. */
export async function purge(call: Call, environment: Environment): Promise<boolean> {
  const { out, warn, confirm } = environment;
  const found = await tracesOf(call, environment);
  if (!call.json) for (const { path, what } of found) await out.line(`${path}: ${what}`);
  if (found.length > 0 && !call.dryRun) {
    if (!call.yes && confirm && !(await confirm("Remove these?"))) {
      warn("They stay.");
      return false;
    }
    for (const { path } of found) remove(path);
  }
  if (call.json) await out.json({ command: "purge", dryRun: call.dryRun, removed: found });
  else if (found.length === 0) await out.line("Nothing else is left of the plugin.");
  else if (!call.dryRun) await out.line("Removed.");
  return true;
}

async function tracesOf({ level }: Call, { surroundings }: Environment): Promise<Trace[]> {
  const found = traces(level, { files: fs, surroundings });
  if (level.kind === "project") return found;
  // The folder that other users forced on the log goes with it.
  const own = logPlaces().flatMap(({ folder, isOwn }) => (isOwn ? [folder] : []));
  const logs = (await logFiles(logPlaces())).filter((path) => !own.includes(dirname(path)));
  const folders = own.filter((folder) => isOurFolder(folder));
  return [...found, ...[...logs, ...folders].map((path) => ({ path, what: "the log" }))];
}

function isOurFolder(path: string): boolean {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === (process.getuid?.() ?? found.uid);
}

/** The file or folder, and the folders above it that then are empty and have no other purpose. */
function remove(path: string): void {
  fs.rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  const above = dirname(path);
  if (/[\\/]packages$|[\\/]opencode-orchestrator$/.test(above)) {
    try {
      fs.rmdirSync(above);
    } catch {
      // Something else is in it.
    }
  }
}
