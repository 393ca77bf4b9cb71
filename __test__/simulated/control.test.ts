import { describe, expect, it } from "vitest";
import { pause } from "../../harness/index.js";
import { ask, delegate, report, retry, submitPlan, widen } from "../../src/engine/index.js";
import { planTaskSchema } from "../../src/mission/index.js";
import { failureOf } from "../native/temporary.js";
import { ScriptedChecks } from "./process.js";
import { type CastTurn, hangs, planOf, plans, ROOT, Stage, task, works } from "./stage.js";

const planTask = (id: string, more: Readonly<Record<string, unknown>> = {}) =>
  planTaskSchema.parse(task(id, more));

/** Hangs until it is let go, once; afterwards it works. */
function gate() {
  let open = () => undefined as undefined;
  const opened = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined) as undefined;
  });
  return { open: () => open(), opened };
}

describe("Esc while the Commander waits", () => {
  it("pauses the mission, stops its agents, and /resume goes on without doing anything twice", async () => {
    const stage = await Stage.open();
    let held = true;
    const process = stage.boot({
      planner: plans(planOf(task("A"), task("B", { dependencies: ["A"] }))),
      worker: (turn) => (held && turn.task === "B" ? hangs(turn) : works(turn)),
    });
    const id = await stage.begin(process);
    await expect.poll(() => stage.host.messagesTo("worker").length).toBe(2);
    const esc = new AbortController();
    const board = failureOf(process.engine.board(id, esc.signal));
    esc.abort(new Error("Esc"));
    expect(await board).toEqual(new Error("Esc"));
    const { mission, tasks } = process.engine.view(id);
    expect(mission).toMatchObject({
      state: "paused",
      resumeTo: "executing",
      reason: "the user interrupted it",
    });
    expect(tasks.map((one) => one.state)).toEqual(["done", "running"]);
    expect(stage.host.busy).toEqual([]);

    const before = stage.host.messagesTo("worker").length;
    await pause(20);
    expect(stage.host.messagesTo("worker").length).toBe(before);

    held = false;
    expect((await process.engine.resume(id)).state).toBe("executing");
    await stage.until(process, id, "sealed");
    // A was not done again; B, half done, was told so instead of being given its brief again.
    const texts = stage.host.messagesTo("worker").map((one) => one.text);
    expect(texts.filter((text) => text.startsWith("Task "))).toHaveLength(2);
    expect(texts.at(-1)).toContain("You were interrupted");
    expect(await stage.entered(id, "done")).toEqual({ A: 1, B: 1 });
  });

  it("in the Planner's time, twice, takes nothing from its attempts", async () => {
    const stage = await Stage.open();
    let held = true;
    const process = stage.boot({ planner: (turn) => (held ? hangs(turn) : undefined) });
    const id = await stage.begin(process);
    for (const round of [1, 2]) {
      await expect.poll(() => stage.host.busy.length).toBe(1);
      await process.engine.pause(id, "wait");
      if (round === 2) held = false;
      await process.engine.resume(id);
    }
    await stage.until(process, id, "blocked");
    const briefs = stage.host.messagesTo("planner").filter((one) => one.text.startsWith("Plan mission"));
    expect(briefs.length).toBe(3);
  });

  it("in the session of one agent pauses the mission too", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ worker: hangs });
    const id = await stage.begin(process);
    await expect.poll(() => stage.host.messagesTo("worker")[0]?.answer).toBe("running");
    const [message] = stage.host.messagesTo("worker");
    await stage.host.abort(message?.session ?? "");
    const { mission } = await stage.until(process, id, "paused");
    expect(mission.reason).toContain("session of task T1 was interrupted");
  });

  it("sends nothing more, even when a look at a session is under way", async () => {
    const stage = await Stage.open();
    const look = gate();
    const looking = gate();
    const process = stage.boot({ planner: plans(planOf(task("A"))) });
    stage.host.beforeTurnAnswers = async (session) => {
      if (stage.host.sessions.get(session)?.agent !== "worker") return;
      looking.open();
      await look.opened;
    };
    const id = await stage.begin(process);
    await looking.opened;
    const paused = process.engine.pause(id, "hold it");
    // The engine has stopped the session, in which nothing runs yet; now the look answers.
    await expect.poll(() => stage.host.aborted.length, { interval: 1 }).toBeGreaterThan(0);
    look.open();
    await paused;
    await pause(20);
    expect(stage.host.messagesTo("worker")).toEqual([]);
    expect(stage.host.busy).toEqual([]);
    expect(process.engine.view(id).mission.state).toBe("paused");
  });
});

