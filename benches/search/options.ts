import { join } from "node:path";
import { parseArgs } from "node:util";
import { corpusFolder } from "./corpus/location.js";
import { TREE_NAMES, type TreeName } from "./corpus/packages.js";
import { ENGINE_NAMES, type EngineName } from "./engines/names.js";
import { GLOB_QUERIES, STRUCTURAL_QUERIES, TEXT_QUERIES } from "./queries.js";
import type { Schedule } from "./rounds.js";

export const PART_NAMES = [
  "text",
  "glob",
  "structural",
  "after-change",
  "memory",
  "responsiveness",
  "call",
  "reading",
] as const;
export type PartName = (typeof PART_NAMES)[number];

export interface Options {
  readonly trees: readonly TreeName[];
  readonly parts: readonly PartName[];
  readonly engines: readonly EngineName[];
  readonly queries: ReadonlySet<string>;
  readonly schedule: Schedule;
  readonly output: string;
}

const QUERY_NAMES = [...TEXT_QUERIES, ...GLOB_QUERIES, ...STRUCTURAL_QUERIES].map((query) => query.name);

/** Reads the command line; an unknown word is an error. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trees: { type: "string", default: TREE_NAMES.join() },
      rounds: { type: "string", default: "100" },
      seconds: { type: "string", default: "3" },
      only: { type: "string", default: "" },
      output: { type: "string", default: join(corpusFolder(), "search-results.json") },
    },
  });
  const only = values.only.split(",").filter((word) => word !== "");
  const known: readonly string[] = [...PART_NAMES, ...ENGINE_NAMES, ...QUERY_NAMES];
  for (const word of only)
    if (!known.includes(word)) throw new Error(`--only ${word}: one of ${known.join()}`);
  return {
    trees: values.trees.split(",").map((name) => oneOf(TREE_NAMES, name)),
    parts: chosen(PART_NAMES, only),
    engines: chosen(ENGINE_NAMES, only),
    queries: new Set(chosen(QUERY_NAMES, only)),
    schedule: { rounds: Number(values.rounds), budgetMs: Number(values.seconds) * 1_000 },
    output: values.output,
  };
}

/** The words that were chosen among these; all where none was. */
function chosen<T extends string>(all: readonly T[], only: readonly string[]): readonly T[] {
  const some = all.filter((name) => only.includes(name));
  return some.length > 0 ? some : all;
}

function oneOf<T extends string>(all: readonly T[], word: string): T {
  const found = all.find((name) => name === word);
  if (found === undefined) throw new Error(`${word}: one of ${all.join()}`);
  return found;
}
