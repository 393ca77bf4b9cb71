import { describe, expect, it } from "vitest";
import { report, submitPlan, verdict } from "../../src/engine/index.js";
import { MissionError } from "../../src/mission/index.js";
import type { Clock } from "../../src/ports/index.js";
import { failureOf } from "../native/temporary.js";
import { ScriptedChecks } from "./process.js";
import {
  accepts,
  type Cast,
  type CastTurn,
  hangs,
  planOf,
  plans,
  ROOT,
  Stage,
  task,
  works,
} from "./stage.js";

const TRANSIENT = { kind: "transient", message: "429" } as const;

describe("a mission", () => {
  it("runs its plan in order to the seal, with one message for each piece of work", async () => {
    const stage = await Stage.open();
    const order: string[] = [];
    const process = stage.boot({
      planner: plans(planOf(task("A"), task("B"), task("C", { dependencies: ["A", "B"] }))),
      worker: (turn) => {
        order.push(turn.task);
        return works(turn);
      },
    });
    const id = await stage.begin(process);
    const { mission, tasks } = await stage.until(process, id, "sealed");
    expect(tasks.map((one) => [one.id, one.state, one.attempt])).toEqual([
      ["A", "done", 1],
      ["B", "done", 1],
      ["C", "done", 1],
    ]);
    expect(order.at(-1)).toBe("C");
    expect(mission).toMatchObject({ summary: "as it should be", endedMs: expect.any(Number) });
    for (const [agent, count] of [
      ["planner", 1],
      ["worker", 3],
      ["reviewer", 3],
    ] as const) {
      const messages = stage.host.messagesTo(agent);
      expect([agent, messages.length]).toEqual([agent, count]);
      expect(messages.every((one) => one.prompts === 1)).toBe(true);
    }
    // Every session is a child of the mission's, and every task's use is on its record.
    const children = [...stage.host.sessions.values()].filter((one) => one.id !== ROOT);
    expect(children.every((one) => one.parent === ROOT)).toBe(true);
    expect(tasks.map((one) => one.evidence[0]?.verdict)).toEqual(["accept", "accept", "accept"]);
  });

  it("tells the Commander that it is sealed, then gives its lease back", async () => {
    const stage = await Stage.open();
    const process = stage.boot({});
    const id = await stage.begin(process);
    await stage.until(process, id, "sealed");
    await expect.poll(() => process.engine.view(id).mission.notice?.delivered).toBe(true);
    expect(stage.host.messagesTo("commander").map((one) => one.text.split("\n", 1)[0])).toEqual([
      expect.stringContaining("Mission M1 is sealed"),
    ]);
    const free = () => stage.store.acquireLease({ name: `mission/${id}`, holder: "probe", ttlMs: 1 });
    await expect.poll(async () => (await free()).granted).toBe(true);
  });

  it("stores nothing of a plan that is refused, and takes the mended one", async () => {
    const stage = await Stage.open();
    let refusal: unknown;
    const process = stage.boot({
      planner: async (turn) => {
        const { engine, session, mission } = turn;
        const revision = stage.store.snapshot();
        const cyclic = planOf(task("A", { dependencies: ["B"] }), task("B", { dependencies: ["A"] }));
        refusal = await failureOf(submitPlan(engine, session.id, cyclic));
        expect(engine.view(mission)).toMatchObject({ mission: { state: "planning" }, tasks: [] });
        const wrong = await failureOf(
          submitPlan(engine, session.id, { summary: "", tasks: [{ id: "a b" }], extra: 1 }),
        );
        expect((wrong as Error).message).toMatch(/tasks\.0\.id.*\n(.|\n)*extra/);
        expect(stage.store.snapshot()).toBe(revision);
        return plans(planOf(task("A")))(turn);
      },
    });
    const id = await stage.begin(process);
    await stage.until(process, id, "sealed");
    expect(refusal).toBeInstanceOf(MissionError);
    expect(refusal).toMatchObject({ code: "ERR_PLAN_INVALID" });
    expect((refusal as Error).message).toMatch(/A → B → A/);
    expect(stage.host.messagesTo("planner").length).toBe(1);
  });

  it("tells as much of what is wrong with a plan as a model can use", async () => {
    const stage = await Stage.open();
    let text = "";
    const process = stage.boot({
      planner: async (turn) => {
        const ids = Array.from({ length: 60 }, (_, n) => `T${n}`);
        const overlapping = planOf(...ids.map((id) => task(id, { writes: ["**"] })));
        const refusal = await failureOf(submitPlan(turn.engine, turn.session.id, overlapping));
        text = (refusal as Error).message;
        return plans(planOf(task("A")))(turn);
      },
    });
    await stage.until(process, await stage.begin(process), "sealed");
    expect(text).toContain("tasks T0 and T1 may run at the same time");
    expect(text.length).toBeLessThan(20_000);
  });

  it("sends a task whose check fails back to its Worker, with the command's output", async () => {
    const stage = await Stage.open();
    const checks = new ScriptedChecks();
    checks.outcome = (_, run) => (run === 1 ? 3 : 0);
    const plan = planOf(task("A", { checks: { commands: ["make test"] } }));
    const process = stage.boot({ planner: plans(plan) }, {}, { checks });
    const id = await stage.begin(process);
    const { tasks } = await stage.until(process, id, "sealed");
    expect(tasks[0]).toMatchObject({ attempt: 2, state: "done" });
    expect(tasks[0]?.evidence.map((one) => one.commands[0]?.exitCode)).toEqual([3, 0]);
    const [brief, rework] = stage.host.messagesTo("worker");
    expect(brief?.text).toContain("make test");
    expect(rework?.session).toBe(brief?.session);
    expect(rework?.text).toContain("Attempt 1 was not accepted");
    expect(rework?.text).toContain("failed with exit code 3");
    expect(rework?.text).toContain("output of make test");
    // No review of work that has not passed its checks; and the whole again at the end.
    expect(stage.host.messagesTo("reviewer").length).toBe(1);
    expect(checks.runs.length).toBe(3);
  });

  it("runs no command that the user has not let through", async () => {
    const stage = await Stage.open();
    const process = stage.boot({
      planner: plans(planOf(task("A", { checks: { commands: ["rm -rf /"] } }))),
      worker: async ({ engine, session }) => {
        const done = { state: "done", summary: "done" } as const;
        await report(engine, session.id, done, { changedFiles: [], approved: [] });
        return undefined;
      },
    });
    const id = await stage.begin(process);
    const { tasks } = await stage.until(process, id, "blocked");
    expect(process.checks.runs).toEqual([]);
    expect(tasks[0]?.findings).toEqual(["the user has not allowed the command: rm -rf /"]);
  });

  it("is blocked, with a question for the Commander, when a task is rejected three times", async () => {
    const stage = await Stage.open();
    const process = stage.boot({
      reviewer: async ({ engine, session, attempt }) => {
        await verdict(engine, session.id, { verdict: "reject", findings: [`wrong ${attempt}`] });
        return undefined;
      },
    });
    const id = await stage.begin(process);
    const { mission, tasks } = await stage.until(process, id, "blocked");
    expect(tasks[0]).toMatchObject({ state: "failed", attempt: 3, findings: ["wrong 3"] });
    expect(mission.reason).toContain("T1 failed: not accepted after 3 attempts");
    expect(mission.notice?.text).toContain("retry a task");
    expect(stage.host.messagesTo("worker").map((one) => one.text.includes("wrong"))).toEqual([
      false,
      true,
      true,
    ]);
    await expect.poll(() => stage.host.messagesTo("commander").length).toBe(1);
  });

  it("takes no reject without findings, and no verdict from anybody but the Reviewer", async () => {
    const stage = await Stage.open();
    const process = stage.boot({
      worker: async (turn) => {
        const { engine, session } = turn;
        expect(
          await failureOf(verdict(engine, session.id, { verdict: "accept", findings: [] })),
        ).toMatchObject({
          code: "ERR_NOT_ASSIGNED",
        });
        return works(turn);
      },
      reviewer: async (turn) => {
        const { engine, session } = turn;
        expect(
          await failureOf(verdict(engine, session.id, { verdict: "reject", findings: [] })),
        ).toMatchObject({
          code: "ERR_INVALID_STATE",
        });
        return accepts(turn);
      },
    });
    await stage.until(process, await stage.begin(process), "sealed");
    expect(
      await failureOf(
        report(
          process.engine,
          "ses_unknown",
          { state: "done", summary: "x" },
          { changedFiles: [], approved: [] },
        ),
      ),
    ).toMatchObject({ code: "ERR_NOT_ASSIGNED" });
  });

  it("takes one report of an attempt, and no second one that says something else", async () => {
    const stage = await Stage.open();
    let second: unknown;
    const process = stage.boot({
      worker: async (turn) => {
        await works(turn);
        const failed = { state: "failed", summary: "no, it is not done" } as const;
        const none = { changedFiles: [], approved: [] };
        second = await failureOf(report(turn.engine, turn.session.id, failed, none));
        return undefined;
      },
    });
    const { tasks } = await stage.until(process, await stage.begin(process), "sealed");
    expect(second).toMatchObject({ code: "ERR_INVALID_STATE" });
    expect(tasks[0]).toMatchObject({ attempt: 1, evidence: [{ summary: "it is done" }] });
  });

  it("skips the Reviewer when the policy says never", async () => {
    const stage = await Stage.open();
    const process = stage.boot({}, { review: "never" });
    await stage.until(process, await stage.begin(process), "sealed");
    expect(stage.host.messagesTo("reviewer")).toEqual([]);
  });

  it("checks the whole again: what one task broke goes back to it", async () => {
    const stage = await Stage.open();
    const checks = new ScriptedChecks();
    // Passes after the task, fails on the whole tree, passes after the second attempt.
    checks.outcome = (_, run) => (run === 2 ? 1 : 0);
    const plan = planOf(task("A", { checks: { commands: ["test A"] } }), task("B"));
    const process = stage.boot({ planner: plans(plan) }, {}, { checks });
    const { mission, tasks } = await stage.until(process, await stage.begin(process), "sealed");
    expect(tasks.map((one) => one.attempt)).toEqual([2, 1]);
    expect(mission).toMatchObject({ verification: 2, failedVerifications: 1 });
  });

  it("is blocked when the whole does not hold and no single task is to blame", async () => {
    const stage = await Stage.open();
    const checks = new ScriptedChecks();
    checks.outcome = () => 1;
    const process = stage.boot(
      { planner: plans({ ...planOf(task("A")), finalCommands: ["make all"] }) },
      {},
      { checks },
    );
    const { mission } = await stage.until(process, await stage.begin(process), "blocked");
    expect(mission).toMatchObject({ reason: "the final verification failed", failedVerifications: 1 });
    expect(mission.notice?.text).toContain("output of make all");
  });
});

