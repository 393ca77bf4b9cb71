import { describe, expect, it } from "vitest";
import { WorkStealingLanes } from "../../src/native/index.js";
import type { JobPriority } from "../../src/ports/index.js";

/** Takes and releases on one slot until nothing is left. */
function drain(lanes: WorkStealingLanes, slot = 0): string[] {
  const order: string[] = [];
  for (let taken = lanes.take("w", slot, 0); taken; taken = lanes.take("w", slot, 0)) {
    order.push(taken.job);
    lanes.release("w", slot, 0);
  }
  return order;
}

const push = (lanes: WorkStealingLanes, job: string, priority: JobPriority = "normal", slot?: number) =>
  lanes.push("w", job, priority, slot, 0);

describe("a slot takes", () => {
  it("the higher priority first, whatever came first", () => {
    const lanes = new WorkStealingLanes({ w: 1 });
    for (const priority of ["low", "normal", "critical", "high"] as const) push(lanes, priority, priority);
    expect(drain(lanes)).toEqual(["critical", "high", "normal", "low"]);
  });

  it("its own newest job, then jobs of nobody oldest first, then the oldest of the longest deque", () => {
    const lanes = new WorkStealingLanes({ w: 3 });
    for (const job of ["own1", "own2"]) push(lanes, job, "normal", 0);
    for (const job of ["free1", "free2"]) push(lanes, job);
    push(lanes, "short1", "normal", 1);
    for (const job of ["long1", "long2"]) push(lanes, job, "normal", 2);
    expect(drain(lanes).slice(0, 5)).toEqual(["own2", "own1", "free1", "free2", "long1"]);
  });

  it("says the priority of what it got, and nothing when there is nothing", () => {
    const lanes = new WorkStealingLanes({ w: 1, other: 1 });
    push(lanes, "a", "high");
    expect(lanes.take("other", 0, 0)).toBeUndefined();
    expect(lanes.take("w", 0, 0)).toEqual({ job: "a", priority: "high" });
  });

  it("a low job in the end, however many critical ones keep coming", () => {
    const lanes = new WorkStealingLanes({ w: 1 });
    push(lanes, "patient", "low");
    for (let n = 0; n < 100; n++) {
      push(lanes, `urgent${n}`, "critical");
      const taken = lanes.take("w", 0, 0);
      lanes.release("w", 0, 0);
      if (taken?.job === "patient") {
        // (k + 1)(N + 4) takes at most, with N = 8 and k = 0.
        expect(n).toBeLessThan(12);
        return;
      }
    }
    throw new Error("the low job starved");
  });
});

describe("cancel", () => {
  it("takes a waiting job back, and neither a running nor an unknown one", () => {
    const lanes = new WorkStealingLanes({ w: 1 });
    push(lanes, "running");
    push(lanes, "waiting");
    push(lanes, "last");
    lanes.take("w", 0, 0);
    expect(lanes.cancel("waiting")).toBe(true);
    expect(lanes.cancel("waiting")).toBe(false);
    expect(lanes.cancel("running")).toBe(false);
    expect(lanes.cancel("never")).toBe(false);
    lanes.release("w", 0, 0);
    expect(drain(lanes)).toEqual(["last"]);
  });

  it("frees the id to be pushed again", () => {
    const lanes = new WorkStealingLanes({ w: 1 });
    push(lanes, "a");
    lanes.cancel("a");
    push(lanes, "a");
    expect(drain(lanes)).toEqual(["a"]);
  });
});

describe("idleSlots", () => {
  it("offers the slots without a job, those with warm work first", () => {
    const lanes = new WorkStealingLanes({ w: 4 });
    expect(lanes.idleSlots("w")).toEqual([0, 1, 2, 3]);
    push(lanes, "a");
    lanes.take("w", 0, 0);
    push(lanes, "b", "normal", 2);
    expect(lanes.idleSlots("w")).toEqual([2, 1, 3]);
    lanes.release("w", 0, 0);
    expect(lanes.idleSlots("w")[0]).toBe(2);
  });

  it("follows a change of the capacity; a busy slot that goes ends its job", () => {
    const lanes = new WorkStealingLanes({ w: 2 });
    push(lanes, "a");
    push(lanes, "kept", "normal", 1);
    expect(lanes.take("w", 1, 0)?.job).toBe("kept");
    lanes.resize("w", 1, 0);
    expect(lanes.idleSlots("w")).toEqual([0]);
    lanes.release("w", 1, 0);
    expect(lanes.idleSlots("w")).toEqual([0]);
    lanes.resize("w", 3, 0);
    expect(lanes.idleSlots("w")).toEqual([0, 1, 2]);
    expect(drain(lanes)).toEqual(["a"]);
  });
});

it("metrics count what happened, and time as it was told", () => {
  const lanes = new WorkStealingLanes({ w: 2 });
  lanes.push("w", "own", "normal", 0, 0);
  lanes.push("w", "free", "normal", undefined, 0);
  lanes.push("w", "theirs", "normal", 1, 0);
  lanes.push("w", "gone", "low", undefined, 0);
  lanes.cancel("gone");
  for (const job of ["own", "free", "theirs"]) {
    expect(lanes.take("w", 0, 10)?.job).toBe(job);
    lanes.release("w", 0, 10);
  }
  lanes.push("w", "last", "normal", undefined, 10);
  lanes.take("w", 0, 10);
  expect(lanes.metrics("w", 20)).toEqual({
    pushed: 5,
    cancelled: 1,
    localPops: 1,
    injectorPops: 2,
    steals: 1,
    aged: 0,
    queued: 0,
    busySlots: 1,
    capacity: 2,
    waitMs: { count: 4, mean: 7.5, max: 10 },
    utilisation: 0.25,
  });
});

it("lanes know nothing of one another, and instances neither", () => {
  const left = new WorkStealingLanes({ a: 1, b: 1 });
  const right = new WorkStealingLanes({ a: 1 });
  left.push("a", "job", "high", undefined, 0);
  right.push("a", "job", "high", undefined, 0);
  left.take("a", 0, 0);
  expect(left.idleSlots("b")).toEqual([0]);
  expect(right.idleSlots("a")).toEqual([0]);
});
