import { compileGlob, MAX_WRITE_SET_SIZE, overlap, writeSetSize } from "./write-set.js";

/** The part of a task that the graph is made of. */
export interface GraphTask {
  readonly id: string;
  readonly dependencies: readonly string[];
  readonly writes: readonly string[];
}

/** What is wrong with a plan as a graph. Each message says how to mend it. */
export type GraphProblem =
  | { readonly kind: "duplicate-id"; readonly id: string; readonly message: string }
  | {
      readonly kind: "unknown-dependency";
      readonly id: string;
      readonly dependency: string;
      readonly message: string;
    }
  | { readonly kind: "cycle"; readonly cycle: readonly string[]; readonly message: string }
  | { readonly kind: "too-wide"; readonly message: string }
  | { readonly kind: "overlap"; readonly ids: readonly [string, string]; readonly message: string };

/** A plan in which everything overlaps is not listed pair by pair. */
const MAX_OVERLAPS = 50;

/**
 * Everything that is wrong with the graph; empty when it is sound. Write sets are compared only where the rest
 * is sound, because "may run in parallel" has no meaning in a graph with a cycle.
 */
export function graphProblems(tasks: readonly GraphTask[]): GraphProblem[] {
  const byId = new Map<string, GraphTask>();
  const problems: GraphProblem[] = [];
  for (const task of tasks) {
    if (byId.has(task.id))
      problems.push({
        kind: "duplicate-id",
        id: task.id,
        message: `two tasks have the id ${task.id}: give each task an id of its own`,
      });
    byId.set(task.id, task);
  }
  for (const task of tasks) {
    for (const dependency of task.dependencies) {
      if (!byId.has(dependency))
        problems.push({
          kind: "unknown-dependency",
          id: task.id,
          dependency,
          message: `task ${task.id} depends on ${dependency}, which is not in the plan (there are: ${[...byId.keys()].join(", ")})`,
        });
    }
  }
  if (problems.length > 0) return problems;
  const cycle = findCycle(byId);
  if (cycle)
    return [
      {
        kind: "cycle",
        cycle,
        message: `the dependencies form a cycle: ${cycle.join(" → ")}: remove one of these dependencies`,
      },
    ];
  const size = writeSetSize(tasks.flatMap((task) => task.writes));
  if (size > MAX_WRITE_SET_SIZE)
    return [
      {
        kind: "too-wide",
        message:
          `the write sets of all tasks together have ${size} characters, each alternative of a brace counted; ` +
          `at most ${MAX_WRITE_SET_SIZE}: name folders instead of files`,
      },
    ];
  return overlaps(tasks, byId);
}

/** A cycle as the list of its ids with the first repeated at the end, or undefined. */
function findCycle(tasks: ReadonlyMap<string, GraphTask>): string[] | undefined {
  const finished = new Set<string>();
  for (const start of tasks.keys()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    // An explicit stack: a plan may be a chain of hundreds, and recursion depth is not ours to spend.
    const stack: { id: string; next: number }[] = [];
    const enter = (id: string) => {
      stack.push({ id, next: 0 });
      path.push(id);
      onPath.add(id);
    };
    if (!finished.has(start)) enter(start);
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      const dependency = tasks.get(frame.id)?.dependencies[frame.next++];
      if (dependency === undefined) {
        finished.add(frame.id);
        onPath.delete(frame.id);
        path.pop();
        stack.pop();
      } else if (onPath.has(dependency)) {
        return [...path.slice(path.indexOf(dependency)), dependency];
      } else if (!finished.has(dependency)) enter(dependency);
    }
  }
  return undefined;
}

function overlaps(tasks: readonly GraphTask[], byId: ReadonlyMap<string, GraphTask>): GraphProblem[] {
  const before = new Map<string, Set<string>>();
  for (const task of tasks) before.set(task.id, ancestors(task.id, byId));
  const writes = new Map(tasks.map((task) => [task.id, task.writes.map(compileGlob)]));
  const problems: GraphProblem[] = [];
  for (const [index, left] of tasks.entries()) {
    for (const right of tasks.slice(index + 1)) {
      if (problems.length === MAX_OVERLAPS) return problems;
      if (before.get(left.id)?.has(right.id) || before.get(right.id)?.has(left.id)) continue;
      const shared = overlap(writes.get(left.id) ?? [], writes.get(right.id) ?? []);
      if (shared)
        problems.push({
          kind: "overlap",
          ids: [left.id, right.id],
          message:
            `tasks ${left.id} and ${right.id} may run at the same time and both may write ` +
            `(${shared[0]} and ${shared[1]} can match the same file): ` +
            `narrow the write sets, or make one depend on the other`,
        });
    }
  }
  return problems;
}

/** Ids of all tasks that come before this one. */
export function ancestors(id: string, tasks: ReadonlyMap<string, GraphTask>): Set<string> {
  const seen = new Set<string>();
  const open = [...(tasks.get(id)?.dependencies ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(tasks.get(next)?.dependencies ?? []));
  }
  return seen;
}