describe("cancel", () => {
  it("stops every session that is speaking, and nothing runs afterwards", async () => {
    const stage = await Stage.open();
    const process = stage.boot({
      planner: plans(planOf(task("A"), task("B"), task("C", { dependencies: ["A"] }))),
      worker: hangs,
    });
    const id = await stage.begin(process);
    await expect.poll(() => stage.host.busy.length).toBe(2);
    const speaking = stage.host.busy;
    const { state, reason } = await process.engine.cancel(id, "stopped by the user");
    expect([state, reason]).toEqual(["cancelled", "stopped by the user"]);
    expect(stage.host.busy).toEqual([]);
    expect(stage.host.aborted).toEqual(expect.arrayContaining(speaking));
    expect(process.engine.view(id).tasks.map((one) => one.state)).toEqual(Array(3).fill("cancelled"));
    const messages = () => [...stage.host.sessions.values()].flatMap((one) => one.messages).length;
    const [before, revision] = [messages(), stage.store.snapshot()];
    await pause(40);
    expect([messages(), stage.store.snapshot()]).toEqual([before, revision]);
  });

  it("is for good: a late report changes nothing", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ worker: hangs });
    const id = await stage.begin(process);
    await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
    const session = stage.host.messagesTo("worker")[0]?.session ?? "";
    await process.engine.cancel(id, "enough");
    const late = report(
      process.engine,
      session,
      { state: "done", summary: "late" },
      { changedFiles: [], approved: [] },
    );
    expect(await failureOf(late)).toMatchObject({ code: "ERR_INVALID_STATE" });
    expect(process.engine.view(id).tasks[0]?.state).toBe("cancelled");
    expect(await failureOf(process.engine.resume(id))).toMatchObject({ code: "ERR_INVALID_STATE" });
    expect((await process.engine.cancel(id, "again")).reason).toBe("enough");
  });

  it("that meets the seal finds the mission sealed, and is no error", async () => {
    const ends = new Set<string>();
    for (const microtasks of [0, 5, 10, 15, 20, 30, 40, 60, 80]) {
      const stage = await Stage.open();
      const checks = new ScriptedChecks();
      let cancelled: Promise<{ state: string }> | undefined;
      const process = stage.boot(
        { planner: plans({ ...planOf(task("A")), finalCommands: ["final"] }) },
        {},
        { checks },
      );
      checks.outcome = (command) => {
        if (command !== "final") return 0;
        cancelled = (async () => {
          // Long enough that the seal's commit is on its way, too short for it to arrive.
          for (let n = 0; n < microtasks; n++) await undefined;
          return process.engine.cancel("M1", "enough");
        })();
        cancelled.catch(() => undefined);
        return 0;
      };
      const id = await stage.begin(process);
      await expect.poll(() => cancelled !== undefined, { interval: 1 }).toBe(true);
      const { state } = (await cancelled) ?? { state: "none" };
      expect(process.engine.view(id).mission.state).toBe(state);
      ends.add(state);
    }
    expect([...ends].toSorted()).toEqual(["cancelled", "sealed"]);
  });

  it("may come at any moment of a mission", async () => {
    for (let ms = 0; ms < 40; ms += 4) {
      const stage = await Stage.open();
      const process = stage.boot({ planner: plans(planOf(task("A"), task("B", { dependencies: ["A"] }))) });
      const id = await stage.begin(process);
      await pause(ms);
      const { state } = await process.engine.cancel(id, "enough");
      expect(["cancelled", "sealed"]).toContain(state);
      await pause(15);
      expect(stage.host.busy.filter((session) => session !== ROOT)).toEqual([]);
      expect(process.engine.view(id).mission.state).toBe(state);
      await process.engine.close();
    }
  });
});

