import { resolve } from "node:path";
import { examine, type Finding, type Status, thisMachine } from "../doctor/index.js";
import { atMost, parse } from "./arguments.js";
import { type Command, type Environment, EXIT } from "./environment.js";
import { assertFolder } from "./installer.js";
import { paint } from "./lines.js";
import { PROJECT_OPTIONS } from "./project.js";

const HELP = `Usage: opencode-orchestrator doctor [--project DIR] [--json]

Looks at OpenCode, its configuration, the plugin and a project, and says of everything that is wrong what to do about it.
It changes nothing.

      --project DIR    the project; default: the current folder
      --json           one JSON object: {"ok": …, "findings": [{"check", "status", "found", "fix"}]}

Exit codes: 0 nothing has failed (there may be warnings), 1 something has, 2 wrong usage, 3 it could not be done.
`;

const COLOURS: Readonly<Record<Status, string>> = {
  ok: "\u001b[32m",
  warning: "\u001b[33m",
  failed: "\u001b[1;31m",
};

export const command: Command = {
  help: HELP,
  errorExit: EXIT.error,
  run: async (args, environment) => {
    const { values, positionals } = parse(args, PROJECT_OPTIONS);
    atMost(positionals, 0, "doctor takes options only.");
    const directory = resolve(environment.directory, values.project ?? ".");
    assertFolder({ kind: "project", directory });
    const findings = await examine(thisMachine(directory, environment.surroundings));
    const failures = findings.filter(({ status }) => status === "failed").length;
    if (values.json) await environment.out.json({ ok: failures === 0, findings });
    else await report(findings, failures, environment);
    return failures === 0 ? EXIT.ok : EXIT.failed;
  },
};

async function report(
  findings: readonly Finding[],
  failures: number,
  { out, colour }: Environment,
): Promise<void> {
  const indent = " ".repeat(9);
  for (const { check, status, found, fix } of findings) {
    const word = paint(status.padEnd(indent.length), COLOURS[status], colour);
    await out.line(`${word}${check}: ${found.replaceAll("\n", `\n${indent}`)}`);
    if (fix !== undefined) await out.line(`${indent}→ ${fix.replaceAll("\n", `\n${indent}  `)}`);
  }
  const warnings = findings.filter(({ status }) => status === "warning").length;
  await out.line(`\n${failures} failed, ${warnings} ${warnings === 1 ? "warning" : "warnings"}.`);
}
