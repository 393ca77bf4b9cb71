import type { MissionView, Task } from "../mission/index.js";
import type { Log } from "../ports/index.js";

/** Writes to the log what becomes of missions and their tasks: each state once, with the session that is concerned. */
export class TransitionLog {
  readonly #log: Log;
  /** By mission, or mission and task: the last state that was written. */
  readonly #last = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  note({ mission, tasks }: MissionView): void {
    const { id, state, reason, rootSession } = mission;
    if (this.#isNew(id, state))
      this.#log.info("mission.state", { mission: id, session: rootSession, state, reason });
    for (const task of tasks) this.#noteTask(task);
  }

  #noteTask(task: Task): void {
    const { mission, id, state, attempt, reason } = task;
    if (!this.#isNew(`${mission}/${id}`, `${state} ${attempt}`)) return;
    const session = state === "reviewing" ? task.reviewSession : task.workSession;
    this.#log.info("task.state", { mission, task: id, session, state, attempt, reason });
  }

  #isNew(key: string, state: string): boolean {
    if (this.#last.get(key) === state) return false;
    this.#last.set(key, state);
    return true;
  }
}