describe("an agent that", () => {
  it("ends its turn without the closing call is reminded at most twice in an attempt", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ worker: () => undefined }, { attempts: 2 });
    const { tasks } = await stage.until(process, await stage.begin(process), "blocked");
    expect(tasks[0]).toMatchObject({ state: "failed", attempt: 2 });
    const texts = stage.host.messagesTo("worker").map((one) => one.text);
    expect(texts.length).toBe(6);
    expect(texts.map((text) => text.includes("ended without task_report"))).toEqual([
      false,
      true,
      true,
      false,
      true,
      true,
    ]);
    expect(texts[3]).toContain("never called task_report");
  });

  it("needs one reminder gets one, and its attempt is not used up", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ worker: (turn) => (turn.number === 1 ? undefined : works(turn)) });
    const { tasks } = await stage.until(process, await stage.begin(process), "sealed");
    expect(tasks[0]?.attempt).toBe(1);
    expect(stage.host.messagesTo("worker").length).toBe(2);
  });

  it("meets failures that pass is sent on, and its attempt is not used up", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ worker: (turn) => (turn.number <= 4 ? TRANSIENT : works(turn)) });
    const { tasks } = await stage.until(process, await stage.begin(process), "sealed");
    expect(tasks[0]).toMatchObject({ attempt: 1, state: "done" });
    expect(stage.host.messagesTo("worker").length).toBe(5);
  });

  it("meets failures that do not pass is given up after eight more tries", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ worker: () => TRANSIENT });
    const { tasks } = await stage.until(process, await stage.begin(process), "blocked");
    expect(tasks[0]).toMatchObject({ state: "blocked", attempt: 1, reason: "429" });
    expect(stage.host.messagesTo("worker").length).toBe(9);
  });

  it("meets a permanent failure is not tried again: the mission is blocked with its reason", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ worker: () => ({ kind: "permanent", message: "no such model" }) });
    const { mission, tasks } = await stage.until(process, await stage.begin(process), "blocked");
    expect(tasks[0]).toMatchObject({ state: "blocked", attempt: 1, reason: "no such model" });
    expect(mission.reason).toContain("no such model");
    expect(stage.host.messagesTo("worker").length).toBe(1);
  });

  it("is a Planner without a plan blocks the mission, after its attempts", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ planner: () => undefined });
    const { mission } = await stage.until(process, await stage.begin(process), "blocked");
    expect(mission.reason).toContain("never called mission_plan");
    const briefs = stage.host.messagesTo("planner").filter((one) => one.text.startsWith("Plan mission"));
    expect(briefs.length).toBe(3);
    expect(briefs[1]?.text).toContain("Your last plan did not hold");
  });

  it("is a Reviewer without a verdict accepts nothing", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ reviewer: () => undefined });
    const { tasks } = await stage.until(process, await stage.begin(process), "blocked");
    expect(tasks[0]).toMatchObject({ state: "failed", reason: expect.stringContaining("no verdict") });
  });

  it("reports blocked holds the mission with what it needs", async () => {
    const stage = await Stage.open();
    const process = stage.boot({
      worker: async ({ engine, session }) => {
        const needs = { state: "blocked", summary: "I need src/b.ts" } as const;
        await report(engine, session.id, needs, { changedFiles: ["A/x"], approved: [] });
        return undefined;
      },
    });
    const { mission, tasks } = await stage.until(process, await stage.begin(process), "blocked");
    expect(mission.reason).toBe("T1 blocked: I need src/b.ts");
    expect(tasks[0]?.evidence[0]).toMatchObject({ summary: "I need src/b.ts", changedFiles: ["A/x"] });
  });

  it("is interrupted over and over does not keep the engine prompting for ever", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ worker: () => undefined });
    const { turn } = stage.host;
    stage.host.turn = async (session, messageId) => {
      const seen = await turn.call(stage.host, session, messageId);
      const isWorker = stage.host.sessions.get(session)?.agent === "worker";
      return isWorker && seen.state === "ended" ? { state: "interrupted", use: seen.use } : seen;
    };
    await stage.until(process, await stage.begin(process), "blocked");
    expect(stage.host.messagesTo("worker").length).toBeLessThan(60);
  });
});

