#!/usr/bin/env node
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { isTerminalMission, listMissions, readMission, renderBoard } from "../mission/index.js";
import { NativeError, type NativeStore, openStore } from "../native/index.js";
import { stateFile } from "../node/index.js";

const USAGE = `Usage: opencode-orchestrator <command> [--project DIR] [--json]

  status          the boards of the project's missions
  audit verify    recompute the audit chain; exit code 1 if it does not hold
  audit log       every commit, oldest first

  --project DIR   the project; default: the current folder
  --json          JSON instead of text (audit log: one object a line)

Exit codes: 0 all is well, 1 the check failed, 2 wrong usage, 3 the command could not be carried out.
`;

const EXIT = { ok: 0, failed: 1, usage: 2, error: 3 } as const;
const PAGE = 500;

/** Runs one command. Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return EXIT.usage;
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    return EXIT.ok;
  }
  const command = COMMANDS.get(positionals.join(" "));
  if (!command) {
    console.error(
      positionals.length > 0 ? `There is no command "${positionals.join(" ")}".\n\n${USAGE}` : USAGE,
    );
    return EXIT.usage;
  }
  const file = stateFile(resolve(values.project ?? "."));
  if (!existsSync(file)) {
    console.error(
      `There is no mission state at ${file}. Start a mission in OpenCode with /task, or give --project.`,
    );
    return EXIT.error;
  }
  try {
    const store = await openStore(file);
    try {
      return await command(store, values.json ?? false);
    } finally {
      await store.close();
    }
  } catch (error) {
    console.error(error instanceof NativeError ? `${error.code}: ${error.message}` : error);
    return EXIT.error;
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      project: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
}

type Command = (store: NativeStore, json: boolean) => Promise<number>;

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["status", status],
  ["audit verify", auditVerify],
  ["audit log", auditLog],
]);

async function status(store: NativeStore, json: boolean): Promise<number> {
  const views = listMissions(store).map((mission) => readMission(store, mission.id));
  if (json) console.log(JSON.stringify(views));
  else if (views.length === 0) console.log("No missions.");
  else {
    const open = views.filter(({ mission }) => !isTerminalMission(mission.state));
    console.log([...views.filter((view) => !open.includes(view)), ...open].map(renderBoard).join("\n\n"));
  }
  return EXIT.ok;
}

async function auditVerify(store: NativeStore, json: boolean): Promise<number> {
  const found = await store.verify();
  if (json) console.log(JSON.stringify(found));
  else if (found.ok) {
    console.log(`The audit chain holds: ${found.commits} commits, head ${found.head.hash}.`);
  } else {
    const bad = found.firstBad;
    if (bad) console.log(`The audit chain does not hold at revision ${bad.revision}: ${bad.reason}.`);
    for (const line of found.damage) console.log(`The file is damaged: ${line}`);
  }
  return found.ok ? EXIT.ok : EXIT.failed;
}

async function auditLog(store: NativeStore, json: boolean): Promise<number> {
  for (let revision = 0; ; ) {
    const page = await store.commitsSince(revision, PAGE);
    for (const commit of page) {
      revision = commit.revision;
      const changed = commit.changes.map((change) => change.key).join(" ");
      const time = new Date(commit.timeMs).toISOString();
      console.log(
        json
          ? JSON.stringify(commit)
          : `${revision} ${time} ${commit.actor} ${commit.mission ?? "-"} ${changed}`,
      );
    }
    if (page.length < PAGE) return EXIT.ok;
  }
}

process.exitCode = await main(process.argv.slice(2));
