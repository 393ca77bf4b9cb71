import {
  type Evidence,
  type MissionDraft,
  type MissionView,
  type Role,
  roundsWithoutProgress,
  type Task,
} from "../mission/index.js";
import type { TokenUse } from "../ports/index.js";
import type { Conversation } from "./agents.js";
import type { DialogueEnd } from "./dialogue.js";
import type { EngineOptions } from "./options.js";
import type { Verifier } from "./verification.js";

/** What a step of a mission works with. Implemented by the mission's run. */
export interface StepContext {
  readonly verifier: Verifier;
  readonly options: EngineOptions;
  /** Aborted when the mission pauses, ends or loses its lease. */
  readonly signal: AbortSignal;
  now(): number;
  view(): MissionView;
  /** One transaction on the mission; `actor` goes into the audit log. */
  change<T>(actor: string, change: (draft: MissionDraft) => T): Promise<T>;
  /** The session if the host still has it, else a new one that is assigned to the work. */
  session(existing: string | undefined, role: Exclude<Role, "commander">, task?: Task): Promise<string>;
  converse(conversation: Conversation): Promise<DialogueEnd>;
  /** The agent's work on a task held: it may take on more at once. */
  accepted(role: Role): void;
  /** It did not: it takes on less. */
  rejected(role: Role): void;
  pause(reason: string): Promise<void>;
}

/** Sends the task back for another attempt, or gives it up when there is none left. */
export function rework(draft: MissionDraft, task: Task, findings: readonly string[]): void {
  const stagnation = roundsWithoutProgress(task.stagnation, findings);
  const change = { findings: [...findings], stagnation };
  if (task.attempt < task.attemptLimit) draft.moveTask(task.id, "ready", change);
  else draft.moveTask(task.id, "failed", { ...change, reason: whyFailed(task.attempt, change) });
}

function whyFailed(
  attempts: number,
  { findings, stagnation }: Pick<Task, "findings"> & { readonly stagnation: { readonly rounds: number } },
): string {
  const same = stagnation.rounds > 1 ? `, ${stagnation.rounds} times for the same reason` : "";
  return `not accepted after ${attempts} attempts${same}: ${(findings[0] ?? "no finding").slice(0, MAX_REASON)}`;
}

/** Characters of a finding that a reason repeats. */
const MAX_REASON = 200;

/** Changes the evidence of the task's present attempt, adding it when there is none yet. */
export function withEvidence(task: Task, change: (evidence: Evidence) => Evidence): Evidence[] {
  const last = task.evidence.at(-1);
  if (last?.attempt === task.attempt) return [...task.evidence.slice(0, -1), change(last)];
  const empty: Evidence = {
    attempt: task.attempt,
    changedFiles: [],
    commands: [],
    findings: [],
    inputTokens: 0,
    outputTokens: 0,
    cost: 0,
  };
  return [...task.evidence, change(empty)];
}

/** Books what a turn has used for one attempt at a task. */
export function addUse(draft: MissionDraft, id: string, attempt: number, use: TokenUse): void {
  const task = draft.task(id);
  const add = (one: Evidence): Evidence => ({
    ...one,
    inputTokens: one.inputTokens + use.input + use.cacheRead,
    outputTokens: one.outputTokens + use.output,
    cost: one.cost + use.cost,
  });
  const isThere = task.evidence.some((one) => one.attempt === attempt);
  if (!isThere && task.attempt !== attempt) return;
  draft.setTask(id, {
    evidence: isThere
      ? task.evidence.map((one) => (one.attempt === attempt ? add(one) : one))
      : withEvidence(task, add),
  });
}