describe("the Commander", () => {
  /** A mission of one task that its Worker has reported as blocked. */
  async function blocked() {
    const stage = await Stage.open();
    let works_ = false;
    const process = stage.boot({
      worker: async (turn: CastTurn) => {
        if (works_) return works(turn);
        const needs = { state: "blocked", summary: "I need more" } as const;
        await report(turn.engine, turn.session.id, needs, { changedFiles: [], approved: [] });
        return undefined;
      },
    });
    const id = await stage.begin(process);
    await stage.until(process, id, "blocked");
    return {
      stage,
      process,
      id,
      allow: () => {
        works_ = true;
      },
    };
  }

  it("sends a task back with a note, and the mission goes on", async () => {
    const { stage, process, id, allow } = await blocked();
    allow();
    await retry(process.engine, ROOT, "T1", "the cause is X");
    const { tasks } = await stage.until(process, id, "sealed");
    expect(tasks[0]).toMatchObject({ attempt: 2, attemptLimit: 4 });
    expect(stage.host.messagesTo("worker").at(-1)?.text).toContain("the cause is X");
  });

  it("can ask the user where the notice says so, and /resume goes on after the answer", async () => {
    const { stage, process, id, allow } = await blocked();
    expect(process.engine.view(id).mission.notice?.text).toContain("ask the user");
    await ask(process.engine, ROOT, "Postgres or SQLite?");
    expect(process.engine.view(id).mission).toMatchObject({
      state: "blocked",
      reason: "Postgres or SQLite?",
    });
    allow();
    await process.engine.resume(id);
    await stage.until(process, id, "sealed");
  });

  it("gets a board that waits: it ends with the notice, which is not told again", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ commander: hangs });
    const id = await stage.begin(process);
    // The Commander's own turn is what waits: no message can reach it meanwhile.
    const text = await process.engine.board(id, new AbortController().signal);
    expect(text).toMatch(/^Mission M1 is sealed.*\n\nMission M1 · sealed · 1\/1 tasks done/s);
    expect(process.engine.view(id).mission.notice?.delivered).toBe(true);
    expect(await process.engine.board(id, new AbortController().signal)).toMatch(/^Mission M1 · sealed/);
  });

  it("leaves no wait behind: a signal that is aborted after the board was given harms nobody", async () => {
    const { process, id } = await blocked();
    await expect.poll(() => process.engine.view(id).mission.notice?.delivered).toBe(true);
    const unhandled: unknown[] = [];
    const others = globalThis.process.listeners("unhandledRejection");
    globalThis.process.removeAllListeners("unhandledRejection");
    globalThis.process.on("unhandledRejection", (reason) => unhandled.push(reason));
    try {
      const late = new AbortController();
      await process.engine.board(id, late.signal);
      late.abort(new Error("late"));
      await process.engine.board(id, AbortSignal.abort(new Error("before")));
      await process.engine.close();
      await pause(10);
    } finally {
      globalThis.process.removeAllListeners("unhandledRejection");
      for (const listener of others) globalThis.process.on("unhandledRejection", listener);
    }
    expect(unhandled).toEqual([]);
  });

  it.each(["sealed", "sealed, and not told yet", "cancelled"])(
    "changes nothing of a mission that is %s",
    async (end) => {
      const stage = await Stage.open();
      const untold = end.includes("told");
      const process = stage.boot({
        ...(end === "cancelled" && { worker: hangs }),
        ...(untold && { commander: hangs }),
      });
      const id = await stage.begin(process);
      if (end !== "cancelled") await stage.until(process, id, "sealed");
      else {
        await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
        await process.engine.cancel(id, "enough");
      }
      await expect.poll(() => process.engine.view(id).mission.notice?.delivered ?? true).toBe(!untold);
      // The last turn of an agent may still be under way when its report seals the mission, and is booked when it is over.
      const spoken = ["planner", "worker", "reviewer"].flatMap((role) => stage.host.messagesTo(role));
      if (end !== "cancelled")
        await expect.poll(() => process.engine.view(id).mission.spent.tokens).toBe(110 * spoken.length);
      const before = process.engine.view(id);
      for (const attempt of [
        () => retry(process.engine, ROOT, "T1", "again"),
        () => delegate(process.engine, ROOT, planTask("T2")),
        () => widen(process.engine, ROOT, "T1", ["more/**"]),
        () => ask(process.engine, ROOT, "really?"),
      ])
        expect(await failureOf(attempt())).toHaveProperty("code", expect.stringMatching(/^ERR_/));
      expect(process.engine.view(id)).toEqual(before);
    },
  );

  it("adds a task beside the plan, which then runs", async () => {
    const { stage, process, id, allow } = await blocked();
    allow();
    await delegate(process.engine, ROOT, planTask("T2"));
    await stage.until(process, id, "blocked");
    await expect
      .poll(() => process.engine.view(id).tasks.map((one) => one.state))
      .toEqual(["blocked", "done"]);
    await retry(process.engine, ROOT, "T1");
    await stage.until(process, id, "sealed");
  });

  it("adds no task that meets another's write set, has its id, or depends on what is not there", async () => {
    const { process } = await blocked();
    const refused = async (added: ReturnType<typeof planTask>) =>
      expect(await failureOf(delegate(process.engine, ROOT, added))).toMatchObject({
        code: "ERR_PLAN_INVALID",
      });
    // T1 is blocked: it may run again, so its files are still its own.
    await refused(planTask("T2", { writes: ["T1/x"] }));
    await refused(planTask("T1"));
    await refused(planTask("T2", { dependencies: ["T9"] }));
    await delegate(process.engine, ROOT, planTask("T2", { writes: ["T1/x"], dependencies: ["T1"] }));
  });

  it("widens a write set, but not into that of a task which may run at the same time", async () => {
    const stage = await Stage.open();
    const process = stage.boot({ planner: plans(planOf(task("A"), task("B"))), worker: hangs });
    const id = await stage.begin(process);
    await expect.poll(() => stage.host.messagesTo("worker").length).toBe(2);
    await widen(process.engine, ROOT, "A", ["A/**", "docs/*.md"]);
    expect(process.engine.view(id).tasks[0]?.writes).toEqual(["A/**", "docs/*.md"]);
    expect(await failureOf(widen(process.engine, ROOT, "A", ["B/x.ts"]))).toMatchObject({
      code: "ERR_PLAN_INVALID",
    });
    expect(await failureOf(widen(process.engine, ROOT, "Z", ["z"]))).toMatchObject({
      code: "ERR_UNKNOWN_TASK",
    });
    expect(process.engine.view(id).tasks[0]?.writes).toEqual(["A/**", "docs/*.md"]);
  });

  it("does not lose a task that it sends back while the mission is paused in its verification", async () => {
    const stage = await Stage.open();
    const checks = new ScriptedChecks();
    const final = gate();
    checks.outcome = async (command) => (command === "final" ? ((await final.opened) ?? 0) : 0);
    const process = stage.boot(
      { planner: plans({ ...planOf(task("A")), finalCommands: ["final"] }) },
      {},
      { checks },
    );
    const id = await stage.begin(process);
    await expect.poll(() => checks.runs).toContain("final");
    const paused = process.engine.pause(id, "wait");
    final.open();
    await paused;
    expect(process.engine.view(id).mission).toMatchObject({ state: "paused", resumeTo: "verifying" });
    await retry(process.engine, ROOT, "A", "do it again");
    await process.engine.resume(id);
    const { tasks } = await stage.until(process, id, "sealed");
    expect(tasks[0]).toMatchObject({ state: "done", attempt: 2 });
  });

  it("gets no seal from a verification that began before a task was done again", async () => {
    const stage = await Stage.open();
    const checks = new ScriptedChecks();
    const [first, second] = [gate(), gate()];
    checks.outcome = async (command, run) => {
      if (command !== "final") return 0;
      await (run === 1 ? first : second).opened;
      // The second verification finds what the first could not know.
      return run === 1 ? 0 : 1;
    };
    const process = stage.boot(
      { planner: plans({ ...planOf(task("A")), finalCommands: ["final"] }) },
      {},
      { checks },
    );
    const id = await stage.begin(process);
    await expect.poll(() => checks.runs).toEqual(["final"]);
    await retry(process.engine, ROOT, "A", "do it again");
    await expect.poll(() => checks.runs).toEqual(["final", "final"]);
    first.open();
    await pause(20);
    expect(process.engine.view(id).mission.state).toBe("verifying");
    second.open();
    await stage.until(process, id, "blocked");
  });
});

