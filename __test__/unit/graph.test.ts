import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ancestors, type GraphTask, graphProblems } from "../../src/mission/graph.js";

const task = (id: string, dependencies: string[] = [], writes: string[] = []): GraphTask => ({
  id,
  dependencies,
  writes,
});

/** A graph in which each task depends only on earlier ones, in any order of listing. */
const dag = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 2, maxLength: 25 }).chain((links) => {
  const tasks = links.map((some, n) =>
    task(`T${n}`, n === 0 ? [] : [...new Set(some.map((link) => `T${link % n}`))]),
  );
  return fc.shuffledSubarray(tasks, { minLength: tasks.length });
});

describe("graphProblems", () => {
  it("finds nothing wrong with a graph that has an order", () => {
    fc.assert(
      fc.property(dag, (tasks) => {
        expect(graphProblems(tasks)).toEqual([]);
      }),
    );
  });

  it("finds the cycle that one edge back makes, and names one that is there", () => {
    fc.assert(
      fc.property(dag, fc.nat(), (tasks, pick) => {
        const byId = new Map(tasks.map((one) => [one.id, one]));
        const dependents = tasks.filter((one) => one.dependencies.length > 0);
        if (dependents.length === 0) return;
        const last = dependents[pick % dependents.length] as GraphTask;
        const [first] = [...ancestors(last.id, byId)];
        const cyclic = tasks.map((one) =>
          one.id === first ? { ...one, dependencies: [...one.dependencies, last.id] } : one,
        );
        const [problem, ...more] = graphProblems(cyclic);
        expect(more).toEqual([]);
        if (problem?.kind !== "cycle") throw new Error(`expected a cycle, got ${problem?.kind}`);
        const edges = new Map(cyclic.map((one) => [one.id, one.dependencies]));
        const { cycle } = problem;
        expect(cycle.length).toBeGreaterThan(1);
        expect(cycle[0]).toBe(cycle.at(-1));
        expect(new Set(cycle).size).toBe(cycle.length - 1);
        for (const [n, id] of cycle.slice(1).entries()) expect(edges.get(cycle[n] ?? "")).toContain(id);
        expect(problem.message).toContain(cycle.join(" → "));
      }),
    );
  });

  it("names a cycle exactly, without the path that leads to it", () => {
    const tasks = [task("A", ["B"]), task("B", ["C"]), task("C", ["D"]), task("D", ["B"])];
    expect(graphProblems(tasks)).toEqual([
      expect.objectContaining({ kind: "cycle", cycle: ["B", "C", "D", "B"] }),
    ]);
    expect(graphProblems([task("A", ["A"])])).toEqual([
      expect.objectContaining({ kind: "cycle", cycle: ["A", "A"] }),
    ]);
  });

  it("names every duplicate and every unknown dependency at once", () => {
    const problems = graphProblems([task("A", ["X"]), task("A", ["Y"]), task("B", ["A", "X"])]);
    expect(problems.map(({ kind, message: _, ...rest }) => ({ kind, ...rest }))).toEqual([
      { kind: "duplicate-id", id: "A" },
      { kind: "unknown-dependency", id: "A", dependency: "X" },
      { kind: "unknown-dependency", id: "A", dependency: "Y" },
      { kind: "unknown-dependency", id: "B", dependency: "X" },
    ]);
    expect(problems[1]?.message).toContain("there are: A, B");
  });

  it("finds write sets that meet only between tasks without an order, however far apart", () => {
    const shared = ["src/**"];
    const chain = [task("A", [], shared), task("B", ["A"]), task("C", ["B"], shared)];
    expect(graphProblems(chain)).toEqual([]);
    expect(graphProblems([...chain, task("D", ["A"], ["src/d.ts"])])).toEqual([
      expect.objectContaining({ kind: "overlap", ids: ["C", "D"] }),
    ]);
    const three = [task("A", [], shared), task("B", [], shared), task("C", [], shared)];
    expect(graphProblems(three).map((one) => one.kind === "overlap" && one.ids)).toEqual([
      ["A", "B"],
      ["A", "C"],
      ["B", "C"],
    ]);
  });

  it("does not overflow the stack on a chain of 5,000, with a cycle at its end", () => {
    const chain = Array.from({ length: 5_000 }, (_, n) =>
      task(`T${n}`, n < 4_999 ? [`T${n + 1}`] : ["T4998"]),
    );
    expect(graphProblems(chain)).toEqual([
      expect.objectContaining({ kind: "cycle", cycle: ["T4998", "T4999", "T4998"] }),
    ]);
  });

  it("judges the largest plan in seconds, where it could be hours: it holds up the host meanwhile", () => {
    const writes = (n: number) => [`src/**/{a,b}${n}.ts`, `src/*/x${n}/**`];
    const tasks = Array.from({ length: 200 }, (_, n) => task(`T${n}`, [], writes(n)));
    const started = performance.now();
    graphProblems(tasks);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it("refuses write sets that would take too long to compare, and says how to mend them", () => {
    const tasks = Array.from({ length: 200 }, (_, n) =>
      task(`T${n}`, [], [`src/{a,b,c,d}/{e,f,g,h}/x${n}.ts`]),
    );
    const started = performance.now();
    expect(graphProblems(tasks)).toEqual([
      expect.objectContaining({ kind: "too-wide", message: expect.stringContaining("name folders") }),
    ]);
    expect(performance.now() - started).toBeLessThan(8_000);
  });

  it("lists some of what is wrong where everything is, and not pair by pair", () => {
    const tasks = Array.from({ length: 200 }, (_, n) => task(`T${n}`, [], ["**"]));
    const problems = graphProblems(tasks);
    expect(problems[0]).toMatchObject({ kind: "overlap", ids: ["T0", "T1"] });
    expect(problems.length).toBeLessThan(200);
  });
});

it("ancestors are all tasks before one, over any number of steps, each once", () => {
  const tasks = [task("A"), task("B", ["A"]), task("C", ["A", "B"]), task("D", ["C", "C"]), task("E")];
  const byId = new Map(tasks.map((one) => [one.id, one]));
  expect([...ancestors("D", byId)].sort()).toEqual(["A", "B", "C"]);
  expect(ancestors("E", byId).size).toBe(0);
  expect(ancestors("none", byId).size).toBe(0);
});
