import { type Mission, missionSchema, type Task, taskSchema } from "../src/mission/index.js";
import type { StoreTransaction } from "../src/ports/index.js";
import type { SimulatedOpenCode } from "./opencode.js";

/** Which states may follow which, written down a second time. */
const TASK_AFTER: Readonly<Record<string, readonly string[]>> = {
  // A task that waits for nothing is ready in the commit that makes it.
  none: ["pending", "ready"],
  pending: ["ready", "cancelled"],
  ready: ["running", "cancelled"],
  running: ["checking", "ready", "blocked", "failed", "cancelled"],
  checking: ["reviewing", "done", "ready", "failed", "cancelled"],
  reviewing: ["done", "ready", "failed", "cancelled"],
  done: ["ready"],
  blocked: ["ready", "cancelled"],
  failed: ["ready", "cancelled"],
  cancelled: [],
};
const WORKING = new Set(["running", "checking", "reviewing"]);

/** What must hold after every commit, whatever the weather. Keeps its own picture of the missions. */
export class Invariants {
  readonly #fail: (what: string) => void;
  readonly #host: SimulatedOpenCode;
  readonly #missions = new Map<string, Mission>();
  readonly #tasks = new Map<string, Task>();

  constructor(fail: (what: string) => void, host: SimulatedOpenCode) {
    this.#fail = fail;
    this.#host = host;
  }

  committed(revision: number, { writes, fence }: StoreTransaction): void {
    for (const { key, value } of writes) {
      const [kind, mission = ""] = key.split("/");
      if (kind === "task") this.#task(revision, taskSchema.parse(value));
      if (kind === "mission") this.#mission(revision, missionSchema.parse(value));
      const known = this.#missions.has(mission);
      if ((kind === "task" || kind === "instruction") && known && fence?.lease !== `mission/${mission}`)
        this.#fail(`${key} was written without the lease of ${mission}`);
    }
    for (const mission of this.#missions.values()) this.#whole(revision, mission);
    this.spent();
  }

  /** What the host's models have used is inside of the budgets, booked or not. */
  spent(): void {
    for (const { id, rootSession, budget } of this.#missions.values()) {
      const { tokens, cost } = this.#host.totalUse(rootSession);
      if (tokens > (budget.tokens ?? tokens)) this.#fail(`${id} used ${tokens} of ${budget.tokens} tokens`);
      if (cost > (budget.cost ?? cost) + 1e-9) this.#fail(`${id} used $${cost} of $${budget.cost}`);
    }
  }

  /** Each message once, in the sessions of the host. */
  delivered(host: SimulatedOpenCode): void {
    for (const { id, messages } of host.sessions.values()) {
      const ids = new Set(messages.map(({ messageId }) => messageId));
      if (ids.size !== messages.length) this.#fail(`a message is twice in ${id}`);
    }
  }

  /** How a run may end. */
  ended(): void {
    for (const { id, state, reason } of this.#missions.values()) {
      const isOver = state === "sealed" || state === "failed" || state === "cancelled";
      if (!isOver && !(state === "blocked" && reason)) this.#fail(`${id} ended as ${state} (${reason})`);
      const tasks = [...this.#tasks.values()].filter(({ mission }) => mission === id);
      if (state === "sealed" && tasks.some((task) => task.state !== "done" && task.state !== "cancelled"))
        this.#fail(`${id} is sealed with open tasks`);
      if (isOver && tasks.some((task) => WORKING.has(task.state))) this.#fail(`${id} is over, and goes on`);
    }
  }

  #task(revision: number, task: Task): void {
    const place = `${task.mission}/${task.id}`;
    const before = this.#tasks.get(place);
    const from = before?.state ?? "none";
    if (task.state !== from && !TASK_AFTER[from]?.includes(task.state))
      this.#fail(`${revision}: ${place} went from ${from} to ${task.state}`);
    if (before && task.attempt < before.attempt) this.#fail(`${revision}: ${place} forgot an attempt`);
    if (task.attempt > task.attemptLimit) this.#fail(`${revision}: ${place} has one attempt too many`);
    if (before && task.attempt > before.attempt + 1) this.#fail(`${revision}: ${place} skipped an attempt`);
    if (before?.state === "done" && task.state === "done" && task.evidence.length > before.evidence.length)
      this.#fail(`${revision}: ${place} was done twice`);
    this.#tasks.set(place, task);
  }

  #mission(revision: number, mission: Mission): void {
    const before = this.#missions.get(mission.id);
    if (before && isTerminal(before.state) && mission.state !== before.state)
      this.#fail(`${revision}: ${mission.id} was ${before.state} and became ${mission.state}`);
    if (before && (mission.notice?.number ?? 0) < (before.notice?.number ?? 0))
      this.#fail(`${revision}: ${mission.id} lost a notice`);
    this.#missions.set(mission.id, mission);
  }

  #whole(revision: number, { id }: Mission): void {
    const tasks = [...this.#tasks.values()].filter(({ mission }) => mission === id);
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const writers = new Map<string, string>();
    for (const task of tasks) {
      if (!WORKING.has(task.state)) continue;
      for (const dependency of task.dependencies)
        if (byId.get(dependency)?.state !== "done" && byId.get(dependency)?.state !== "cancelled")
          this.#fail(`${revision}: ${id}/${task.id} runs before ${dependency} is done`);
      // All write sets of the simulation are whole folders.
      for (const folder of task.writes) {
        const other = writers.get(folder);
        if (other !== undefined) this.#fail(`${revision}: ${other} and ${task.id} of ${id} write ${folder}`);
        writers.set(folder, task.id);
      }
    }
  }
}

function isTerminal(state: string): boolean {
  return state === "sealed" || state === "failed" || state === "cancelled";
}
