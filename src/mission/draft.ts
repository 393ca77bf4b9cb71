import type { Store, TokenUse } from "../ports/index.js";
import { keepParsed, parseOnce, Transaction } from "../state/index.js";
import { tokensOf } from "./budget.js";
import { MissionError } from "./errors.js";
import { updateHold } from "./holds.js";
import { key, type Mission, missionSchema, type Task, taskSchema } from "./records.js";
import { type Answer, requestKey, requestSchema } from "./requests.js";
import {
  assertMissionTransition,
  assertTaskTransition,
  isActiveMission,
  type MissionState,
  type TaskState,
} from "./states.js";

/** A mission and its tasks as they stand at one revision. */
export interface MissionView {
  readonly mission: Mission;
  /** In the order of the plan. */
  readonly tasks: readonly Task[];
}

type TaskChange = Partial<Omit<Task, "id" | "mission" | "state">>;
type MissionChange = Partial<Omit<Mission, "id" | "state">>;

/** A mission inside a transaction: the only way to change one. Refuses every change that is not legal. */
export class MissionDraft implements MissionView {
  readonly #transaction: Transaction;
  #mission: Mission;
  readonly #tasks: Map<string, Task>;
  readonly #nowMs: number;

  /**
   * @param nowMs the time of the change; whoever only reads needs none
   * @throws MissionError `ERR_NO_MISSION` when the store has no such mission.
   */
  constructor(transaction: Transaction, id: string, nowMs = 0) {
    this.#transaction = transaction;
    this.#nowMs = nowMs;
    const stored = transaction.get(key.mission(id));
    if (stored === undefined) throw new MissionError("ERR_NO_MISSION", `there is no mission ${id}`);
    this.#mission = parseOnce(missionSchema, stored);
    this.#tasks = new Map(
      transaction
        .list(key.tasks(id))
        .map((entry) => parseOnce(taskSchema, entry.value))
        .sort((a, b) => a.order - b.order)
        .map((task) => [task.id, task]),
    );
  }

  get mission(): Mission {
    return this.#mission;
  }

  get tasks(): readonly Task[] {
    return [...this.#tasks.values()];
  }

  /** @throws MissionError `ERR_UNKNOWN_TASK` */
  task(id: string): Task {
    const task = this.#tasks.get(id);
    if (!task)
      throw new MissionError(
        "ERR_UNKNOWN_TASK",
        `mission ${this.#mission.id} has no task ${id} (it has: ${[...this.#tasks.keys()].join(", ") || "none"})`,
      );
    return task;
  }

  set(change: MissionChange): void {
    this.#mission = { ...this.#mission, ...change };
    keepParsed(missionSchema, this.#mission, this.#mission);
    this.#transaction.put(key.mission(this.#mission.id), this.#mission);
  }

  /** Moves the mission to another state. Leaving an active state for a pause or a block remembers the way back. */
  move(to: MissionState, change: MissionChange = {}): void {
    const from = this.#mission.state;
    assertMissionTransition(this.#mission.id, from, to);
    const { resumeTo: _, reason: __, ...rest } = this.#mission;
    const interrupted = to === "paused" || to === "blocked";
    const resumeTo = interrupted && isActiveMission(from) ? from : undefined;
    const verification = rest.verification + (to === "verifying" ? 1 : 0);
    const workedMs = isActiveMission(from) ? Math.max(0, this.#nowMs - rest.sinceMs) : 0;
    const spent = { ...rest.spent, activeMs: rest.spent.activeMs + workedMs };
    const sinceMs = this.#nowMs;
    this.#mission = { ...rest, state: to, sinceMs, spent, verification, ...(resumeTo && { resumeTo }) };
    this.set(change);
  }

  /** Leaves a notice for the Commander. */
  announce(text: string): void {
    this.set({ notice: { number: (this.#mission.notice?.number ?? 0) + 1, text, delivered: false } });
  }

  /**
   * Answers a request, once: in the commit that carries it out.
   * @throws MissionError `ERR_WITHDRAWN` when it was withdrawn or has its answer; nothing of the commit counts then.
   */
  answer(id: string, answer: Answer): void {
    const place = requestKey.of(this.#mission.id, id);
    const request = requestSchema.safeParse(this.#transaction.get(place)).data;
    if (!request || request.answer)
      throw new MissionError("ERR_WITHDRAWN", `request ${id} does not wait for an answer any more`);
    this.#transaction.put(place, { ...request, answer });
  }

  /** Books what a turn has used; rounds and sessions are booked when they begin. */
  spend(use: Partial<TokenUse> & { readonly rounds?: number; readonly sessions?: number }): void {
    const { input = 0, output = 0, cacheRead = 0, cost = 0, rounds = 0, sessions = 0 } = use;
    const { spent } = this.#mission;
    const now = {
      ...spent,
      tokens: spent.tokens + tokensOf({ input, output, cacheRead, cost }),
      cost: spent.cost + cost,
      rounds: spent.rounds + rounds,
      sessions: spent.sessions + sessions,
    };
    this.set({ spent: now });
  }

  /**
   * Adds a task, or puts one in its place.
   * @throws MissionError `ERR_HELD` when it is to be under way and may write what somebody else's does
   */
  addTask(task: Task): void {
    updateHold(this.#transaction, task, this.#tasks.get(task.id));
    this.#tasks.set(task.id, task);
    keepParsed(taskSchema, task, task);
    this.#transaction.put(key.task(task.mission, task.id), task);
  }

  setTask(id: string, change: TaskChange): void {
    this.addTask({ ...this.task(id), ...change });
  }

  moveTask(id: string, to: TaskState, change: TaskChange = {}): void {
    const { reason: _, ...task } = this.task(id);
    assertTaskTransition(id, this.task(id).state, to);
    this.addTask({ ...task, state: to, ...change });
  }
}

/** All missions of the store, the oldest first; as they were at a past revision if one is given. */
export function listMissions(store: Store, at?: number): Mission[] {
  return store
    .list(key.missions, at)
    .map((entry) => parseOnce(missionSchema, entry.value))
    .sort((a, b) => missionNumber(a) - missionNumber(b));
}

function missionNumber({ id }: Mission): number {
  return Number(id.slice(1));
}

/** The mission as it stands now, or stood at a past revision. @throws MissionError `ERR_NO_MISSION` */
export function readMission(store: Store, id: string, at?: number): MissionView {
  const { mission, tasks } = new MissionDraft(new Transaction(store, at), id);
  return { mission, tasks };
}
