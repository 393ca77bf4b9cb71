import { parseArgs } from "node:util";
import { treeFolder } from "./corpus/location.js";
import { TREE_NAMES } from "./corpus/packages.js";
import { ask, type Engine } from "./engines/engine.js";
import { openOurs } from "./engines/ours.js";
import { ripgrepJsonToEnd } from "./engines/ripgrep.js";
import { TEXT_QUERIES } from "./queries.js";
import { interleave } from "./rounds.js";
import { summarise } from "./statistics.js";

/**
 * Where the time of one of our searches with an index goes: the same call right after another one, after a pause, and
 * after ripgrep has had the processor. With `--only repeated` there is nothing else in the process, for `perf record`.
 * Usage: npm run bench:search-profile -- [--tree small] [--query rare] [--rounds N] [--seconds S] [--only repeated]
 */
const PAUSE_MS = 20;
/** Calls before the one that is timed, where it is to be one of many. */
const REPEATS = 20;

const { values } = parseArgs({
  options: {
    tree: { type: "string", default: "small" },
    query: { type: "string", default: "rare" },
    rounds: { type: "string", default: "300" },
    seconds: { type: "string", default: "10" },
    only: { type: "string", default: "" },
  },
});
const tree = TREE_NAMES.find((name) => name === values.tree);
const query = TEXT_QUERIES.find(({ name }) => name === values.query);
if (!tree || !query)
  throw new Error(`--tree is one of ${TREE_NAMES}, --query one of ${TEXT_QUERIES.map((one) => one.name)}`);

await using ours = await openOurs(treeFolder(tree), {});
await using ripgrep = ripgrepJsonToEnd(treeFolder(tree));

const timed = async (engine: Engine): Promise<number> => {
  const start = performance.now();
  await ask(engine, query);
  return performance.now() - start;
};
const tasks = [
  {
    name: "repeated",
    run: async () => {
      for (let call = 0; call < REPEATS; call++) await ask(ours, query);
      return timed(ours);
    },
  },
  {
    name: "after a pause",
    before: () => new Promise<void>((done) => setTimeout(done, PAUSE_MS)),
    run: () => timed(ours),
  },
  { name: "after rg", before: async () => void (await ask(ripgrep, query)), run: () => timed(ours) },
  { name: "rg", run: () => timed(ripgrep) },
].filter(({ name }) => values.only === "" || name === values.only);

const samples = await interleave(tasks, {
  rounds: Number(values.rounds),
  budgetMs: Number(values.seconds) * 1_000,
});
const row = (cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
row([`${tree}, ${query.name}: ms`, "minimum", "first quartile", "median"]);
row(["---", "---", "---", "---"]);
for (const [name, times] of samples) {
  const { minimum, firstQuartile, median } = summarise(times);
  row([name, ...[minimum, firstQuartile, median].map((ms) => ms.toPrecision(3))]);
}
