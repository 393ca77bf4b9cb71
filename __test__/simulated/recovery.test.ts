import { describe, expect, it } from "vitest";
import { pause } from "../../harness/index.js";
import { key, MissionError } from "../../src/mission/index.js";
import { failureOf, put } from "../native/temporary.js";
import { type Cast, hangs, planOf, plans, ROOT, Stage, task, works } from "./stage.js";

const PLAN = planOf(task("A"), task("B", { dependencies: ["A"] }));
const CAST: Cast = { planner: plans(PLAN) };

/** Every instruction of the mission went into its session as one message, and no other message did. */
function expectExactlyOnce(stage: Stage, mission: string): void {
  const instructions = stage.store
    .list(`instruction/${mission}/`)
    .map((entry) => entry.value as { messageId: string; session: string; key: string });
  const sent = [...stage.host.sessions.values()].flatMap((one) => one.messages);
  expect(new Set(sent.map((one) => one.messageId)).size).toBe(sent.length);
  const intended = new Set(instructions.map((one) => one.messageId));
  expect(sent.filter((one) => !intended.has(one.messageId))).toEqual([]);
  expect(new Set(instructions.map((one) => one.messageId)).size).toBe(instructions.length);
  // The whole brief of a piece of work is given once; after a crash the agent is told what happened instead.
  for (const start of ["Plan mission", "Task A of", "Task B of", "Review task A", "Review task B"])
    expect([start, sent.filter((one) => one.text.startsWith(start)).length]).toEqual([start, 1]);
  expect(sent.filter((one) => one.text.includes("is sealed")).length).toBe(1);
}

/** Runs the mission, kills the process at a step, and has a second one finish it. */
async function crashAt(step: number): Promise<boolean> {
  const stage = await Stage.open();
  const first = stage.boot(CAST, {}, { diesAt: step });
  const begun = stage.begin(first).catch(() => undefined);
  const told = () => first.engine.missions()[0]?.notice?.delivered === true;
  for (let look = 0; !first.isDead && !told(); look++) {
    if (look > 4_000) throw new Error(`step ${step}: neither dead nor done`);
    await pause(1);
  }
  // Long enough for the last lease to be given back, where the mission was over.
  for (let look = 0; !first.isDead && look < 20; look++) await pause(1);
  if (!first.isDead) {
    await begun;
    return false;
  }
  const second = stage.boot(CAST);
  await second.engine.recover();
  const [mission] = second.engine.missions();
  // Before the first commit there is nothing to recover: the user sees that /task did not go through.
  if (!mission) return true;
  await stage.until(second, mission.id, "sealed");
  await expect
    .poll(() => second.engine.view(mission.id).mission.notice?.delivered, { interval: 2 })
    .toBe(true);
  expect(await stage.entered(mission.id, "done")).toEqual({ A: 1, B: 1 });
  expect(second.engine.view(mission.id).tasks.map((one) => one.attempt)).toEqual([1, 1]);
  expectExactlyOnce(stage, mission.id);
  expect(await stage.store.verify()).toMatchObject({ ok: true });
  return true;
}

