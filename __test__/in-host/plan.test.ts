import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { key } from "../../src/mission/index.js";
import { fileTask, fileWorker, Stage } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

const sound = { summary: "one file", tasks: [fileTask("ok")] };
const plan = (...tasks: object[]) => ({ summary: "a plan", tasks });

/** A plan that is not sound, and what the Planner must be told about it. */
const REFUSED: readonly (readonly [string, object, readonly string[]])[] = [
  [
    "a cycle",
    plan(fileTask("a", ["c"]), fileTask("b", ["a"]), fileTask("c", ["b"])),
    ["form a cycle", "→", "remove one of these dependencies"],
  ],
  [
    "an unknown dependency",
    plan(fileTask("a"), fileTask("b", ["nobody"])),
    ["task b depends on nobody", "there are: a, b"],
  ],
  [
    "a duplicate id",
    plan(fileTask("a"), { ...fileTask("a"), writes: ["other.ts"] }),
    ["two tasks have the id a"],
  ],
  [
    "overlapping write sets",
    plan({ ...fileTask("a"), writes: ["src/**"] }, { ...fileTask("b"), writes: ["src/x/*.ts"] }),
    ["tasks a and b may run at the same time", "src/**", "src/x/*.ts", "make one depend on the other"],
  ],
  ["a path that leads out", plan({ ...fileTask("a"), writes: ["../x.ts"] }), ["tasks.0.writes.0", "'..'"]],
  ["no tasks", plan(), ["tasks"]],
];

describe("a plan is refused with reasons, and nothing of it is stored", () => {
  it.each(REFUSED)("%s", async (_, broken, reasons) => {
    const show = await stage.project({ plans: [broken, sound], workers: { ok: fileWorker("ok") } });
    await show.command("task", "plan something");
    const answers = show.requests
      .flatMap((request) => request.toolResults)
      .filter((result) => result.name === "mission_plan");
    for (const reason of reasons) expect(answers[0]?.output).toContain(reason);
    expect(answers[0]?.output).toContain("nothing is stored");
    const stored = (await show.commits()).flatMap((commit) => commit.changes.map((change) => change.key));
    expect(new Set(stored.filter((one) => one.startsWith(key.tasks("M1"))))).toEqual(
      new Set([key.task("M1", "ok")]),
    );
    // The Planner could act on it: its next plan was accepted and carried out.
    expect((await show.view()).mission.state).toBe("sealed");
  });

  it("all problems at once", async () => {
    const broken = plan(fileTask("a", ["x"]), fileTask("a", ["y"]));
    const show = await stage.project({ plans: [broken, sound], workers: { ok: fileWorker("ok") } });
    await show.command("task", "plan something");
    const answer = show.requests
      .flatMap((request) => request.toolResults)
      .find((result) => result.name === "mission_plan");
    for (const part of ["two tasks have the id a", "depends on x", "depends on y"])
      expect(answer?.output).toContain(part);
  });
});

describe("a Planner that never submits a sound plan", () => {
  it("leaves the mission blocked, with a question, and not spinning", async () => {
    const show = await stage.project({
      plans: [],
      workers: {},
      override: { planner: () => ({ text: "I would rather not." }) },
    });
    const told = await show.command("task", "plan something");
    const { mission } = await show.view();
    expect(mission.state).toBe("blocked");
    expect(mission.reason).toContain("never called mission_plan");
    expect(told).toContain("has no plan");
    const planners = show.requests.filter((request) => request.system.startsWith("# Planner"));
    expect(planners.length).toBeLessThanOrEqual(9);
  });
});
