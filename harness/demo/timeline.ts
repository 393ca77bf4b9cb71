import {
  type Mission,
  type MissionState,
  missionSchema,
  type Task,
  type TaskState,
  taskSchema,
} from "../../src/mission/index.js";
import type { AuditEntry } from "../../src/native/index.js";
import { describeMission, describeTask, type Notice } from "./notices.js";

/** A time during which something was in one state, from commit to commit. `toMs` is open while it lasts. */
export interface Span<State> {
  readonly state: State;
  /** The attempt at the task; 0 for a mission. */
  readonly attempt: number;
  readonly fromMs: number;
  readonly toMs: number | undefined;
}

export interface TaskTrack {
  readonly task: Task;
  readonly spans: readonly Span<TaskState>[];
}

/**
 * A mission as its audit log tells it: every state with its times, and who worked at once. Nothing here is measured
 * by a watcher; the same commits give the same timeline, whenever they are read.
 */
export class Timeline {
  readonly #rootSession: string;
  #mission: Mission | undefined;
  #missionSpans: Span<MissionState>[] = [];
  readonly #tasks = new Map<string, { task: Task; spans: Span<TaskState>[] }>();
  readonly #notices: Notice[] = [];
  #mostWorkers = 0;
  #commits = 0;

  /** Follows the mission of this root session; commits of other missions are passed over. */
  constructor(rootSession: string) {
    this.#rootSession = rootSession;
  }

  get mission(): Mission | undefined {
    return this.#mission;
  }

  get missionSpans(): readonly Span<MissionState>[] {
    return this.#missionSpans;
  }

  /** In the order of the plan. */
  get tasks(): readonly TaskTrack[] {
    return [...this.#tasks.values()].sort((a, b) => a.task.order - b.task.order);
  }

  get notices(): readonly Notice[] {
    return this.#notices;
  }

  /** The most Workers that were at work at the same time. */
  get mostWorkers(): number {
    return this.#mostWorkers;
  }

  /** Commits of this mission. */
  get commits(): number {
    return this.#commits;
  }

  /** The next commit, in the order of revisions. Answers what a person should hear about. */
  add(commit: AuditEntry): readonly Notice[] {
    const heard = this.#notices.length;
    let ours = false;
    // Tasks first: what became of the last task is told before what follows from it for the mission.
    const changes = commit.changes.toSorted((a, b) => (a.key < b.key ? 1 : -1));
    for (const { key, value } of changes) {
      if (value === undefined) continue;
      if (key.startsWith("mission/"))
        ours = this.#seeMission(missionSchema.parse(value), commit.timeMs) || ours;
      else if (key.startsWith("task/")) ours = this.#seeTask(taskSchema.parse(value), commit.timeMs) || ours;
    }
    if (ours || (this.#mission && commit.mission === this.#mission.id)) this.#commits++;
    const workers = [...this.#tasks.values()].filter(({ task }) => task.state === "running").length;
    this.#mostWorkers = Math.max(this.#mostWorkers, workers);
    return this.#notices.slice(heard);
  }

  #seeMission(mission: Mission, atMs: number): boolean {
    if (mission.rootSession !== this.#rootSession) return false;
    const before = this.#mission;
    // A session can have one mission after another: the newest is the one that was asked for.
    if (before && before.id !== mission.id) this.#tasks.clear();
    const same = before?.id === mission.id ? before : undefined;
    this.#missionSpans = advance(same ? this.#missionSpans : [], mission.state, 0, atMs);
    this.#mission = mission;
    this.#notices.push(...describeMission(same, mission).map((notice) => ({ ...notice, atMs })));
    return true;
  }

  #seeTask(task: Task, atMs: number): boolean {
    if (task.mission !== this.#mission?.id) return false;
    const track = this.#tasks.get(task.id);
    const spans = advance(track?.spans ?? [], task.state, task.attempt, atMs);
    this.#notices.push(...describeTask(track?.task, task).map((notice) => ({ ...notice, atMs })));
    this.#tasks.set(task.id, { task, spans });
    return true;
  }
}

function advance<State>(
  spans: readonly Span<State>[],
  state: State,
  attempt: number,
  atMs: number,
): Span<State>[] {
  const last = spans.at(-1);
  if (!last) return [{ state, attempt, fromMs: atMs, toMs: undefined }];
  if (last.state === state && last.attempt === attempt) return [...spans];
  return [...spans.slice(0, -1), { ...last, toMs: atMs }, { state, attempt, fromMs: atMs, toMs: undefined }];
}

/** Milliseconds spent in a state, over all attempts; what still lasts counts up to `nowMs`. */
export function timeIn<State>(
  spans: readonly Span<State>[],
  states: readonly State[],
  nowMs: number,
): number {
  return spans
    .filter((span) => states.includes(span.state))
    .reduce((sum, span) => sum + Math.max(0, (span.toMs ?? nowMs) - span.fromMs), 0);
}
