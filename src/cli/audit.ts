import type { NativeStore } from "../native/index.js";
import { parse, UsageError } from "./arguments.js";
import { type Command, EXIT } from "./environment.js";
import type { Output } from "./output.js";
import { PROJECT_OPTIONS, withStore } from "./project.js";

const HELP = `Usage: opencode-orchestrator audit verify [--project DIR] [--json]
       opencode-orchestrator audit log [--project DIR] [--json]
       opencode-orchestrator audit export [--project DIR]

verify recomputes the audit chain; log lists every commit, oldest first; export writes all of it as JSON Lines, which
"state import" reads and anybody can verify.

      --project DIR    the project; default: the current folder
      --json           verify: one JSON object; log: JSON Lines

Exit codes: 0 all is well, 1 the chain does not hold, 2 wrong usage, 3 it could not be done.
`;

const PAGE = 500;

export const command: Command = {
  help: HELP,
  errorExit: EXIT.error,
  run: async (args, environment) => {
    const { values, positionals } = parse(args, PROJECT_OPTIONS);
    const action = ACTIONS.get(positionals.join(" "));
    if (!action)
      throw new UsageError(
        positionals.length > 0
          ? `there is no "audit ${positionals.join(" ")}": give verify, log or export`
          : "give verify, log or export",
      );
    return withStore(values.project, environment, (store) =>
      action(store, values.json ?? false, environment.out),
    );
  },
};

async function verify(store: NativeStore, json: boolean, out: Output): Promise<number> {
  const found = await store.verify();
  if (json) await out.json(found);
  else if (found.ok) {
    await out.line(`The audit chain holds: ${found.commits} commits, head ${found.head.hash}.`);
  } else {
    const bad = found.firstBad;
    if (bad) await out.line(`The audit chain does not hold at revision ${bad.revision}: ${bad.reason}.`);
    for (const line of found.damage) await out.line(`The file is damaged: ${line}`);
  }
  return found.ok ? EXIT.ok : EXIT.failed;
}

async function log(store: NativeStore, json: boolean, out: Output): Promise<number> {
  for (let revision = 0; ; ) {
    const page = await store.commitsSince(revision, PAGE);
    for (const commit of page) {
      revision = commit.revision;
      const changed = commit.changes.map((change) => change.key).join(" ");
      const time = new Date(commit.timeMs).toISOString();
      if (json) await out.json(commit);
      else await out.line(`${revision} ${time} ${commit.actor} ${commit.mission ?? "-"} ${changed}`);
    }
    if (page.length < PAGE) return EXIT.ok;
  }
}

async function exportAll(store: NativeStore, _json: boolean, out: Output): Promise<number> {
  for await (const line of store.exportLines()) await out.line(line);
  return EXIT.ok;
}

const ACTIONS: ReadonlyMap<string, typeof verify> = new Map([
  ["verify", verify],
  ["log", log],
  ["export", exportAll],
]);
