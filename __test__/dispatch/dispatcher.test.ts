import { describe, expect, it } from "vitest";
import { World } from "../../simulation/world.js";
import { Dispatcher, type DispatchOptions, type Permit } from "../../src/dispatch/index.js";
import { keptLog } from "../unit/records.js";

const A = { providerID: "p", modelID: "a" };
const B = { providerID: "q", modelID: "b" };

function dispatcher(ceilings: Partial<DispatchOptions["ceilings"]> = {}) {
  const world = new World(1);
  const memory = { share: 0.1 };
  const log = keptLog();
  const all = new Dispatcher(
    {
      clock: world,
      pressure: { memory: () => memory.share },
      log,
      finalizer: { register: () => undefined, unregister: () => undefined },
    },
    { ceilings: { agents: {}, providers: {}, models: {}, otherwise: 9, ...ceilings } },
  );
  const ask = (more: Partial<Parameters<Dispatcher["admit"]>[0]> = {}) =>
    all.admit({ agent: "worker", priority: "normal", models: [A], ...more });
  return { all, world, memory, log, ask };
}

function permitOf(answer: ReturnType<Dispatcher["admit"]>): Permit {
  if ("wait" in answer) throw new Error(answer.wait.reason);
  return answer.permit;
}

const reasonOf = (answer: ReturnType<Dispatcher["admit"]>) => ("wait" in answer ? answer.wait.reason : "");

describe("what may begin", () => {
  it("is asked in this order: circuit, memory, the caller's own obstacle, concurrency", () => {
    const { memory, ask } = dispatcher({ models: { "p/a": 1 } });
    const broken = permitOf(ask());
    broken.report({ kind: "unavailable" });
    memory.share = 0.99;
    const obstacle = () => ({ reason: "held" });
    expect(reasonOf(ask({ obstacle }))).toContain("p/a failed");
    broken.report({ kind: "success" });
    expect(reasonOf(ask({ obstacle }))).toContain("memory is short: 99%");
    memory.share = 0.1;
    expect(reasonOf(ask({ obstacle }))).toBe("held");
    expect(reasonOf(ask())).toBe("model:p/a has 1 of 1 turns under way");
    broken[Symbol.dispose]();
    expect(reasonOf(ask())).toBe("");
  });

  it("is only what is urgent while memory is tight, and nothing while it is full", () => {
    const { memory, ask } = dispatcher();
    memory.share = 0.81;
    expect(
      (["critical", "high", "normal", "low"] as const).map((priority) => "permit" in ask({ priority })),
    ).toEqual([true, true, false, false]);
    memory.share = 0.96;
    expect("permit" in ask({ priority: "critical" })).toBe(false);
  });

  it("goes on with the next model while the first is out of order, and comes back to it", async () => {
    const { ask, world } = dispatcher();
    const permit = permitOf(ask({ models: [A, B] }));
    expect(permit.model).toBe(A);
    for (let time = 0; time < 5; time++) permit.report({ kind: "apiFailure" });
    permit[Symbol.dispose]();
    expect(permitOf(ask({ models: [A, B] })).model).toBe(B);
    // Half-open: one probe goes to the first again, the others stay where it works.
    world.schedule(15_000, () => undefined);
    await world.run(() => false, 60_000);
    const probe = permitOf(ask({ models: [A, B] }));
    expect(probe.model).toBe(A);
    expect(permitOf(ask({ models: [A, B] })).model).toBe(B);
    probe.report({ kind: "success" });
    // The failures have left one place on it.
    probe[Symbol.dispose]();
    expect(permitOf(ask({ models: [A, B] })).model).toBe(A);
  });

  it("waits as long as the provider asked to (Retry-After)", () => {
    const { ask, world } = dispatcher();
    permitOf(ask()).report({ kind: "apiFailure", retryAfterMs: 30_000 });
    const answer = ask();
    expect(answer).toMatchObject({ wait: { untilMs: world.now() + 30_000 } });
  });

  it("is not kept away by a probe that nobody heard of again", async () => {
    const { ask, world } = dispatcher();
    permitOf(ask()).report({ kind: "unavailable" });
    world.schedule(15_000, () => undefined);
    await world.run(() => false, 60_000);
    const probe = permitOf(ask());
    const answer = ask();
    // No time is promised: the end of the probe is what is waited for.
    expect(answer).toMatchObject({ wait: { reason: expect.stringContaining("p/a failed") } });
    expect(answer).not.toHaveProperty("wait.untilMs");
    probe[Symbol.dispose]();
    expect("permit" in ask()).toBe(true);
  });

  it("begins as soon as there is room, for whoever waits", async () => {
    const { all, ask, world } = dispatcher({ agents: { worker: 1 } });
    const first = permitOf(ask());
    let second: Permit | undefined;
    const waits: string[] = [];
    const request = { agent: "worker", priority: "normal", models: [A] } as const;
    void all
      .acquire(request, new AbortController().signal, ({ reason }) => waits.push(reason))
      .then((permit) => {
        second = permit;
      });
    await world.run(() => true, 1);
    expect(second).toBeUndefined();
    first[Symbol.dispose]();
    await world.run(() => second !== undefined, 10);
    expect(second?.model).toBe(A);
    expect(waits).toEqual(["agent:worker has 1 of 1 turns under way"]);
  });

  it("is not waited for any longer when it is no longer wanted", async () => {
    const { all, ask, world } = dispatcher({ agents: { worker: 1 } });
    permitOf(ask());
    const stop = new AbortController();
    const waiting = all.acquire({ agent: "worker", priority: "low", models: [A] }, stop.signal);
    waiting.catch(() => undefined);
    await world.run(() => true, 1);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  it("tells people what is held back, and no more once it works again", () => {
    const { all, ask } = dispatcher({ models: { "p/a": 4 } });
    expect(all.restraints()).toEqual([]);
    const permit = permitOf(ask());
    permit.report({ kind: "apiFailure" });
    permit.report({ kind: "unavailable" });
    expect(all.restraints()).toEqual([
      "provider:p to 4 of 9 at once",
      "model:p/a to 2 of 4 at once",
      "p/a, whose circuit is open",
    ]);
    permit.report({ kind: "success" });
    expect(all.restraints()).not.toContain("p/a, whose circuit is open");
  });

  it("says what changed in the log when a circuit opens and closes", () => {
    const { ask, log } = dispatcher();
    const permit = permitOf(ask());
    permit.report({ kind: "unavailable" });
    permit.report({ kind: "success" });
    expect(log.lines.filter(([, event]) => event === "breaker").map(([, , fields]) => fields)).toEqual([
      { model: "p/a", from: "closed", to: "open" },
      { model: "p/a", from: "open", to: "closed" },
    ]);
  });
});
