import { describe, expect, it } from "vitest";
import { Requests } from "../../src/engine/index.js";
import { type Action, askEngine, listRequests, REQUEST_TTL_MS, requestKey } from "../../src/mission/index.js";
import { systemClock } from "../../src/node/index.js";
import { failureOf, put } from "../native/temporary.js";
import { FastClock } from "./fast-clock.js";
import { accepts, hangs, planOf, plans, Stage, task, works } from "./stage.js";

const random = { next: Math.random };
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

type Process = ReturnType<Stage["boot"]>;

/** Has a process heed requests, as a project does when its state changes; answers its own end of them. */
function heeding(stage: Stage, { engine }: Process): Requests {
  return new Requests({ engine, store: stage.store, clock: systemClock, random, log });
}

/** Asks, and has the processes look once the request is there. */
async function ask(stage: Stage, heeders: readonly Requests[], wanted: Parameters<typeof askEngine>[1]) {
  const answer = askEngine({ store: stage.store, clock: systemClock, random }, wanted);
  await expect.poll(() => listRequests(stage.store).length).toBe(1);
  for (const one of heeders) one.look();
  const answered = await answer;
  for (const one of heeders) await one.settled();
  expect(listRequests(stage.store)).toEqual([]);
  return answered;
}

async function begun(cast: Parameters<Stage["boot"]>[0]) {
  const stage = await Stage.open();
  const process = stage.boot(cast);
  const mission = await stage.begin(process);
  return { stage, process, mission, requests: heeding(stage, process) };
}

describe("a request", () => {
  it("pauses and resumes, in the commit that answers it", async () => {
    let held = true;
    const { stage, process, mission, requests } = await begun({
      worker: (turn) => (held ? hangs(turn) : works(turn)),
    });
    await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
    expect(await ask(stage, [requests], { mission, action: "pause" })).toEqual({
      done: true,
      message: "paused",
    });
    expect(process.engine.view(mission).mission).toMatchObject({
      state: "paused",
      reason: "the user paused it",
    });
    expect(stage.host.busy).toEqual([]);
    held = false;
    expect(await ask(stage, [requests], { mission, action: "resume" })).toMatchObject({ done: true });
    await stage.until(process, mission, "sealed");
    const commits = await stage.store.commitsSince(0, 10_000);
    const together = commits.filter(({ changes }) =>
      changes.some(
        ({ key, value }) => key.startsWith(requestKey.all) && (value as { answer?: unknown })?.answer,
      ),
    );
    expect(together.map(({ changes }) => changes.some(({ key }) => key === `mission/${mission}`))).toEqual([
      true,
      true,
    ]);
  });

  it("retries a task that failed, and refuses one that does not exist", async () => {
    let rejects = true;
    const { stage, process, mission, requests } = await begun({
      planner: plans(planOf(task("T1"))),
      reviewer: async (turn) => {
        if (!rejects) return accepts(turn);
        const { verdict } = await import("../../src/engine/index.js");
        await verdict(turn.engine, turn.session.id, { verdict: "reject", findings: ["no"] });
        return undefined;
      },
    });
    await stage.until(process, mission, "blocked");
    rejects = false;
    const refused = await ask(stage, [requests], { mission, action: "retry", task: "T9" });
    expect(refused).toEqual({ done: false, message: expect.stringContaining("has no task T9") });
    expect(await ask(stage, [requests], { mission, action: "retry", task: "T1" })).toMatchObject({
      done: true,
    });
    await stage.until(process, mission, "sealed");
  });

  it("stops a mission for good; one of a mission that has ended is refused with the reason", async () => {
    const { stage, process, mission, requests } = await begun({ worker: hangs });
    await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
    expect(await ask(stage, [requests], { mission, action: "stop" })).toMatchObject({ done: true });
    expect(process.engine.view(mission).mission.state).toBe("cancelled");
    await expect
      .poll(() => ask(stage, [requests], { mission, action: "resume" }))
      .toEqual({
        done: false,
        message: expect.stringContaining("it has ended"),
      });
  });

  it("is carried out once, by the process that has the mission, however many heed it", async () => {
    const { stage, process, mission, requests } = await begun({ worker: hangs });
    await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
    const other = heeding(stage, stage.boot({ worker: hangs }));
    expect(await ask(stage, [other, requests, other, requests], { mission, action: "pause" })).toMatchObject({
      done: true,
    });
    expect(process.engine.view(mission).mission.state).toBe("paused");
    const pauses = (await stage.store.commitsSince(0, 10_000)).filter(({ changes }) =>
      changes.some(({ value }) => (value as { state?: unknown } | undefined)?.state === "paused"),
    );
    expect(pauses).toHaveLength(1);
  });

  it("that nobody takes up is withdrawn: nothing of it happens later", async () => {
    const { stage, process, mission, requests } = await begun({ worker: hangs });
    const clock = new FastClock();
    const answer = await askEngine({ store: stage.store, clock, random }, { mission, action: "pause" });
    expect(answer).toEqual({ done: false, message: expect.stringContaining("no OpenCode runs mission") });
    expect(listRequests(stage.store)).toEqual([]);
    requests.look();
    await requests.settled();
    expect(process.engine.view(mission).mission.state).not.toBe("paused");
  });

  it("is withdrawn when who asked gives up", async () => {
    const { stage, mission } = await begun({ worker: hangs });
    const quit = new AbortController();
    const failure = failureOf(
      askEngine(
        { store: stage.store, clock: systemClock, random },
        { mission, action: "pause" },
        quit.signal,
      ),
    );
    await expect.poll(() => listRequests(stage.store).length).toBe(1);
    quit.abort();
    await failure;
    expect(listRequests(stage.store)).toEqual([]);
  });

  it.each(["pause", "stop"] as Action[])(
    "of long ago (%s) is forgotten, and not carried out",
    async (action) => {
      const { stage, process, mission, requests } = await begun({ worker: hangs });
      await expect.poll(() => stage.host.messagesTo("worker").length).toBe(1);
      const old = { id: "x", mission, action, askedMs: Date.now() - 20 * REQUEST_TTL_MS };
      const late = { id: "y", mission, action, askedMs: Date.now() - REQUEST_TTL_MS };
      await put(stage.store, { [requestKey.of(mission, "x")]: old, [requestKey.of(mission, "y")]: late });
      requests.look();
      await requests.settled();
      expect(listRequests(stage.store)).toEqual([late]);
      expect(process.engine.view(mission).mission.state).toBe("executing");
    },
  );
});
