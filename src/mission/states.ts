import { MissionError } from "./errors.js";

/**
 * States of a mission and of a task, and the changes between them that are legal. Everything that is not
 * listed here is refused, whoever asks for it.
 */

export const MISSION_STATES = [
  "planning",
  "executing",
  "verifying",
  "sealed",
  "paused",
  "blocked",
  "failed",
  "cancelled",
] as const;
export type MissionState = (typeof MISSION_STATES)[number];

export const TASK_STATES = [
  "pending",
  "ready",
  "running",
  "checking",
  "reviewing",
  "done",
  "blocked",
  "failed",
  "cancelled",
] as const;
export type TaskState = (typeof TASK_STATES)[number];

const MISSION_TRANSITIONS: Readonly<Record<MissionState, readonly MissionState[]>> = {
  planning: ["executing", "paused", "blocked", "failed", "cancelled"],
  executing: ["verifying", "paused", "blocked", "failed", "cancelled"],
  verifying: ["sealed", "executing", "paused", "blocked", "failed", "cancelled"],
  paused: ["planning", "executing", "verifying", "cancelled"],
  blocked: ["planning", "executing", "verifying", "failed", "cancelled"],
  sealed: [],
  failed: [],
  cancelled: [],
};

const TASK_TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  pending: ["ready", "cancelled"],
  ready: ["running", "cancelled"],
  // Back to ready: the attempt failed, or its session is gone.
  running: ["checking", "ready", "blocked", "failed", "cancelled"],
  checking: ["reviewing", "done", "ready", "failed", "cancelled"],
  reviewing: ["done", "ready", "failed", "cancelled"],
  // The final verification of the whole tree can find that a finished task no longer holds.
  done: ["ready"],
  blocked: ["ready", "cancelled"],
  failed: ["ready", "cancelled"],
  cancelled: [],
};

/** A mission that has ended for good. */
export function isTerminalMission(state: MissionState): boolean {
  return MISSION_TRANSITIONS[state].length === 0;
}

export type ActiveMissionState = "planning" | "executing" | "verifying";

/** A mission whose tasks the engine is working on. */
export function isActiveMission(state: MissionState): state is ActiveMissionState {
  return state === "planning" || state === "executing" || state === "verifying";
}

/** A task that will not change again by itself. */
export function isSettledTask(state: TaskState): boolean {
  return state === "done" || state === "blocked" || state === "failed" || state === "cancelled";
}

/** @throws MissionError `ERR_ILLEGAL_TRANSITION` */
export function assertMissionTransition(id: string, from: MissionState, to: MissionState): void {
  if (!MISSION_TRANSITIONS[from].includes(to)) throw illegal(`mission ${id}`, from, to);
}

/** @throws MissionError `ERR_ILLEGAL_TRANSITION` */
export function assertTaskTransition(id: string, from: TaskState, to: TaskState): void {
  if (!TASK_TRANSITIONS[from].includes(to)) throw illegal(`task ${id}`, from, to);
}

function illegal(what: string, from: string, to: string): MissionError {
  return new MissionError("ERR_ILLEGAL_TRANSITION", `${what} is ${from} and cannot become ${to}`, {
    what,
    from,
    to,
  });
}