describe("a prompt", () => {
  it("whose wake-up was lost is sent again with the same ids", async () => {
    const stage = await Stage.open();
    stage.host.lostWakeUps = 2;
    const process = stage.boot({});
    await stage.until(process, await stage.begin(process), "sealed");
    const planner = stage.host.messagesTo("planner");
    expect(planner.map((one) => one.prompts)).toEqual([3]);
  });

  it("that never starts a turn is given up after four sends", async () => {
    const stage = await Stage.open();
    stage.host.lostWakeUps = Number.POSITIVE_INFINITY;
    const process = stage.boot({});
    const { mission } = await stage.until(process, await stage.begin(process), "blocked");
    expect(mission.reason).toContain("did not start");
    expect(stage.host.messagesTo("planner").map((one) => one.prompts)).toEqual([4, 4, 4]);
  });

  it("needs no look when the host's events tell everything", async () => {
    const stage = await Stage.open();
    // Sleeps never end by themselves: only an event, or an abort, ends them.
    const still: Clock = {
      now: () => Date.now(),
      sleep: (_, signal) =>
        new Promise((resolve, reject) => {
          // A conflict's back-off is no look.
          if (!signal) return setTimeout(resolve, 1);
          if (signal.aborted) return reject(signal.reason);
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    };
    // Tool calls drive the engine by themselves; that a turn ended without one, only an event tells.
    const forgetful: Cast["worker"] = (turn) => (turn.number === 1 ? undefined : works(turn));
    const process = stage.boot({ worker: forgetful }, {}, { clock: still });
    const id = await stage.begin(process);
    // As the host does: an event for each session, some while after its turn has ended.
    const events = setInterval(() => {
      for (const session of stage.host.sessions.keys())
        if (!stage.host.busy.includes(session)) process.engine.sessionEvent(session);
    }, 5);
    try {
      await stage.until(process, id, "sealed");
    } finally {
      clearInterval(events);
    }
  });
});

describe("slots", () => {
  /** The most Workers at once. */
  /** Workers that note how many are at work; none goes on before `atLeast` have begun. */
  function counting(stage: Stage, atLeast = 1) {
    const count = { now: 0, most: 0, order: [] as string[] };
    const worker = async (turn: CastTurn) => {
      count.order.push(`${turn.mission}/${turn.task}`);
      count.most = Math.max(count.most, ++count.now);
      do await new Promise((resolve) => setTimeout(resolve, 8));
      while (count.order.length < atLeast);
      count.now--;
      expect(stage.host.busy.length).toBeGreaterThan(0);
      return works(turn);
    };
    return { count, worker };
  }

  it("bound how many Workers run at once, and all of them are used", async () => {
    const stage = await Stage.open();
    const { count, worker } = counting(stage, 3);
    const plan = planOf(...["A", "B", "C", "D", "E", "F"].map((id) => task(id)));
    const slots = { planner: 1, worker: 3, reviewer: 2 };
    const process = stage.boot({ planner: plans(plan), worker }, { slots, review: "never" });
    await stage.until(process, await stage.begin(process), "sealed");
    expect(count.most).toBe(3);
  });

  it("are shared by the missions of a project", async () => {
    const stage = await Stage.open();
    const { count, worker } = counting(stage);
    const slots = { planner: 1, worker: 1, reviewer: 1 };
    const process = stage.boot({ planner: plans(planOf(task("A"), task("B"))), worker }, { slots });
    const ids = await Promise.all([stage.begin(process), stage.begin(process, "ses_other")]);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) await stage.until(process, id, "sealed");
    expect(count.most).toBe(1);
    expect(count.order.toSorted()).toEqual(["M1/A", "M1/B", "M2/A", "M2/B"]);
  });

  it("take the more urgent task first", async () => {
    const stage = await Stage.open();
    const { count, worker } = counting(stage);
    const slots = { planner: 1, worker: 1, reviewer: 1 };
    const plan = planOf(
      task("first", { priority: "critical" }),
      task("last", { priority: "low" }),
      task("third"),
      task("second", { priority: "high" }),
    );
    const process = stage.boot({ planner: plans(plan), worker }, { slots, review: "never" });
    await stage.until(process, await stage.begin(process), "sealed");
    expect(count.order).toEqual(["M1/first", "M1/second", "M1/third", "M1/last"]);
  });
});

it("a root session has one mission that is not over at a time", async () => {
  const stage = await Stage.open();
  const process = stage.boot({ planner: hangs });
  const id = await stage.begin(process);
  const second = await failureOf(process.engine.open({ goal: "another", session: ROOT }));
  expect(second).toMatchObject({ code: "ERR_MISSION_ACTIVE", details: { mission: id } });
  await process.engine.cancel(id, "enough");
  expect((await process.engine.open({ goal: "another", session: ROOT })).id).toBe("M2");
});
