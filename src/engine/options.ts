import type { DispatchOptions } from "../dispatch/index.js";
import type { Budget, Role } from "../mission/index.js";
import type { ModelRef } from "../ports/index.js";
import type { Lane } from "./jobs.js";

/** What a user can set about the engine. */
export interface EngineOptions {
  /** Attempts that a task has before it counts as failed. */
  readonly attempts: number;
  /** Whether a Reviewer judges each task after its checks. */
  readonly review: "always" | "never";
  /** Time limit of one acceptance command, in milliseconds. */
  readonly commandTimeoutMs: number;
  /** A turn of which nothing is heard for so long is stopped and taken up again, in milliseconds. */
  readonly stallTimeoutMs: number;
  /** Slots for each kind of work. */
  readonly slots: { readonly planner: number; readonly worker: number; readonly reviewer: number };
  /** Most turns at once, by provider and model. */
  readonly concurrency: Omit<DispatchOptions["ceilings"], "agents">;
  /** What each new mission may use. */
  readonly budget: Budget;
  /** Models that an agent goes on with while its own is out of order, the best first. */
  readonly fallbackModels: Partial<Readonly<Record<Role, readonly ModelRef[]>>>;
}

export const DEFAULT_OPTIONS: EngineOptions = {
  attempts: 3,
  review: "always",
  commandTimeoutMs: 10 * 60_000,
  stallTimeoutMs: 15 * 60_000,
  slots: { planner: 2, worker: 8, reviewer: 4 },
  concurrency: { providers: {}, models: {}, otherwise: 16 },
  budget: { tokens: 20_000_000, cost: 50, minutes: 12 * 60, rounds: 2_000, sessions: 500 },
  fallbackModels: {},
};

/** Deterministic checks that run at once. */
const CHECKERS = 2;

/** Slots of each lane. */
export function laneSlots({ slots }: Pick<EngineOptions, "slots">): Readonly<Record<Lane, number>> {
  return { ...slots, checker: CHECKERS };
}

/** Delegation below a task of the plan stops here. */
export const MAX_DEPTH = 3;
/** Reminders within one attempt, after turns that ended without their closing tool call. */
export const MAX_REMINDERS = 2;
/** Failures of the provider in a row, within one attempt, that may pass: then the task is blocked. */
export const MAX_TRANSIENT_RETRIES = 8;
/** Turns within one attempt that break off without an end. */
export const MAX_INTERRUPTIONS = 5;
/** Rounds of final verification before the user is asked. */
export const MAX_VERIFICATIONS = 3;
