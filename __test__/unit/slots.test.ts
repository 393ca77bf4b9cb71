import { expect, it } from "vitest";
import type { Job } from "../../src/engine/jobs.js";
import { Slots } from "../../src/engine/slots.js";
import { WorkStealingLanes } from "../../src/native/index.js";

const job = (task: string, round = 1): Job => ({
  id: `M1:work:${task}:${round}`,
  kind: "work",
  lane: "worker",
  priority: "normal",
  mission: "M1",
  task,
});

/** Work that is always let in. */
const go = (run: () => Promise<void>) => ({ admit: () => undefined, run });

/** Real lanes of which it is seen which slot a push prefers. */
class SeenLanes extends WorkStealingLanes {
  readonly warm: (number | undefined)[] = [];
  override push(...args: Parameters<WorkStealingLanes["push"]>): void {
    this.warm.push(args[3]);
    super.push(...args);
  }
}

function slots(worker: number) {
  const lanes = new SeenLanes({ worker });
  const clock = { now: () => 0, sleep: () => new Promise<void>(() => undefined) };
  return { lanes, slots: new Slots(lanes, { planner: 1, worker, reviewer: 1, checker: 1 }, clock) };
}

/** A run that ends when it is told to. */
function held() {
  const end = new AbortController();
  const done = new Promise<void>((resolve) =>
    end.signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  return { run: () => done, open: () => end.abort() };
}

it("a task's next job prefers the slot that worked for it before", async () => {
  const { lanes, slots: all } = slots(3);
  const [a, b] = [held(), held()];
  const running = [all.submit(job("A"), go(a.run)), all.submit(job("B"), go(b.run))];
  a.open();
  b.open();
  await Promise.all(running);
  await all.submit(
    job("B", 2),
    go(async () => undefined),
  );
  await all.submit(
    job("A", 2),
    go(async () => undefined),
  );
  expect(lanes.warm).toEqual([undefined, undefined, 1, 0]);
});

it("a job waits for a slot, and the next one starts when a slot is free", async () => {
  const { lanes, slots: all } = slots(1);
  const order: string[] = [];
  const first = held();
  const one = all.submit(job("A"), go(first.run));
  const two = all.submit(
    job("B"),
    go(async () => {
      order.push("B");
    }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual([]);
  first.open();
  await Promise.all([one, two]);
  expect(order).toEqual(["B"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lanes.idleSlots("worker")).toEqual([0]);
});

it("a job that is taken back resolves without having run, and a running one is left alone", async () => {
  const { slots: all } = slots(1);
  const first = held();
  let ran = false;
  const one = all.submit(job("A"), go(first.run));
  const two = all.submit(
    job("B"),
    go(async () => {
      ran = true;
    }),
  );
  all.withdraw(job("B"));
  all.withdraw(job("A"));
  await two;
  first.open();
  await one;
  expect(ran).toBe(false);
});
