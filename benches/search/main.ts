import { writeFileSync } from "node:fs";
import { measureCallOverhead } from "./call-overhead.js";
import { measureTree } from "./measure-tree.js";
import { readOptions } from "./options.js";
import { renderReport } from "./report/index.js";
import { emptyResults } from "./results.js";
import { TEXT } from "./sections.js";

/**
 * Compares our searches with their peers on the trees of `npm run bench:corpus`, in interleaved rounds.
 * Usage: npm run bench:search -- [--trees small,medium,large] [--rounds N] [--seconds S] [--only words]
 * [--output file]. `--only` takes names of parts, engines and queries; `--seconds` is for each engine and query.
 */
const options = readOptions(process.argv.slice(2));
const say = (line: string) => process.stderr.write(`${line}\n`);

const results = emptyResults();
// An interrupted run, too, keeps what it has measured and lets go of the memory that it holds.
process.once("exit", () => writeFileSync(options.output, JSON.stringify(results)));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

try {
  for (const tree of options.trees) await measureTree(tree, options, results, say);
  if (options.parts.includes("call")) {
    say("call");
    const engines = TEXT.engines.filter((engine) => options.engines.includes(engine));
    results.cells.push(...(await measureCallOverhead(engines)));
  }
} finally {
  process.stdout.write(renderReport(results));
  say(`\nresults in ${options.output}`);
}

// fff finds hidden files, too. All others must find the same.
if (results.differences.some(({ engine }) => engine !== "fff")) process.exitCode = 1;