describe("a process that dies", () => {
  it("at any of its effects leaves a mission that another one finishes, with nothing done twice", async () => {
    let crashes = 0;
    let step = 1;
    // Several at once: each spends most of its time waiting.
    for (let ended = false; !ended; step += 8) {
      const from = step;
      const died = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          crashAt(from + n).catch((error: Error) => {
            error.message = `died at step ${from + n}: ${error.message}`;
            throw error;
          }),
        ),
      );
      crashes += died.filter(Boolean).length;
      ended = died.includes(false);
    }
    // 6 sessions' worth of creating, assigning, prompting and reporting, before and behind each effect.
    expect(crashes).toBeGreaterThan(60);
  });

  it("again and again is survived too", async () => {
    const stage = await Stage.open();
    let process = stage.boot(CAST, {}, { diesAt: 9 });
    await Promise.race([stage.begin(process), pause(50)]);
    let deaths = 0;
    for (; deaths < 40; deaths++) {
      await expect.poll(() => process.isDead || process.engine.missions()[0]?.state === "sealed").toBe(true);
      if (!process.isDead) break;
      process = stage.boot(CAST, {}, { diesAt: 9 + (deaths % 3) * 4 });
      await Promise.race([process.engine.recover(), pause(50)]);
    }
    expect(deaths).toBeGreaterThan(3);
    await stage.until(process, "M1", "sealed");
    expect(await stage.entered("M1", "done")).toEqual({ A: 1, B: 1 });
  });

  it("takes no part any more: it is fenced off", async () => {
    const stage = await Stage.open();
    const first = stage.boot({ ...CAST, worker: hangs });
    const id = await stage.begin(first);
    await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
    const session = stage.host.messagesTo("worker")[0]?.session ?? "";
    // Another process has proved it dead, though it only slept.
    const lease = await stage.store.acquireLease({ name: `mission/${id}`, holder: "other", ttlMs: 60_000 });
    if (lease.granted) throw new Error("the first process had no lease");
    const stolen = await stage.store.acquireLease({
      name: `mission/${id}`,
      holder: "other",
      ttlMs: 60_000,
      steal: lease.token,
    });
    expect(stolen.granted).toBe(true);
    const revision = stage.store.snapshot();
    const waiting = first.engine.board(id, new AbortController().signal);
    const late = works({
      engine: first.engine,
      session: { id: session, parent: "", title: "", agent: "worker", messages: [] },
    } as never);
    const refusal = (await failureOf(Promise.resolve(late))) as { code: string };
    expect(["ERR_FENCED", "ERR_NOT_OWNER"]).toContain(refusal.code);
    // A Commander that waits there is told, instead of waiting for ever.
    expect(await failureOf(waiting)).toMatchObject({ code: "ERR_NOT_OWNER" });
    await expect.poll(() => stage.host.busy).toEqual([]);
    expect(stage.store.snapshot()).toBe(revision);
  });
});

describe("two living processes", () => {
  it("do not run one mission: the second is told who has it, and leaves it alone", async () => {
    const stage = await Stage.open();
    const first = stage.boot({ ...CAST, worker: hangs });
    const id = await stage.begin(first);
    await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
    const agent = stage.host.agent;
    const second = stage.boot(CAST);
    stage.host.agent = agent;
    await second.engine.recover();
    const refusal = await failureOf(second.engine.cancel(id, "mine"));
    expect(refusal).toBeInstanceOf(MissionError);
    expect(refusal).toMatchObject({
      code: "ERR_NOT_OWNER",
      details: { mission: id, holder: { process: first.number } },
    });
    expect(await failureOf(second.engine.resume(id))).toMatchObject({ code: "ERR_NOT_OWNER" });
    // Looking is free.
    expect(await second.engine.board(id)).toContain("executing");
    expect(stage.host.messagesTo("worker").length).toBe(1);
    expect(second.lines.map((line) => line.event)).toContain("mission.elsewhere");
  });

  it("pass a mission on when one closes, and what was half done goes on", async () => {
    const stage = await Stage.open();
    const first = stage.boot({ ...CAST, worker: hangs });
    const id = await stage.begin(first);
    await expect.poll(() => stage.host.messagesTo("worker")[0]?.answer).toBe("running");
    await first.engine.close();
    expect(stage.host.busy).toEqual([]);
    expect(first.engine.view(id).mission.state).toBe("executing");
    const second = stage.boot(CAST);
    await second.engine.recover();
    await stage.until(second, id, "sealed");
    await expect.poll(() => second.engine.view(id).mission.notice?.delivered).toBe(true);
    expectExactlyOnce(stage, id);
    expect(stage.host.messagesTo("worker")[1]?.text).toContain("You were interrupted");
  });
});

