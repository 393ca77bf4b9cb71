import * as fs from "node:fs";
import { dirname, resolve } from "node:path";
import {
  type Applied,
  applyAll,
  assertApplicable,
  configFolder,
  type FileChange,
  type Level,
  unifiedDiff,
} from "../install/index.js";
import { atMost, parse } from "./arguments.js";
import { type Environment, EXIT } from "./environment.js";
import { colouredDiff } from "./lines.js";

/** What `install`, `uninstall` and `rollback` have in common: the options, the question, and the report. */

const OPTIONS = {
  project: { type: "string" },
  "dry-run": { type: "boolean" },
  yes: { type: "boolean", short: "y" },
  json: { type: "boolean" },
} as const;

export const OPTIONS_HELP = `      --project DIR    the configuration of the project in DIR; default: yours, for all projects
      --dry-run        shows the change and writes nothing
  -y, --yes            does not ask (without a terminal it never asks)
      --json           one JSON object`;

export interface Call {
  readonly name: "install" | "uninstall" | "rollback";
  readonly level: Level;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** @throws UsageError */
export function callOf(name: Call["name"], args: readonly string[], { directory }: Environment): Call {
  const { values, positionals } = parse(args, OPTIONS);
  atMost(positionals, 0, `${name} takes options only.`);
  return {
    name,
    level:
      values.project === undefined
        ? { kind: "user" }
        : { kind: "project", directory: resolve(directory, values.project) },
    dryRun: values["dry-run"] ?? false,
    yes: values.yes ?? false,
    json: values.json ?? false,
  };
}

/** What happens to one file, as the report has it. */
interface Row extends Applied {
  readonly path: string;
  readonly change: "created" | "changed" | "removed" | "none";
  readonly diff: string;
}

/** Shows the changes, asks where somebody can answer, makes them and reports. Answers the exit code. */
export async function carryOut(
  call: Call,
  changes: readonly FileChange[],
  texts: { readonly done: string; readonly nothing: string },
  environment: Environment,
): Promise<number> {
  const { out, warn } = environment;
  const rows = changes.map((change): Row => ({ ...described(change), written: false }));
  const real = changes.filter((_, index) => rows[index]?.change !== "none");
  // Before anybody is asked, and for a dry run too.
  for (const change of real) assertApplicable(change, fs);
  if (!call.json) {
    for (const { diff } of rows) if (diff) await out.write(environment.colour ? colouredDiff(diff) : diff);
  }
  if (real.length > 0 && !call.dryRun && !(await consents(call, environment))) {
    warn("Nothing was changed.");
    return EXIT.failed;
  }
  // One time for all: rollback puts back together what was changed together.
  const time = new Date();
  const ports = { files: fs, surroundings: environment.surroundings, now: () => time };
  const done = call.dryRun ? [] : applyAll(changes, ports);
  const applied = rows.map((row, index): Row => ({ ...row, ...done[index] }));
  if (call.json) await out.json({ command: call.name, dryRun: call.dryRun, files: applied });
  else if (real.length === 0) await out.line(texts.nothing);
  else if (call.dryRun) warn("Nothing is written: leave out --dry-run.");
  else {
    for (const { path, change, backup } of applied)
      if (change !== "none") await out.line(`${path}: ${change}${backup ? `; as it was: ${backup}` : ""}`);
    await out.line(texts.done);
  }
  return EXIT.ok;
}

/** The place of a level, for people. */
export function levelName(level: Level, { surroundings }: Environment): string {
  return level.kind === "user" ? configFolder(surroundings) : level.directory;
}

function described({ path, before, after }: FileChange): Pick<Row, "path" | "change" | "diff"> {
  const diff = unifiedDiff(path, before?.toString(), after?.toString());
  if (!before) return { path, change: "created", diff };
  if (!after) return { path, change: "removed", diff };
  return { path, change: before.equals(after) ? "none" : "changed", diff };
}

async function consents({ yes }: Call, { confirm }: Environment): Promise<boolean> {
  if (yes || !confirm) return true;
  return confirm("Write this?");
}

/** The folder of a project must be there: its configuration is read from nowhere else. */
export function assertFolder(level: Level): void {
  if (level.kind !== "project") return;
  if (fs.statSync(level.directory, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new Error(
    `There is no folder ${level.directory} (in ${dirname(level.directory)}): give an existing project.`,
  );
}
