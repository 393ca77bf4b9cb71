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
}

export const DEFAULT_OPTIONS: EngineOptions = {
  attempts: 3,
  review: "always",
  commandTimeoutMs: 10 * 60_000,
  stallTimeoutMs: 15 * 60_000,
  slots: { planner: 2, worker: 8, reviewer: 4 },
};

/** Delegation below a task of the plan stops here. */
export const MAX_DEPTH = 3;
/** Reminders within one attempt, after turns that ended without their closing tool call. */
export const MAX_REMINDERS = 2;
/** Further tries within one attempt, after failures of the provider that may pass. */
export const MAX_TRANSIENT_RETRIES = 5;
/** Turns within one attempt that break off without an end. */
export const MAX_INTERRUPTIONS = 5;
/** Rounds of final verification before the user is asked. */
export const MAX_VERIFICATIONS = 3;
