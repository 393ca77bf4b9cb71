import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { compare } from "./compare.js";
import { DiskTree } from "./disk-tree.js";
import { mutation } from "./generate/mutations.js";
import { type Query, query } from "./generate/queries.js";
import { tree } from "./generate/trees.js";
import { mutate } from "./mutate.js";
import { check, DIFFERENTIAL_CASES } from "./size.js";
import { openSubject } from "./subject.js";

const subjects = [false, true].map((index) => openSubject({ index }));
afterAll(() => Promise.all(subjects.map((subject) => subject.close())));

const cases = DIFFERENTIAL_CASES ?? 400;
/** Of a run, on average. */
const QUERIES = 20;

const queries = (maxLength: number) => fc.array(query, { minLength: 1, maxLength, size: "max" });
const steps = fc.array(fc.record({ mutation, queries: queries(5) }), { maxLength: 10, size: "max" });

const withinLines = (query: Query): Query => (query.kind === "grep" ? { ...query, multiline: false } : query);

describe("search", () => {
  it(`answers ${cases} generated queries as ripgrep does, between changes of the tree`, async () => {
    let asked = 0;
    // The queries before the tree, because they are shrunk first: a tree takes many attempts.
    const property = fc.asyncProperty(
      queries(10),
      steps,
      fc.boolean(),
      tree,
      async (first, steps, early, tree) => {
        using disk = new DiskTree(tree);
        const ask = async (queries: typeof first) => {
          asked += queries.length;
          const fitting = queries.map((each) => (tree.isLarge ? withinLines(each) : each));
          await Promise.all(fitting.map((each) => compare(each, disk.resolve(each.target), subjects)));
        };
        if (early) for (const subject of subjects) await subject.ready(disk.root);
        await ask(first);
        for (const { mutation, queries } of steps) {
          mutate(disk, mutation);
          await ask(queries);
        }
      },
    );
    await check(property, {
      runs: Math.ceil(cases / QUERIES),
      defaultSize: DIFFERENTIAL_CASES === undefined,
    });
    expect(asked).toBeGreaterThan(cases / 2);
  }, 3_600_000);
});
