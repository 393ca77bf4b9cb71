import { parseArgs } from "node:util";
import { simulate } from "./run.js";

const USAGE = `Usage: npm run sim -- [--seeds N] [--seed S] [--tasks N] [--log]

Runs missions in a simulated world, one seed after another. Ends with the first seed that breaks a promise: run it again
with --seed S --log to see what led there.

      --seeds N    how many; default: 100
      --seed S     the first one; alone: this one only
      --tasks N    the most tasks of a plan; default: 20
      --log        what the engine said
`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    tasks: { type: "string", default: "20" },
    log: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const first = Number(values.seed ?? 1);
const count = Number(values.seeds ?? (values.seed === undefined ? 100 : 1));
const begun = performance.now();
const totals: Record<string, number> = {};
let commits = 0;
for (let seed = first; seed < first + count; seed++) {
  const result = await simulate(seed, Number(values.tasks));
  commits += result.commits;
  for (const state of Object.values(result.states)) totals[state] = (totals[state] ?? 0) + 1;
  if (values.log) process.stdout.write(`${result.log.join("\n")}\n`);
  if (result.failures.length > 0) {
    process.stdout.write(
      `seed ${seed} failed:\n${result.failures.slice(0, 10).join("\n")}\n${JSON.stringify(result.states)}\n`,
    );
    process.exitCode = 1;
    break;
  }
}
const seconds = (performance.now() - begun) / 1_000;
process.stdout.write(
  `${JSON.stringify(totals)} in ${seconds.toFixed(1)} s; ${commits} commits, ${(commits / seconds).toFixed(0)} a second\n`,
);
