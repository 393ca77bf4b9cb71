import { LOOK_AGAIN_MS, type Wait } from "../dispatch/index.js";
import type { Clock, Lanes } from "../ports/index.js";
import type { Job, Lane } from "./jobs.js";

/** What a slot does with a job that it has taken. */
export interface SlotWork {
  /** Asked when a slot is free for the job; a reason: not now, somebody else may have the slot. */
  admit(): Wait | undefined;
  /** Must not reject: it owns its errors. */
  run(): Promise<void>;
}

interface Entry {
  readonly job: Job;
  readonly work: SlotWork;
  readonly settle: () => void;
  /** Why it waits although a slot was free. */
  wait?: Wait | undefined;
}

/** The jobs of one mission that wait for slots of one lane. */
interface Share {
  /** The more urgent first. */
  outside: Entry[];
  /** Handed to the lane. */
  readonly inside: Set<Entry>;
}

/** Which is taken first when a mission has more jobs than it may queue; then the older one. */
const RANK = { critical: 0, high: 1, normal: 2, low: 3 } as const;

/**
 * Runs queued jobs on free slots. One for the whole project: missions share the slots. Of each mission only as many jobs wait
 * in a lane as the lane has slots, the rest outside of it: however many one mission has, those of another wait for one
 * round at most.
 */
export class Slots {
  readonly #lanes: Lanes;
  readonly #widths: Readonly<Record<Lane, number>>;
  readonly #clock: Clock;
  /** In the lanes. */
  readonly #queued = new Map<string, Entry>();
  /** For each lane and mission: what waits outside of it, and how much is in it. */
  readonly #shares = new Map<string, Share>();
  /** Taken once and not admitted, until `reopen`. */
  readonly #parked = new Map<string, Entry>();
  /** When those are asked again, if nothing happens before. */
  #looksAtMs: number | undefined;
  /** The slot that last worked for a task, where the task's next job finds things warm. */
  readonly #affinity = new Map<string, number>();

  /** @param widths slots of each lane */
  constructor(lanes: Lanes, widths: Readonly<Record<Lane, number>>, clock: Clock) {
    this.#lanes = lanes;
    this.#widths = widths;
    this.#clock = clock;
  }

  /** Queues a job; resolves when it has run or was taken back. */
  submit(job: Job, work: SlotWork): Promise<void> {
    return new Promise((settle) => {
      this.#queue({ job, work, settle });
      this.#fill(job.lane);
    });
  }

  /** Takes a job back that no slot has taken yet. */
  withdraw(job: Job): void {
    const share = this.#share(job);
    const outside = share.outside.find((entry) => entry.job.id === job.id);
    const entry = outside ?? this.#parked.get(job.id) ?? this.#queued.get(job.id);
    if (!entry) return;
    share.outside = share.outside.filter((one) => one !== outside);
    this.#parked.delete(job.id);
    if (this.#queued.delete(job.id)) {
      this.#lanes.cancel(job.id);
      share.inside.delete(entry);
      this.#feed(job);
    }
    entry.settle();
  }

