import type { Mission, MissionView, Task } from "../../src/mission/index.js";
import type { Log } from "../../src/ports/index.js";

/** A mission in execution, with what a test changes of it. */
export function mission(change: Partial<Mission> = {}): Mission {
  return {
    id: "M1",
    goal: "the goal",
    state: "executing",
    rootSession: "root",
    createdMs: 0,
    finalCommands: [],
    approvedCommands: [],
    planAttempts: 0,
    planFindings: [],
    verification: 0,
    failedVerifications: 0,
    sinceMs: 0,
    budget: {},
    spent: { tokens: 0, cost: 0, rounds: 0, sessions: 0, activeMs: 0 },
    ...change,
  };
}

export function task(id: string, change: Partial<Task> = {}): Task {
  return {
    id,
    mission: "M1",
    order: 0,
    title: `Title of ${id}`,
    instructions: `Do ${id}.`,
    dependencies: [],
    writes: [],
    checks: { commands: [], files: [], criteria: [] },
    priority: "normal",
    depth: 0,
    state: "pending",
    attempt: 0,
    attemptLimit: 3,
    findings: [],
    evidence: [],
    ...change,
  };
}

export function view(tasks: readonly Task[], change: Partial<Mission> = {}): MissionView {
  return { mission: mission(change), tasks: tasks.map((one, order) => ({ ...one, order })) };
}

/** A log that keeps what it is told. */
export function keptLog(): Log & { readonly lines: [string, string, Readonly<Record<string, unknown>>][] } {
  const lines: [string, string, Readonly<Record<string, unknown>>][] = [];
  const write =
    (level: string) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
      lines.push([level, event, fields]);
    };
  return { lines, info: write("info"), warn: write("warn"), error: write("error") };
}
