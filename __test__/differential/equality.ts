import fc from "fast-check";
import { compare } from "./compare.js";
import { DiskTree } from "./disk-tree.js";
import { mutation } from "./generate/mutations.js";
import { type Query, query } from "./generate/queries.js";
import { tree } from "./generate/trees.js";
import { mutate } from "./mutate.js";
import { PROBES } from "./probes.js";
import type { Subject } from "./subject.js";

/** How many queries a run of the property asks, on average. */
export const QUERIES_OF_A_RUN = 26;

const queries = (maxLength: number) => fc.array(query, { minLength: 1, maxLength, size: "max" });
const steps = fc.array(fc.record({ mutation, queries: queries(3) }), { maxLength: 10, size: "max" });

/** The subjects answer as ripgrep does, in a generated tree and after each of several changes of it. */
export function equality(subjects: readonly Subject[], asked: (queries: number) => void = () => undefined) {
  // The queries before the tree, because they are shrunk first: a tree takes many attempts.
  return fc.asyncProperty(queries(10), steps, fc.boolean(), tree, async (first, steps, early, tree) => {
    using disk = new DiskTree(tree);
    const ask = async (queries: readonly Query[]) => {
      asked(queries.length);
      const fitting = queries.map((each) => (tree.isLarge ? withinLines(each) : each));
      await Promise.all(fitting.map((each) => compare(each, disk.resolve(each.target), subjects)));
    };
    if (early) for (const subject of subjects) await subject.ready(disk.root);
    await ask([...PROBES, ...first]);
    for (const { mutation, queries } of steps) {
      mutate(disk, mutation);
      await ask([...PROBES, ...queries]);
    }
  });
}

function withinLines(query: Query): Query {
  return query.kind === "grep" ? { ...query, multiline: false } : query;
}
