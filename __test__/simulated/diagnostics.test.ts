import { describe, expect, it } from "vitest";
import type { Diagnosis, DiagnosticError } from "../../src/ports/index.js";
import { ScriptedChecks } from "./process.js";
import { planOf, plans, Stage, task, works } from "./stage.js";

const NONE: Diagnosis = { errors: [], servers: ["server"], unchecked: [] };

function error(path: string, line: number, message: string): DiagnosticError {
  return { path, line, column: 5, message, server: "server", source: "src", code: "E1" };
}

/** What the server says, look by look; the last one stands. */
function looks(checks: ScriptedChecks, ...answers: (readonly DiagnosticError[] | Diagnosis)[]): string[][] {
  const asked: string[][] = [];
  checks.diagnosis = (paths, look) => {
    asked.push([...paths]);
    const answer = answers[Math.min(look, answers.length) - 1] ?? [];
    const diagnosis = "errors" in answer ? answer : { ...NONE, errors: answer };
    return { ...diagnosis, errors: diagnosis.errors.filter(({ path }) => paths.includes(path)) };
  };
  return asked;
}

async function play(
  checks: ScriptedChecks,
  state: "sealed" | "blocked",
  ...tasks: Record<string, unknown>[]
) {
  const stage = await Stage.open();
  const workers: string[] = [];
  const process = stage.boot(
    {
      planner: plans(planOf(...tasks)),
      worker: (turn) => {
        workers.push(turn.message.text);
        return works(turn);
      },
    },
    {},
    { checks },
  );
  const id = await stage.begin(process);
  const view = await stage.until(process, id, state);
  return { ...view, workers, told: view.mission.notice?.text ?? "" };
}

describe("diagnostics of language servers", () => {
  it("send a task back with each new error, exactly, and before any command runs", async () => {
    const checks = new ScriptedChecks();
    checks.existing = ["A/a.x"];
    looks(checks, [], [error("A/a.x", 3, "it is\n  wrong")], []);
    const { tasks, workers } = await play(checks, "sealed", task("A", { checks: { commands: ["make"] } }));
    expect(tasks[0]?.attempt).toBe(2);
    expect(workers[1]).toContain("- A/a.x:3:5: it is wrong (src E1)");
    // Once for the task that was mended, once for the whole.
    expect(checks.runs).toEqual(["make", "make"]);
  });

  it("hold nothing against a task that was there before, wherever it has moved", async () => {
    const checks = new ScriptedChecks();
    checks.existing = ["A/a.x"];
    looks(checks, [error("A/a.x", 3, "old")], [error("A/a.x", 30, "old")]);
    const { tasks } = await play(checks, "sealed", task("A"));
    expect(tasks[0]).toMatchObject({
      attempt: 1,
      evidence: [{ diagnostics: { servers: ["server"], unchecked: [] } }],
    });
  });

  it("count how often an error is there: one more of the same is new", async () => {
    const checks = new ScriptedChecks();
    checks.existing = ["A/a.x"];
    looks(checks, [error("A/a.x", 3, "same")], [error("A/a.x", 3, "same"), error("A/a.x", 9, "same")], []);
    const { tasks, workers } = await play(checks, "sealed", task("A"));
    expect(tasks[0]?.attempt).toBe(2);
    expect(workers[1]).toContain("A/a.x:9:5: same (src E1)");
    expect(workers[1]).not.toContain("A/a.x:3:5");
  });

  it("look only at the task's own files while others are at work, and at the rest before the seal", async () => {
    const checks = new ScriptedChecks();
    checks.existing = ["A/a.x"];
    checks.dependent = ["outside.x"];
    const asked = looks(
      checks,
      [error("outside.x", 1, "old")],
      [],
      [error("outside.x", 1, "old"), error("outside.x", 2, "new")],
    );
    const { mission, tasks, told } = await play(checks, "blocked", task("A"));
    expect(asked).toEqual([["A/a.x", "outside.x"], ["A/a.x"], ["A/a.x", "outside.x"]]);
    expect(tasks[0]).toMatchObject({ state: "done", attempt: 1 });
    expect(mission.reason).toBe("the final verification failed");
    expect(told).toContain("outside.x:2:5: new (src E1)");
    expect(told).not.toContain("outside.x:1:5");
  });

  it("find before the seal what one task broke in the files of a later one, which had found it so", async () => {
    const checks = new ScriptedChecks();
    checks.existing = ["A/a.x", "B/b.x"];
    checks.diagnosis = (paths, look) => ({
      ...NONE,
      // From the end of A on.
      errors: look >= 2 && paths.includes("B/b.x") ? [error("B/b.x", 1, "broken by A")] : [],
    });
    checks.dependent = ["B/b.x"];
    const { tasks } = await play(checks, "blocked", task("A"), task("B", { dependencies: ["A"] }));
    expect(
      tasks.map(({ id, diagnosticsBaseline }) => [id, Object.keys(diagnosticsBaseline?.errors ?? {}).length]),
    ).toEqual([
      ["A", 0],
      ["B", 1],
    ]);
  });

  it("say what nobody has looked at: to the Reviewer, in the evidence and at the seal", async () => {
    const checks = new ScriptedChecks();
    checks.existing = ["A/a.x"];
    looks(checks, {
      errors: [],
      servers: [],
      unchecked: [{ server: "server", reason: "it did not answer within 1 s" }],
    });
    const { tasks, told } = await play(checks, "sealed", task("A"));
    const line = "server: it did not answer within 1 s";
    expect(tasks[0]?.evidence[0]?.diagnostics).toEqual({ servers: [], unchecked: [line] });
    expect(told).toContain(`Not checked by a language server:\n${line}`);
  });

  it("do not judge by a server that could not look before the task began", async () => {
    const checks = new ScriptedChecks();
    checks.existing = ["A/a.x"];
    looks(checks, { errors: [], servers: [], unchecked: [{ server: "server", reason: "late" }] }, [
      error("A/a.x", 1, "old or new"),
    ]);
    const { tasks } = await play(checks, "sealed", task("A"));
    expect(tasks[0]).toMatchObject({
      attempt: 1,
      evidence: [
        { diagnostics: { servers: [], unchecked: ["server: it had not looked before the task began"] } },
      ],
    });
  });

  it("are taken once before the first attempt, and not again before the next", async () => {
    const checks = new ScriptedChecks();
    checks.existing = ["A/a.x"];
    const asked = looks(checks, [], [error("A/a.x", 1, "new")], [error("A/a.x", 1, "new")], []);
    const { tasks } = await play(checks, "sealed", task("A"));
    // Baseline, three attempts, seal.
    expect(tasks[0]?.attempt).toBe(3);
    expect(asked).toHaveLength(5);
  });
});
