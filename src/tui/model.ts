import {
  isTerminalMission,
  type MissionState,
  type MissionView,
  type Task,
  type TaskState,
} from "../mission/index.js";
import type { Tone } from "./line.js";
import { safe } from "./text.js";

/** What the panel and the board show, made of a mission's records and of what the host knows. All text is safe. */

export interface Use {
  readonly tokens: number;
  /** US dollars; 0 where the host has no price. */
  readonly cost: number;
  /** The model that answered last. */
  readonly model?: string | undefined;
}

/** What the host knows of sessions. */
export interface SessionFacts {
  /** What a session has used since the terminal was opened. */
  use(session: string): Use | undefined;
  /** Questions and permissions that a session waits for. */
  waiting(session: string): readonly string[];
}

export interface TaskModel {
  readonly id: string;
  readonly title: string;
  readonly state: TaskState;
  readonly dependencies: readonly string[];
  readonly attempt: number;
  readonly agent?: "worker" | "reviewer" | "checks" | undefined;
  readonly model?: string | undefined;
  readonly tokens: number;
  readonly cost: number;
  readonly reason?: string | undefined;
  /** The session to look into: the Reviewer's while it reviews. */
  readonly session?: string | undefined;
  readonly waiting: readonly string[];
  readonly record: Task;
}

/** A limit and how much of it is used. */
export interface BudgetModel {
  readonly name: string;
  readonly spent: number;
  readonly limit: number;
}

export interface MissionModel {
  readonly id: string;
  readonly goal: string;
  readonly state: MissionState;
  readonly reason?: string | undefined;
  readonly summary?: string | undefined;
  readonly rootSession: string;
  readonly planSession?: string | undefined;
  readonly done: number;
  readonly tasks: readonly TaskModel[];
  readonly tokens: number;
  readonly cost: number;
  /** Empty where the mission has no budget. */
  readonly budgets: readonly BudgetModel[];
  /** What waits for the user, one line each. */
  readonly waiting: readonly string[];
  readonly isOver: boolean;
}

export function missionModel({ mission, tasks }: MissionView, facts: SessionFacts): MissionModel {
  const shown = tasks.map((task) => taskModel(task, facts));
  const others = [mission.rootSession, ...(mission.planSession ? [mission.planSession] : [])];
  const asked = others.flatMap((session) => facts.waiting(session).map(safe));
  const waiting = [
    ...asked,
    ...shown.flatMap((task) => task.waiting.map((what) => `${task.id}: ${what}`)),
    ...(mission.state === "blocked" ? [safe(mission.reason ?? "the mission is blocked")] : []),
  ];
  const use = others.map((session) => facts.use(session));
  return {
    id: safe(mission.id),
    goal: safe(mission.goal),
    state: mission.state,
    reason: mission.reason && safe(mission.reason),
    summary: mission.summary && safe(mission.summary),
    rootSession: mission.rootSession,
    planSession: mission.planSession,
    done: shown.filter((task) => task.state === "done").length,
    tasks: shown,
    tokens: total([...shown, ...use], (one) => one.tokens),
    cost: total([...shown, ...use], (one) => one.cost),
    budgets: budgetsOf(mission),
    waiting,
    isOver: isTerminalMission(mission.state),
  };
}

function taskModel(task: Task, facts: SessionFacts): TaskModel {
  const sessions = [task.workSession, task.reviewSession].filter((one) => one !== undefined);
  const live = sessions.map((session) => facts.use(session));
  const agent =
    task.state === "running"
      ? "worker"
      : task.state === "checking"
        ? "checks"
        : task.state === "reviewing"
          ? "reviewer"
          : undefined;
  // The record has whole attempts, and also those from before the terminal was opened; the host has the one under way.
  const recorded = {
    tokens: total(task.evidence, (one) => one.inputTokens + one.outputTokens),
    cost: total(task.evidence, (one) => one.cost),
  };
  const heard = { tokens: total(live, (one) => one.tokens), cost: total(live, (one) => one.cost) };
  const model = live.findLast((one) => one?.model)?.model;
  return {
    id: safe(task.id),
    title: safe(task.title),
    state: task.state,
    dependencies: task.dependencies.map(safe),
    attempt: task.attempt,
    agent,
    model: model && safe(model),
    tokens: Math.max(recorded.tokens, heard.tokens),
    cost: Math.max(recorded.cost, heard.cost),
    reason: task.reason && safe(task.reason),
    session: task.state === "reviewing" ? (task.reviewSession ?? task.workSession) : task.workSession,
    waiting: sessions.flatMap((session) => facts.waiting(session).map(safe)),
    record: task,
  };
}

/** `mission.budget` names limits and `mission.spent` what is used of them; one that has no limit is not shown. */
function budgetsOf(mission: object): BudgetModel[] {
  const { budget, spent } = mission as { budget?: unknown; spent?: unknown };
  if (!isRecord(budget)) return [];
  return Object.entries(budget).flatMap(([name, limit]) => {
    if (typeof limit !== "number" || !(limit > 0)) return [];
    const used = isRecord(spent) ? spent[name] : undefined;
    return typeof used === "number" ? [{ name: safe(name), spent: used, limit }] : [];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function total<T>(all: readonly (T | undefined)[], pick: (one: T) => number): number {
  return all.reduce((sum, one) => sum + (one ? pick(one) : 0), 0);
}

export const TASK_MARKS: Readonly<Record<TaskState, { mark: string; tone: Tone }>> = {
  pending: { mark: "○", tone: "muted" },
  ready: { mark: "○", tone: "text" },
  running: { mark: "▶", tone: "accent" },
  checking: { mark: "◐", tone: "info" },
  reviewing: { mark: "◑", tone: "info" },
  done: { mark: "✓", tone: "success" },
  blocked: { mark: "!", tone: "warning" },
  failed: { mark: "✗", tone: "error" },
  cancelled: { mark: "-", tone: "muted" },
};

export const MISSION_TONES: Readonly<Record<MissionState, Tone>> = {
  planning: "accent",
  executing: "accent",
  verifying: "info",
  sealed: "success",
  paused: "warning",
  blocked: "warning",
  failed: "error",
  cancelled: "muted",
};
