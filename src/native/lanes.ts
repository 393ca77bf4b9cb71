import type { JobPriority, Lanes, TakenJob } from "../ports/index.js";
import { addon } from "./addon.js";
import type { BindingLaneMetrics, BindingLanes } from "./binding.js";
import { unwrap } from "./errors.js";

export type LaneMetrics = BindingLaneMetrics;

/** Slots that take jobs by work stealing. See the `Lanes` port for the order. */
export class WorkStealingLanes implements Lanes {
  readonly #lanes: BindingLanes;

  /** @param capacities slots of each lane, 1 to 1,024. */
  constructor(capacities: Readonly<Record<string, number>>) {
    const lanes = Object.entries(capacities).map(([name, capacity]) => ({ name, capacity }));
    this.#lanes = unwrap(addon().BindingLanes.create(lanes));
  }

  push(lane: string, job: string, priority: JobPriority, slot: number | undefined, nowMs: number): void {
    unwrap(this.#lanes.push(lane, job, priority, slot, nowMs));
  }

  take(lane: string, slot: number, nowMs: number): TakenJob | undefined {
    const taken = unwrap(this.#lanes.take(lane, slot, nowMs));
    return taken ? { job: taken.job, priority: taken.priority as JobPriority } : undefined;
  }

  idleSlots(lane: string): number[] {
    return unwrap(this.#lanes.idleSlots(lane));
  }

  release(lane: string, slot: number, nowMs: number): void {
    unwrap(this.#lanes.release(lane, slot, nowMs));
  }

  cancel(job: string): boolean {
    return unwrap(this.#lanes.cancel(job));
  }

  /** Changes the number of slots while jobs run; a busy slot that goes finishes its job first. */
  resize(lane: string, capacity: number, nowMs: number): void {
    unwrap(this.#lanes.resize(lane, capacity, nowMs));
  }

  metrics(lane: string, nowMs: number): LaneMetrics {
    return unwrap(this.#lanes.metrics(lane, nowMs));
  }
}