  /** Something has changed: what was not admitted is asked again. */
  reopen(): void {
    if (this.#parked.size === 0) return;
    const entries = [...this.#parked.values()];
    this.#parked.clear();
    for (const entry of entries) this.#queue(entry);
    for (const lane of new Set(entries.map(({ job }) => job.lane))) this.#fill(lane);
  }

  /** Jobs of the mission that were not admitted, and why. */
  waiting(mission: string): { readonly job: Job; readonly reason: string }[] {
    return [...this.#parked.values()].flatMap(({ job, wait }) =>
      job.mission === mission && wait ? [{ job, reason: wait.reason }] : [],
    );
  }

  /** The mission has ended: nothing of it will come again. */
  forget(mission: string): void {
    for (const place of [...this.#affinity.keys(), ...this.#shares.keys()])
      if (place.split(":")[1] === mission) {
        this.#affinity.delete(place);
        this.#shares.delete(place);
      }
  }

  /** Time alone can make room, too: a circuit may be tried again, memory may be free. */
  #lookAgain(): void {
    const nowMs = this.#clock.now();
    const times = [...this.#parked.values()].map(({ wait }) => wait?.untilMs ?? nowMs + LOOK_AGAIN_MS);
    const atMs = Math.min(...times);
    if (times.length === 0 || (this.#looksAtMs !== undefined && this.#looksAtMs <= atMs)) return;
    this.#looksAtMs = atMs;
    void this.#clock.sleep(Math.max(1, atMs - nowMs)).then(() => {
      if (this.#looksAtMs !== atMs) return;
      this.#looksAtMs = undefined;
      this.reopen();
    });
  }

  #queue(entry: Entry): void {
    const share = this.#share(entry.job);
    insert(share.outside, entry);
    this.#feed(entry.job);
  }

  /** Moves jobs of this one's mission into the lane while it has room for them; a more urgent one takes another's place. */
  #feed({ lane, mission }: Job): void {
    const share = this.#share({ lane, mission });
    for (;;) {
      const [entry] = share.outside;
      if (!entry) return;
      if (share.inside.size >= this.#widths[lane]) {
        const last = [...share.inside].reduce((a, b) => (rank(b) >= rank(a) ? b : a));
        if (rank(last) <= rank(entry)) return;
        this.#lanes.cancel(last.job.id);
        this.#queued.delete(last.job.id);
        share.inside.delete(last);
        insert(share.outside, last);
      }
      share.outside.shift();
      share.inside.add(entry);
      const { job } = entry;
      this.#queued.set(job.id, entry);
      const warm = job.task === undefined ? undefined : this.#affinity.get(`${lane}:${mission}:${job.task}`);
      this.#lanes.push(lane, job.id, job.priority, warm, this.#clock.now());
    }
  }

  #fill(lane: Lane): void {
    for (const slot of this.#lanes.idleSlots(lane)) {
      let entry = this.#take(lane, slot);
      while (entry) {
        entry.wait = entry.work.admit();
        if (!entry.wait) break;
        this.#parked.set(entry.job.id, entry);
        this.#lookAgain();
        this.#lanes.release(lane, slot, this.#clock.now());
        entry = this.#take(lane, slot);
      }
      if (!entry) return;
      const { job, work, settle } = entry;
      if (job.task !== undefined) this.#affinity.set(`${lane}:${job.mission}:${job.task}`, slot);
      void this.#occupy(lane, slot, work).finally(settle);
    }
  }

  #take(lane: Lane, slot: number): Entry | undefined {
    const taken = this.#lanes.take(lane, slot, this.#clock.now());
    if (!taken) return undefined;
    const entry = this.#queued.get(taken.job);
    if (!entry) throw new Error(`the lanes gave out ${taken.job}, which nobody queued`);
    this.#queued.delete(taken.job);
    this.#share(entry.job).inside.delete(entry);
    this.#feed(entry.job);
    return entry;
  }

  async #occupy(lane: Lane, slot: number, work: SlotWork): Promise<void> {
    try {
      await work.run();
    } finally {
      this.#lanes.release(lane, slot, this.#clock.now());
      this.#fill(lane);
    }
  }

  #share({ lane, mission }: Pick<Job, "lane" | "mission">): Share {
    const place = `${lane}:${mission}`;
    const share = this.#shares.get(place) ?? { outside: [], inside: new Set() };
    this.#shares.set(place, share);
    return share;
  }
}

function rank({ job }: Entry): number {
  return RANK[job.priority];
}

/** Behind those that are as urgent. */
function insert(entries: Entry[], entry: Entry): void {
  const at = entries.findIndex((one) => rank(one) > rank(entry));
  entries.splice(at < 0 ? entries.length : at, 0, entry);
}