it("delegation below a task ends at depth 3", async () => {
  const stage = await Stage.open();
  const outcomes: unknown[] = [];
  const process = stage.boot({
    worker: async (turn) => {
      const { engine, session, task: id } = turn;
      const child = planTask(`${id}.1`, { writes: [`${id}-1/**`] });
      outcomes.push(await delegate(engine, session.id, child).catch((error: { code: string }) => error.code));
      return works(turn);
    },
  });
  const { tasks } = await stage.until(process, await stage.begin(process), "sealed");
  expect(tasks.map((one) => [one.id, one.depth])).toEqual([
    ["T1", 0],
    ["T1.1", 1],
    ["T1.1.1", 2],
    ["T1.1.1.1", 3],
  ]);
  expect(outcomes).toEqual([undefined, undefined, undefined, "ERR_DEPTH"]);
});

it("a plan that is there is not replaced by a second one", async () => {
  const stage = await Stage.open();
  const process = stage.boot({
    planner: async (turn) => {
      await plans(planOf(task("A")))(turn);
      expect(await failureOf(submitPlan(turn.engine, turn.session.id, planOf(task("B"))))).toMatchObject({
        code: "ERR_INVALID_STATE",
      });
      return undefined;
    },
  });
  const { tasks } = await stage.until(process, await stage.begin(process), "sealed");
  expect(tasks.map((one) => one.id)).toEqual(["A"]);
});
