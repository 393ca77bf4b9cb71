import { describe, expect, it } from "vitest";
import { planBrief, reviewBrief, workBrief } from "../../src/engine/briefs.js";
import { jobsFor, missionOutcome, unblockedTasks } from "../../src/engine/jobs.js";
import { settle } from "../../src/engine/settle.js";
import { key, MissionDraft, type Task } from "../../src/mission/index.js";
import { Transaction } from "../../src/state/index.js";
import { put, temporaryStore } from "../native/temporary.js";
import { mission, task, view } from "./records.js";

describe("the jobs of a mission", () => {
  it("follow from its state alone", () => {
    const tasks = [
      task("pending"),
      task("ready", { state: "ready", attempt: 1, priority: "low" }),
      task("running", { state: "running", attempt: 2 }),
      task("checking", { state: "checking", attempt: 1 }),
      task("reviewing", { state: "reviewing", attempt: 1, priority: "critical" }),
      task("done", { state: "done" }),
      task("blocked", { state: "blocked" }),
    ];
    expect(jobsFor(view(tasks)).map((job) => [job.id, job.lane, job.priority, job.task])).toEqual([
      ["M1:work:ready:2", "worker", "low", "ready"],
      ["M1:work:running:2", "worker", "normal", "running"],
      ["M1:check:checking:1", "checker", "normal", "checking"],
      ["M1:review:reviewing:1", "reviewer", "critical", "reviewing"],
    ]);
    expect(jobsFor(view(tasks, { state: "planning" })).map((job) => [job.kind, job.lane])).toEqual([
      ["plan", "planner"],
    ]);
    expect(jobsFor(view([], { state: "verifying" })).map((job) => [job.kind, job.lane])).toEqual([
      ["seal", "checker"],
    ]);
    for (const state of ["paused", "blocked", "sealed", "failed", "cancelled"] as const)
      expect(jobsFor(view(tasks, { state }))).toEqual([]);
  });

  it("keep their id from ready to running, and get another with each attempt and verification", () => {
    const id = (change: Partial<Task>) => jobsFor(view([task("T", change)]))[0]?.id;
    expect(id({ state: "ready", attempt: 0 })).toBe(id({ state: "running", attempt: 1 }));
    expect(id({ state: "ready", attempt: 1 })).not.toBe(id({ state: "ready", attempt: 0 }));
    const seal = (verification: number) => jobsFor(view([], { state: "verifying", verification }))[0]?.id;
    expect(seal(1)).not.toBe(seal(2));
  });
});

describe("unblocked tasks", () => {
  it("are those whose dependencies are all done, while the mission is executing", () => {
    const tasks = [
      task("a", { state: "done" }),
      task("b", { dependencies: ["a"] }),
      task("c", { dependencies: ["a", "b"] }),
      task("d"),
      task("e", { dependencies: ["f"] }),
      task("f", { state: "failed" }),
    ];
    expect(unblockedTasks(view(tasks)).map((one) => one.id)).toEqual(["b", "d"]);
    expect(unblockedTasks(view(tasks, { state: "paused" }))).toEqual([]);
  });
});

describe("the outcome of a mission", () => {
  it.each<[string, Task["state"][], ReturnType<typeof missionOutcome>]>([
    ["something moves", ["done", "ready", "failed"], undefined],
    ["something is judged", ["done", "reviewing"], undefined],
    ["all is done", ["done", "done"], "verifying"],
    ["what is not done is cancelled", ["done", "cancelled"], "verifying"],
    ["something failed and nothing moves", ["done", "failed"], "blocked"],
    ["something waits for what failed", ["failed", "pending"], "blocked"],
  ])("%s", (_, states, outcome) => {
    const tasks = states.map((state, n) => task(`T${n}`, { state }));
    expect(missionOutcome(view(tasks))).toBe(outcome);
    expect(missionOutcome(view(tasks, { state: "planning" }))).toBeUndefined();
  });
});

