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

/** All jobs that the slots begin, in their order; each ends at once. */
async function order(worker: number, jobs: readonly Job[]): Promise<string[]> {
  const { slots: all } = slots(worker);
  const first = held();
  const begun: string[] = [];
  const gate = all.submit({ ...job("gate"), mission: "gate" }, go(first.run));
  const rest = jobs.map((one) =>
    all.submit(
      one,
      go(async () => {
        begun.push(`${one.mission}/${one.task}`);
      }),
    ),
  );
  first.open();
  await Promise.all([gate, ...rest]);
  return begun;
}

it("a mission with many jobs does not keep another's waiting for all of them", async () => {
  const many = Array.from({ length: 50 }, (_, at) => job(`A${at}`));
  const few = [1, 2].map((at) => ({ ...job(`B${at}`), mission: "M2", id: `M2:work:B${at}:1` }));
  const begun = await order(1, [...many, ...few]);
  expect(begun.indexOf("M2/B1")).toBeLessThanOrEqual(2);
  expect(begun.indexOf("M2/B2")).toBeLessThanOrEqual(4);
  expect(begun).toHaveLength(52);
});

it("of one mission the more urgent goes first, though another was handed to the lane before", async () => {
  const jobs = (["low", "normal", "critical", "high"] as const).map((priority) => ({
    ...job(priority),
    priority,
  }));
  expect(await order(1, jobs)).toEqual(["M1/critical", "M1/high", "M1/normal", "M1/low"]);
});

it("a job that may not begin leaves its slot to the next, and is asked again when something has changed", async () => {
  const { slots: all } = slots(1);
  let isOpen = false;
  const begun: string[] = [];
  const waits = all.submit(job("A"), {
    admit: () => (isOpen ? undefined : { reason: "not yet" }),
    run: async () => {
      begun.push("A");
    },
  });
  await all.submit(
    job("B"),
    go(async () => {
      begun.push("B");
    }),
  );
  expect(begun).toEqual(["B"]);
  expect(all.waiting("M1").map(({ job: { task }, reason }) => [task, reason])).toEqual([["A", "not yet"]]);
  all.reopen();
  expect(all.waiting("M1")).toHaveLength(1);
  isOpen = true;
  all.reopen();
  await waits;
  expect(begun).toEqual(["B", "A"]);
  expect(all.waiting("M1")).toEqual([]);
});

it("a job that waits to be admitted can be taken back", async () => {
  const { slots: all } = slots(1);
  let ran = false;
  const waits = all.submit(job("A"), {
    admit: () => ({ reason: "never" }),
    run: async () => {
      ran = true;
    },
  });
  all.withdraw(job("A"));
  await waits;
  all.reopen();
  expect([ran, all.waiting("M1")]).toEqual([false, []]);
});
