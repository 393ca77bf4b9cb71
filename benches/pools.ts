/**
 * Whether pools win in JavaScript: task records from a pool of 200 (50 made in advance) beside object literals and
 * beside the way by which the engine really gets its records, from the store's JSON; and interned states beside
 * strings as they come. All take turns. Usage: npm run bench:pools [rounds]
 */
import { type Task, taskSchema } from "../src/mission/index.js";

const TASK_STATES = taskSchema.shape.state.options;

const rounds = Number(process.argv[2] ?? 200);
/** Records alive at once. */
const RECORDS = 200;
const MADE = 50;

const NONE: string[] = [];

function literal(index: number): Task {
  return {
    id: `T${index}`,
    mission: "M1",
    order: index,
    title: "Parse the options",
    instructions: "Write a parser for the options and its tests.",
    dependencies: NONE,
    writes: NONE,
    checks: { commands: NONE, files: NONE, criteria: NONE },
    priority: "normal",
    depth: 0,
    state: TASK_STATES[index % TASK_STATES.length] ?? "pending",
    attempt: 0,
    attemptLimit: 3,
    findings: NONE,
    evidence: [],
  };
}

class RecordPool {
  readonly #idle: Task[] = [];

  constructor() {
    for (let made = 0; made < MADE; made++) this.#idle.push(literal(0));
  }

  take(index: number): Task {
    const task = this.#idle.pop();
    if (!task) return literal(index);
    task.id = `T${index}`;
    task.mission = "M1";
    task.order = index;
    task.title = "Parse the options";
    task.instructions = "Write a parser for the options and its tests.";
    task.dependencies = NONE;
    task.writes = NONE;
    task.checks.commands = NONE;
    task.checks.files = NONE;
    task.checks.criteria = NONE;
    task.priority = "normal";
    task.depth = 0;
    task.state = TASK_STATES[index % TASK_STATES.length] ?? "pending";
    task.attempt = 0;
    task.attemptLimit = 3;
    task.findings = NONE;
    return task;
  }

  /** Nothing handed out later may carry this content. */
  give(task: Task): void {
    task.id = task.mission = task.title = task.instructions = "";
    task.dependencies = task.writes = task.findings = NONE;
    task.checks.commands = task.checks.files = task.checks.criteria = NONE;
    task.evidence.length = 0;
    if (this.#idle.length < RECORDS) this.#idle.push(task);
  }
}

const pool = new RecordPool();
const stored = Array.from({ length: RECORDS }, (_, index) => JSON.stringify(literal(index)));
const parsed = stored.map((text) => taskSchema.parse(JSON.parse(text)));
const intern = new Map<string, string>(TASK_STATES.map((state) => [state, state]));
const interned = parsed.map((task) => intern.get(task.state) ?? task.state);

let sink = 0;
function use(tasks: readonly Task[]): void {
  for (const task of tasks) sink += task.order + task.id.length;
}

function literals(): void {
  const tasks: Task[] = [];
  for (let index = 0; index < RECORDS; index++) tasks.push(literal(index));
  use(tasks);
}

function pooled(): void {
  const tasks: Task[] = [];
  for (let index = 0; index < RECORDS; index++) tasks.push(pool.take(index));
  use(tasks);
  for (const task of tasks) pool.give(task);
}

function fromStore(): void {
  use(stored.map((text) => taskSchema.parse(JSON.parse(text))));
}

function count(states: readonly string[]): void {
  for (const state of states) for (const one of TASK_STATES) if (state === one) sink++;
}

/** Nanoseconds an item of each of the ways, which take turns. */
function race(ways: Readonly<Record<string, () => void>>, times: number): void {
  const results = Object.entries(ways).map(([name, way]) => ({ name, way, spent: [] as number[] }));
  for (let round = -20; round < rounds; round++)
    for (const { way, spent } of results) {
      const begun = performance.now();
      for (let time = 0; time < times; time++) way();
      if (round >= 0) spent.push(((performance.now() - begun) * 1e6) / times / RECORDS);
    }
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  for (const { name, spent } of results)
    process.stdout.write(`| ${name} | ${Math.min(...spent).toFixed(1)} | ${median(spent).toFixed(1)} |\n`);
}

const runtime = process.versions["bun"] ? `Bun ${process.versions["bun"]}` : `Node ${process.versions.node}`;
process.stdout.write(
  `${runtime}, ${rounds} rounds, nanoseconds a record\n\n| | fastest | median |\n|---|---|---|\n`,
);
race({ "record: object literal": literals, "record: pool of 200": pooled }, 50);
race({ "record: as the engine gets it, JSON and its schema": fromStore }, 5);
const fresh = parsed.map((task) => task.state);
race(
  {
    "state compared with nine: as it came from JSON": () => count(fresh),
    "state compared with nine: interned before": () => count(interned),
    "state compared with nine: interned on the way": () =>
      count(fresh.map((state) => intern.get(state) ?? state)),
  },
  200,
);
if (sink === 0) throw new Error("nothing was done");
