import { describe, expect, it } from "vitest";
import type { MissionView } from "../../src/mission/index.js";
import { Toasts } from "../../src/opencode/toasts.js";
import type { Clock, Notice } from "../../src/ports/index.js";
import { mission, task } from "./records.js";

/** Time that moves when the test says so. */
class VirtualClock implements Clock {
  #now = 0;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  now = () => this.#now;

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      // Whoever was woken may sleep again.
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#sleepers.toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.#sleepers = this.#sleepers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#now = end;
  }
}

function stage() {
  const clock = new VirtualClock();
  const shown: (Notice & { atMs: number })[] = [];
  const asking = new Set<string>();
  const toasts = new Toasts({
    clock,
    notify: async (notice) => void shown.push({ ...notice, atMs: clock.now() }),
    isAsking: (sessions) => sessions.some((session) => asking.has(session)),
  });
  return { clock, shown, asking, toasts };
}

const view = (states: Record<string, string>, more: Record<string, unknown> = {}): MissionView => ({
  mission: mission({ state: "executing", rootSession: "root", ...more }),
  tasks: Object.entries(states).map(([id, state]) =>
    task(id, { state: state as "done", workSession: `s-${id}` }),
  ),
});

describe("toasts", () => {
  it("say nothing of a mission at its first sight, and tell what has become of it since", async () => {
    const { clock, shown, toasts } = stage();
    toasts.seen(view({ A: "done" }));
    await clock.advance(60_000);
    expect(shown).toEqual([]);
    toasts.seen(view({ A: "done" }, { state: "sealed" }));
    await clock.advance(0);
    expect(shown).toMatchObject([{ title: "Mission M1", message: "sealed", variant: "success" }]);
  });

  it("come at most once in four seconds, with all that came meanwhile in one", async () => {
    const { clock, shown, toasts } = stage();
    toasts.seen(view({ A: "running", B: "reviewing", C: "checking" }));
    toasts.seen(view({ A: "done", B: "reviewing", C: "checking" }));
    await clock.advance(0);
    toasts.seen(view({ A: "done", B: "ready", C: "checking" }));
    await clock.advance(1_000);
    toasts.seen(view({ A: "done", B: "ready", C: "failed" }));
    await clock.advance(2_000);
    expect(shown).toHaveLength(1);
    await clock.advance(1_000);
    expect(shown.map((one) => one.atMs)).toEqual([0, 4_000]);
    expect(shown[1]?.message.split("\n")).toEqual([
      expect.stringMatching(/^B .*: rejected by the review$/),
      expect.stringMatching(/^C .*: failed/),
    ]);
    expect(shown[1]?.variant).toBe("error");
  });

  it("wait while the user is asked something anywhere in the mission, and then come as one", async () => {
    const { clock, shown, asking, toasts } = stage();
    toasts.seen(view({ A: "running", B: "running" }));
    asking.add("s-B");
    toasts.seen(view({ A: "done", B: "running" }));
    await clock.advance(30_000);
    toasts.seen(view({ A: "done", B: "blocked" }));
    await clock.advance(30_000);
    expect(shown).toEqual([]);
    asking.clear();
    await clock.advance(1_000);
    expect(shown).toHaveLength(1);
    expect(shown[0]?.message).toMatch(/^A .*: done, 1 of 2\nB .*: blocked/);
  });

  it("keep the last lines when there are many, and count the others", async () => {
    const { clock, shown, toasts } = stage();
    const ids = ["A", "B", "C", "D", "E", "F"];
    const all = (state: string) => view(Object.fromEntries(ids.map((id) => [id, state])));
    toasts.seen(all("running"));
    toasts.seen(all("done"));
    await clock.advance(0);
    expect(shown[0]?.message.split("\n")).toHaveLength(5);
    expect(shown[0]?.message).toMatch(/^2 more\nC /);
  });

  it("warn once of a budget at 80% and once when it is used up", async () => {
    const { clock, shown, toasts } = stage();
    for (const tokens of [10, 79, 81, 90, 100, 120]) {
      toasts.seen(view({}, { budget: { tokens: 100 }, spent: { tokens } }));
      await clock.advance(10_000);
    }
    expect(shown.map((one) => one.message)).toEqual([
      "81% of tokens is used",
      "the budget of tokens is used up",
    ]);
  });

  it("end with the project", async () => {
    const { clock, shown, asking, toasts } = stage();
    toasts.seen(view({ A: "running" }));
    asking.add("root");
    toasts.seen(view({ A: "done" }));
    await clock.advance(0);
    toasts.close();
    await toasts.settled();
    asking.clear();
    await clock.advance(10_000);
    expect(shown).toEqual([]);
  });
});
