/** How urgent a job is; the higher goes first, and ageing keeps the lower from starving. */
export type JobPriority = "critical" | "high" | "normal" | "low";

/** A job that a slot has taken. */
export interface TakenJob {
  readonly job: string;
  readonly priority: JobPriority;
}

/**
 * Slots that take jobs by work stealing: each slot its newest job first, then jobs without a slot, then the
 * oldest job of the slot with the most. Times are milliseconds; the lanes read no clock.
 */
export interface Lanes {
  /** @param slot the slot whose session and files are warm for this job, if there is one. */
  push(lane: string, job: string, priority: JobPriority, slot: number | undefined, nowMs: number): void;
  /** The job that this slot should do now; the slot is busy until `release`. */
  take(lane: string, slot: number, nowMs: number): TakenJob | undefined;
  release(lane: string, slot: number, nowMs: number): void;
  /** Takes a waiting job back. False when it is not waiting. */
  cancel(job: string): boolean;
  /** Slots without a job, in the order in which to offer them: those with warm work of their own first. */
  idleSlots(lane: string): readonly number[];
}
