import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { checkFreshness, timeAfterChange } from "./after-change.js";
import { checkAgreement } from "./agreement.js";
import { timeQuery } from "./comparison.js";
import { treeFolder } from "./corpus/location.js";
import type { TreeName } from "./corpus/packages.js";
import type { TreeFigures } from "./corpus/tree.js";
import type { EngineName } from "./engines/names.js";
import { HostPool } from "./hosts/host-pool.js";
import type { Options } from "./options.js";
import { holdInCache } from "./page-cache.js";
import { measurePeakMemory } from "./peak-memory.js";
import { measureReadingLimit } from "./reading-limit.js";
import type { Results } from "./results.js";
import { AFTER_CHANGE, GLOB, RESPONSIVENESS, type Section, STRUCTURAL, TEXT, takesPart } from "./sections.js";

type Say = (line: string) => void;

/** Engines that could answer from before a change. */
const MAY_BE_STALE: readonly EngineName[] = ["fff", "ours"];

/** Measures the chosen parts in one tree. */
export async function measureTree(
  tree: TreeName,
  options: Options,
  results: Results,
  say: Say,
): Promise<void> {
  const root = treeFolder(tree);
  const { files, bytes } = await figures(root);
  await using cache = await holdInCache(root);
  results.trees.push({ name: tree, files, bytes, cache: cache.method });

  if (options.parts.includes("reading")) results.reading.push(...(await measureReadingLimit(tree, root)));
  // Parsing all of the large tree takes minutes a search.
  const sections = [TEXT, GLOB, ...(tree === "large" ? [] : [STRUCTURAL])].map((section) =>
    limit(section, options),
  );
  await measureSearches(sections, tree, options, results, say);
  if (options.parts.includes("memory")) await measureMemory(sections, tree, options, results, say);
  if (options.parts.includes("after-change")) await measureAfterChange(tree, options, results, say);
}

/** What is timed with the same processes, so that an index is built once. */
async function measureSearches(
  sections: readonly Section[],
  tree: TreeName,
  options: Options,
  results: Results,
  say: Say,
): Promise<void> {
  await using hosts = new HostPool(treeFolder(tree), (engine, { preparation }) => {
    if (preparation) results.preparations.push({ tree, engine, ...preparation });
  });
  for (const section of sections)
    if (options.parts.some((part) => part === section.name))
      await measureSection(section, tree, hosts, options, results, say);
  if (options.parts.includes("responsiveness"))
    await measureDelays(limit(RESPONSIVENESS, options), tree, hosts, results, say);
}

async function figures(root: string): Promise<TreeFigures> {
  const record = `${root}.json`;
  if (!existsSync(record)) throw new Error(`${root} is missing: npm run bench:corpus`);
  return JSON.parse(await readFile(record, "utf8")) as TreeFigures;
}

/** What of the section was asked for. */
function limit(section: Section, options: Options): Section {
  return {
    ...section,
    queries: section.queries.filter(({ name }) => options.queries.has(name)),
    engines: section.engines.filter((name) => options.engines.includes(name)),
  };
}

/** Checks that the engines find the same, and then times them. */
async function measureSection(
  { name: section, queries, engines, baseline }: Section,
  tree: TreeName,
  hosts: HostPool,
  { schedule }: Options,
  results: Results,
  say: Say,
): Promise<void> {
  for (const query of queries) {
    say(`${section} ${tree} ${query.name}`);
    const taking = engines.filter((engine) => takesPart(engine, query));
    const { total, differences } = await checkAgreement(query, taking, baseline, hosts);
    results.totals.push({ tree, query: query.name, total });
    results.differences.push(...differences.map((difference) => ({ tree, ...difference })));
    await hosts.refresh();
    results.cells.push(...(await timeQuery({ section, tree }, query, taking, hosts, schedule)));
  }
}

async function measureDelays(
  { queries, engines }: Section,
  tree: TreeName,
  hosts: HostPool,
  results: Results,
  say: Say,
): Promise<void> {
  for (const query of queries)
    for (const engine of engines.filter((name) => takesPart(name, query))) {
      say(`responsiveness ${tree} ${query.name} ${engine}`);
      await hosts.refresh();
      const delay = await (await hosts.get(engine)).ask({ kind: "loop-delay", query });
      results.loopDelays.push({ tree, engine, query: query.name, ...delay });
    }
}

async function measureMemory(
  sections: readonly Section[],
  tree: TreeName,
  { engines }: Options,
  results: Results,
  say: Say,
): Promise<void> {
  for (const engine of engines) {
    if (!sections.some((section) => section.engines.includes(engine))) continue;
    say(`memory ${tree} ${engine}`);
    results.memory.push({ tree, engine, ...(await measurePeakMemory(engine, treeFolder(tree), sections)) });
  }
}

async function measureAfterChange(
  tree: TreeName,
  options: Options,
  results: Results,
  say: Say,
): Promise<void> {
  say(`after-change ${tree}`);
  const root = treeFolder(tree);
  for (const engine of MAY_BE_STALE.filter((name) => options.engines.includes(name)))
    results.freshness.push({ tree, engine, ...(await checkFreshness(root, engine)) });
  const section = limit(AFTER_CHANGE, options);
  results.cells.push(...(await timeAfterChange(tree, root, section, options.schedule)));
}
