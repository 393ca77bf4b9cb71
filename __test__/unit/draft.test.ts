import { describe, expect, it } from "vitest";
import { key, listMissions, MissionDraft, type MissionError, readMission } from "../../src/mission/index.js";
import type { NativeStore } from "../../src/native/index.js";
import { Transaction } from "../../src/state/index.js";
import { put, temporaryStore } from "../native/temporary.js";
import { mission, task } from "./records.js";

async function stored(change: Parameters<typeof mission>[0] = {}): Promise<NativeStore> {
  const store = await temporaryStore();
  await put(store, {
    [key.mission("M1")]: mission(change),
    [key.task("M1", "b")]: task("b", { order: 0 }),
    [key.task("M1", "a")]: task("a", { order: 1, state: "done" }),
    [key.task("M10", "x")]: task("x", { mission: "M10" }),
  });
  return store;
}

function draft(store: NativeStore): { draft: MissionDraft; transaction: Transaction } {
  const transaction = new Transaction(store);
  return { transaction, draft: new MissionDraft(transaction, "M1") };
}

describe("a draft", () => {
  it("has the mission's own tasks, in the order of the plan", async () => {
    const view = readMission(await stored(), "M1");
    expect(view.tasks.map((one) => one.id)).toEqual(["b", "a"]);
    expect(view.mission.id).toBe("M1");
  });

  it("of what is not there is refused with a code", async () => {
    const store = await stored();
    expect(() => readMission(store, "M9")).toThrow(
      expect.objectContaining({ code: "ERR_NO_MISSION" }) as MissionError,
    );
    expect(() => draft(store).draft.task("zz")).toThrow("it has: b, a");
  });

  it("refuses an illegal change and writes nothing of it", async () => {
    const { draft: one, transaction } = draft(await stored());
    for (const illegal of [
      () => one.move("sealed", { summary: "no" }),
      () => one.moveTask("b", "done", { findings: ["no"] }),
      () => one.moveTask("a", "failed"),
    ])
      expect(illegal).toThrow(expect.objectContaining({ code: "ERR_ILLEGAL_TRANSITION" }) as MissionError);
    expect(transaction.writes).toEqual([]);
    expect(one.mission.state).toBe("executing");
    expect(one.task("b")).toEqual(task("b", { order: 0 }));
  });

  it("remembers which active state a pause or a block interrupted, and forgets it afterwards", async () => {
    for (const state of ["planning", "executing", "verifying"] as const)
      for (const rest of ["paused", "blocked"] as const) {
        const { draft: one } = draft(await stored({ state }));
        one.move(rest, { reason: "because" });
        expect(one.mission).toMatchObject({ state: rest, resumeTo: state, reason: "because" });
        one.move("executing");
        expect(one.mission).not.toHaveProperty("resumeTo");
        expect(one.mission).not.toHaveProperty("reason");
      }
  });

  it("drops a task's reason with its next change of state", async () => {
    const { draft: one } = draft(await stored());
    one.moveTask("b", "ready");
    one.moveTask("b", "running", { attempt: 1 });
    one.moveTask("b", "blocked", { reason: "stuck" });
    expect(one.task("b").reason).toBe("stuck");
    one.moveTask("b", "ready");
    expect(one.task("b")).not.toHaveProperty("reason");
  });

  it("numbers notices, each undelivered at first", async () => {
    const { draft: one } = draft(await stored());
    one.announce("one");
    one.set({ notice: { number: 1, text: "one", delivered: true } });
    one.announce("two");
    expect(one.mission.notice).toEqual({ number: 2, text: "two", delivered: false });
  });

  it("numbers verifications, so that a late result is told from the next", async () => {
    const { draft: one } = draft(await stored());
    one.move("verifying");
    one.move("executing");
    one.move("verifying");
    expect(one.mission.verification).toBe(2);
  });

  it("refuses a stored record that is not what it should be", async () => {
    const store = await stored();
    await put(store, { [key.task("M1", "c")]: { ...task("c"), state: "dreaming" } });
    expect(() => readMission(store, "M1")).toThrow(/state/);
  });
});

it("missions are listed by number, oldest first", async () => {
  const store = await temporaryStore();
  const ids = ["M2", "M10", "M1", "M9", "M11"];
  await put(store, Object.fromEntries(ids.map((id) => [key.mission(id), mission({ id })])));
  expect(listMissions(store).map((one) => one.id)).toEqual(["M1", "M2", "M9", "M10", "M11"]);
});
