import type { Query } from "./engines/engine.js";
import type { EngineName } from "./engines/names.js";
import { GLOB_QUERIES, STRUCTURAL_QUERIES, TEXT_QUERIES } from "./queries.js";

/** One kind of search: what is asked of whom, and whose answers and times the others are held against. */
export interface Section {
  readonly name: string;
  readonly queries: readonly Query[];
  readonly engines: readonly EngineName[];
  readonly baseline: EngineName;
}

export const TEXT: Section = {
  name: "text",
  queries: TEXT_QUERIES,
  engines: ["rg-json", "rg-json-to-end", "rg-count", "fff", "ours-unindexed", "ours"],
  baseline: "rg-json",
};

export const GLOB: Section = {
  name: "glob",
  queries: GLOB_QUERIES,
  engines: ["rg-json", "fff", "fast-glob", "tinyglobby", "ours-unindexed", "ours"],
  baseline: "rg-json",
};

export const STRUCTURAL: Section = {
  name: "structural",
  queries: STRUCTURAL_QUERIES,
  engines: ["ast-grep", "ours-unindexed", "ours"],
  baseline: "ast-grep",
};

/** What is timed after a part of the files has changed: few results, none, and an early end. */
export const AFTER_CHANGE: Section = {
  name: "after-change",
  queries: TEXT_QUERIES.filter(({ name }) =>
    ["rare", "absent-common-trigrams", "common-first-100"].includes(name),
  ),
  engines: ["rg-json", "ours-unindexed", "ours"],
  baseline: "rg-json",
};

/** Searches long enough to hold an event loop up. */
export const RESPONSIVENESS: Section = {
  ...TEXT,
  name: "responsiveness",
  queries: TEXT_QUERIES.filter(({ name }) => ["absent-common-trigrams", "common-all"].includes(name)),
};

/** Whether the engine has something of its own to show: reading to the end has not, where nobody stops early. */
export function takesPart(engine: EngineName, query: Query): boolean {
  return engine !== "rg-json-to-end" || (query.kind === "text" && query.first !== undefined);
}
