import type { Clock, Lanes } from "../ports/index.js";
import type { Job, Lane } from "./jobs.js";

/** Runs queued jobs on free slots. One for the whole project: missions share the slots. */
export class Slots {
  readonly #lanes: Lanes;
  readonly #clock: Clock;
  readonly #queued = new Map<string, { readonly run: () => Promise<void>; readonly settle: () => void }>();
  /** The slot that last worked for a task, where the task's next job finds things warm. */
  readonly #affinity = new Map<string, number>();

  constructor(lanes: Lanes, clock: Clock) {
    this.#lanes = lanes;
    this.#clock = clock;
  }

  /**
   * Queues a job; resolves when it has run or was taken back. `run` must not reject: it owns its errors.
   */
  submit(job: Job, run: () => Promise<void>): Promise<void> {
    return new Promise((settle) => {
      this.#queued.set(job.id, { run, settle });
      const warm =
        job.task === undefined ? undefined : this.#affinity.get(`${job.lane}:${job.mission}:${job.task}`);
      this.#lanes.push(job.lane, job.id, job.priority, warm, this.#clock.now());
      this.#fill(job.lane);
    });
  }

  /** Takes a job back that no slot has taken yet. */
  withdraw(job: Job): void {
    if (!this.#lanes.cancel(job.id)) return;
    this.#queued.get(job.id)?.settle();
    this.#queued.delete(job.id);
  }

  /** The mission has ended: nothing of it will come again. */
  forget(mission: string): void {
    for (const place of this.#affinity.keys())
      if (place.split(":")[1] === mission) this.#affinity.delete(place);
  }

  /** Remembers which slot is warm for a task. */
  #warm(lane: Lane, id: string, slot: number): void {
    const [mission, , task] = id.split(":");
    this.#affinity.set(`${lane}:${mission}:${task}`, slot);
  }

  #fill(lane: Lane): void {
    for (const slot of this.#lanes.idleSlots(lane)) {
      const taken = this.#lanes.take(lane, slot, this.#clock.now());
      if (!taken) return;
      const queued = this.#queued.get(taken.job);
      this.#queued.delete(taken.job);
      this.#warm(lane, taken.job, slot);
      void this.#occupy(lane, slot, queued?.run).finally(queued?.settle);
    }
  }

  async #occupy(lane: Lane, slot: number, run: (() => Promise<void>) | undefined): Promise<void> {
    try {
      await run?.();
    } finally {
      this.#lanes.release(lane, slot, this.#clock.now());
      this.#fill(lane);
    }
  }
}