describe("settle", () => {
  async function settled(tasks: Task[], change: Parameters<typeof mission>[0] = {}) {
    const store = await temporaryStore();
    await put(store, {
      [key.mission("M1")]: mission(change),
      ...Object.fromEntries(tasks.map((one, order) => [key.task("M1", one.id), { ...one, order }])),
    });
    const draft = new MissionDraft(new Transaction(store), "M1");
    settle(draft);
    return draft;
  }

  it("makes what waits for nothing ready", async () => {
    const draft = await settled([task("a", { state: "done" }), task("b", { dependencies: ["a"] })]);
    expect(draft.task("b").state).toBe("ready");
    expect(draft.mission.state).toBe("executing");
  });

  it("sends a mission with all tasks done on to its verification", async () => {
    expect((await settled([task("a", { state: "done" })])).mission.state).toBe("verifying");
  });

  it("takes a mission with something left to do back from its verification", async () => {
    const draft = await settled([task("a", { state: "done" }), task("b")], { state: "verifying" });
    expect(draft.mission.state).toBe("executing");
    expect(draft.task("b").state).toBe("ready");
  });

  it("blocks a mission that cannot go on, and says why and what can be done", async () => {
    const draft = await settled([
      task("a", { state: "failed", reason: "three times" }),
      task("b", { state: "blocked", reason: "needs a key" }),
    ]);
    expect(draft.mission).toMatchObject({
      state: "blocked",
      resumeTo: "executing",
      reason: "a failed: three times; b blocked: needs a key",
      notice: { number: 1, delivered: false },
    });
    expect(draft.mission.notice?.text).toMatch(/a failed: three times\nb blocked: needs a key\n.*retry/);
  });

  it("leaves a mission at rest alone", async () => {
    const draft = await settled([task("a")], { state: "paused" });
    expect([draft.mission.state, draft.task("a").state]).toEqual(["paused", "pending"]);
  });
});

describe("a brief", () => {
  const whole = task("T2", {
    instructions: "Write the parser.\nAll of it.",
    dependencies: ["T1"],
    writes: ["src/parser/**", "docs/*.md"],
    checks: { commands: ["npm test"], files: ["src/parser/index.ts"], criteria: ["reads like the rest"] },
    attempt: 1,
  });
  const before = task("T1", {
    state: "done",
    evidence: [
      {
        attempt: 1,
        summary: "the lexer is in src/lexer.ts",
        changedFiles: [],
        commands: [],
        findings: [],
        inputTokens: 0,
        outputTokens: 0,
        cost: 0,
      },
    ],
  });

  it("has everything that a Worker needs the first time", () => {
    const text = workBrief(view([before, whole, task("T3")]), whole, false);
    for (const part of [
      "Task T2 of mission M1: Title of T2",
      "Write the parser.\nAll of it.",
      "src/parser/**",
      "docs/*.md",
      "npm test",
      "src/parser/index.ts",
      "reads like the rest",
      "T1 Title of T1: the lexer is in src/lexer.ts",
      "task_report",
    ])
      expect(text).toContain(part);
    expect(text).not.toContain("T3");
    expect(text).not.toContain("not accepted");
  });

  it("has only the findings in the same session, and everything with them in another one", () => {
    const again = { ...whole, attempt: 2, findings: ["line 3 is wrong", "no test"] };
    const same = workBrief(view([before, again]), again, true);
    expect(same).toContain("Attempt 1 was not accepted");
    expect(same).toContain("- line 3 is wrong\n- no test");
    expect(same).not.toContain("Write the parser");
    const fresh = workBrief(view([before, again]), again, false);
    expect(fresh).toContain("Write the parser");
    expect(fresh).toContain("- line 3 is wrong\n- no test");
  });

  it("tells a Reviewer what was wanted, what was reported and what was checked", () => {
    const reported = {
      ...whole,
      findings: ["no test"],
      evidence: [
        {
          attempt: 1,
          summary: "parses",
          changedFiles: ["src/parser/index.ts"],
          commands: [{ command: "npm test", exitCode: 0, durationMs: 12.4, timedOut: false, output: "" }],
          findings: [],
          inputTokens: 0,
          outputTokens: 0,
          cost: 0,
        },
      ],
    };
    const text = reviewBrief(view([reported]), reported);
    for (const part of [
      "Write the parser.",
      "reads like the rest",
      "parses",
      "- src/parser/index.ts",
      "npm test (12 ms)",
      "no test",
      "review_verdict",
    ])
      expect(text).toContain(part);
  });

  it("gives a Planner the goal, and what was wrong the last time", () => {
    expect(planBrief(mission({ goal: "JWT auth" }))).toMatch(
      /Plan mission M1\.\n\nGoal:\nJWT auth\n\n.*mission_plan/,
    );
    expect(planBrief(mission({ planFindings: ["no plan"] }))).toContain("- no plan");
  });
});
