import { resolve } from "node:path";
import { importStore, recoverStore } from "../native/index.js";
import { stateFile } from "../node/index.js";
import { atMost, parse, UsageError } from "./arguments.js";
import { type Command, type Environment, EXIT } from "./environment.js";
import { PROJECT_OPTIONS, withStore } from "./project.js";

const HELP = `Usage: opencode-orchestrator state backup [--keep N] [--project DIR] [--json]
       opencode-orchestrator state compact [--revisions N] [--project DIR] [--json]
       opencode-orchestrator state recover [--project DIR] [--json]
       opencode-orchestrator state import FILE [--project DIR] [--json]

backup writes a verified copy beside the state; this is done at each start and after each mission, too.
compact drops values that were replaced long ago; the audit log keeps their hashes, and its chain still holds.
recover rebuilds a damaged state from the newest sound backup and every later commit that can still be read and
follows in the chain. The damaged files are set aside, never deleted.
import makes the state of a project that has none out of what "audit export" wrote.

      --keep N         backup: how many are kept; default: 5
      --revisions N    compact: how many of the last revisions can still be read; default: 10000
      --project DIR    the project; default: the current folder
      --json           one JSON object

Exit codes: 0 done, 2 wrong usage, 3 it could not be done.
`;

const OPTIONS = { ...PROJECT_OPTIONS, keep: { type: "string" }, revisions: { type: "string" } } as const;

interface Call {
  readonly project: string | undefined;
  readonly json: boolean;
  readonly keep: number | undefined;
  readonly revisions: number | undefined;
  readonly operands: readonly string[];
}

export const command: Command = {
  help: HELP,
  errorExit: EXIT.error,
  run: async (args, environment) => {
    const { values, positionals } = parse(args, OPTIONS);
    const [name, ...operands] = positionals;
    const action = ACTIONS.get(name ?? "");
    if (!action) {
      const given = name === undefined ? "" : `there is no "state ${name}": `;
      throw new UsageError(`${given}give ${[...ACTIONS.keys()].join(", ")}`);
    }
    const call = {
      project: values.project,
      json: values.json ?? false,
      keep: count("--keep", values.keep),
      revisions: count("--revisions", values.revisions),
      operands,
    };
    return action(call, environment);
  },
};

function count(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${option} takes a whole number from 1 on`);
  return Number(text);
}

async function backup(call: Call, environment: Environment): Promise<number> {
  atMost(call.operands, 0, "state backup takes options only.");
  return withStore(call.project, environment, async (store) => {
    const made = await store.backup(call.keep);
    return said(call, environment, made, `Backup of ${made.revision} commits: ${made.path}`);
  });
}

async function compact(call: Call, environment: Environment): Promise<number> {
  atMost(call.operands, 0, "state compact takes options only.");
  return withStore(call.project, environment, async (store) => {
    const floor = Math.max(0, store.snapshot() - (call.revisions ?? 10_000));
    const done = await store.compact(floor, "cli");
    const dropped = `${done.dropped} values of ${done.bytes} bytes were dropped`;
    return said(call, environment, done, `${dropped}; revisions from ${done.floor} on can be read.`);
  });
}

async function recover(call: Call, environment: Environment): Promise<number> {
  atMost(call.operands, 0, "state recover takes options only.");
  const done = await recoverStore(fileOf(call, environment));
  if (!done) return said(call, environment, null, "The state is sound; nothing was changed.");
  const lost = done.known === undefined ? "unknown" : String(Math.max(0, done.known - done.revision));
  return said(
    call,
    environment,
    done,
    `Rebuilt: ${done.revision} commits, ${done.fromBackup} of them from ${done.backup ?? "no backup"}; lost: ${lost}.\n` +
      `The damaged files are in ${done.setAside}.`,
  );
}

async function importFrom(call: Call, environment: Environment): Promise<number> {
  const [from] = call.operands;
  if (from === undefined) throw new UsageError("state import takes the file that audit export wrote");
  atMost(call.operands, 1, "state import takes one file.");
  const revision = await importStore(fileOf(call, environment), resolve(environment.directory, from));
  return said(call, environment, { revision }, `Imported ${revision} commits; the chain holds.`);
}

function fileOf({ project }: Call, { directory }: Environment): string {
  return stateFile(resolve(directory, project ?? "."));
}

async function said({ json }: Call, { out }: Environment, result: unknown, text: string): Promise<number> {
  if (json) await out.json(result);
  else await out.line(text);
  return EXIT.ok;
}

const ACTIONS: ReadonlyMap<string, typeof backup> = new Map([
  ["backup", backup],
  ["compact", compact],
  ["recover", recover],
  ["import", importFrom],
]);