describe("close", () => {
  it("is no pause, though it stops the sessions, at any moment", async () => {
    for (let ms = 0; ms < 50; ms += 5) {
      const stage = await Stage.open();
      // Answers of the host are slow: one is always under way.
      stage.host.beforeTurnAnswers = () => pause(4);
      const slow: Cast["worker"] = async (turn) => {
        await pause(10);
        return works(turn);
      };
      const first = stage.boot({ ...CAST, worker: slow });
      const id = await stage.begin(first);
      await pause(ms);
      await first.engine.close();
      expect(stage.host.busy).toEqual([]);
      expect(first.engine.view(id).mission.state).not.toBe("paused");
      const second = stage.boot(CAST);
      await second.engine.recover();
      await stage.until(second, id, "sealed");
    }
  });

  it("lets a board that waits end, and the mission stays as it is", async () => {
    const stage = await Stage.open();
    const first = stage.boot({ ...CAST, planner: hangs });
    const id = await stage.begin(first);
    const board = failureOf(first.engine.board(id, new AbortController().signal));
    await pause(5);
    await first.engine.close();
    expect(await board).toEqual(new Error("the host is shutting down"));
    expect(first.engine.view(id).mission.state).toBe("planning");
  });
});

it("a seal that the dead process committed last is told, though it came after the first look", async () => {
  const stage = await Stage.open();
  const first = stage.boot({ ...CAST, worker: hangs });
  const id = await stage.begin(first);
  await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
  first.kill();
  const second = stage.boot(CAST);
  const { hasSession } = stage.host;
  stage.host.hasSession = async (session) => {
    stage.host.hasSession = hasSession;
    const notice = { number: 1, text: "Mission M1 is sealed", delivered: false };
    const sealed = { ...second.engine.view(id).mission, state: "sealed", endedMs: 1, notice };
    await put(stage.store, { [key.mission(id)]: sealed });
    return hasSession.call(stage.host, session);
  };
  await second.engine.recover();
  await expect.poll(() => second.engine.view(id).mission.notice?.delivered).toBe(true);
  expect(stage.host.messagesTo("commander").map((one) => one.text)).toEqual([
    expect.stringContaining("Mission M1 is sealed"),
  ]);
});

it("a session that the host has lost is replaced, and the new one gets the whole brief", async () => {
  const stage = await Stage.open();
  const first = stage.boot({ ...CAST, worker: hangs });
  const id = await stage.begin(first);
  await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
  const [lost] = stage.host.messagesTo("worker");
  first.kill();
  stage.host.sessions.delete(lost?.session ?? "");
  const second = stage.boot(CAST);
  await second.engine.recover();
  const { tasks } = await stage.until(second, id, "sealed");
  expect(tasks[0]?.workSession).not.toBe(lost?.session);
  expect(stage.host.messagesTo("worker")[0]?.text).toMatch(/^Task A of mission/);
});

it("a mission at rest stays at rest after a restart", async () => {
  const stage = await Stage.open();
  const first = stage.boot({ ...CAST, worker: hangs });
  const id = await stage.begin(first);
  await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
  await first.engine.pause(id, "hold it");
  await first.engine.close();
  const second = stage.boot(CAST);
  await second.engine.recover();
  await pause(20);
  expect(second.engine.view(id).mission.state).toBe("paused");
  expect(stage.host.messagesTo("worker").length).toBe(1);
  await second.engine.resume(id);
  await stage.until(second, id, "sealed");
  expect(stage.host.sessions.get(ROOT)?.messages.length).toBeLessThanOrEqual(1);
});

it("a mission that came with the repository, of a session that the host does not know, is left alone", async () => {
  const stage = await Stage.open();
  const first = stage.boot({ ...CAST, worker: hangs });
  const id = await stage.begin(first);
  await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
  first.kill();
  stage.host.sessions.delete(ROOT);
  const second = stage.boot(CAST);
  expect((await second.engine.recover()).map((one) => one.id)).toEqual([id]);
  await pause(20);
  expect(stage.host.messagesTo("worker").length).toBe(1);
  expect(second.engine.view(id).mission.state).toBe("executing");
});
