import type { Permit, TurnOutcome } from "../dispatch/index.js";
import type { Role } from "../mission/index.js";
import type { Clock, ModelRef, Random, TokenUse, TurnFailure } from "../ports/index.js";
import type { CommitContext, Transaction } from "../state/index.js";
import { reminder, resumption } from "./briefs.js";
import { MAX_INTERRUPTIONS, MAX_REMINDERS, MAX_TRANSIENT_RETRIES } from "./options.js";
import type { TurnEnd, Turns } from "./turns.js";

/** One agent's work on one thing: a first message, and as many more as it takes to get the closing tool call. */
export interface Dialogue {
  readonly mission: string;
  readonly session: string;
  readonly role: Exclude<Role, "commander">;
  /** Names the work within the session, such as `T1.2` for the second attempt at T1. */
  readonly work: string;
  readonly brief: string;
  readonly closingTool: string;
  /** True once the closing tool call has changed the state. */
  readonly closed: () => boolean;
  /** Why the engine itself has stopped the agent's turn. */
  readonly stuck: () => string | undefined;
  /** Committed with the beginning of each instruction. */
  readonly begun: (transaction: Transaction) => void;
  /** Committed with the end of each turn. */
  readonly ended: (transaction: Transaction, use: TokenUse) => void;
  /** Called before the message with this id is sent. */
  readonly sent: (message: string) => void;
  /** Called when the end is committed. */
  readonly booked: () => void;
}

/** The permit that the agent's turns run under, and how to get another when its model fails. */
export interface TurnPermits {
  readonly permit: Permit;
  /** False while the model's circuit is open. */
  readonly isAvailable: () => boolean;
  /** Waits for a permit in its place, perhaps on another model. @throws the signal's reason */
  renew(signal: AbortSignal): Promise<void>;
  /** True when another model could serve the agent now. */
  readonly hasAlternative: () => boolean;
  /** The model to name in a prompt; undefined: the one that the agent is configured with. */
  readonly model: () => ModelRef | undefined;
}

export type DialogueEnd =
  | { readonly kind: "closed" }
  /** The user stopped the session by hand. */
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly reason: string; readonly permanent: boolean };

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

interface DialoguePorts {
  readonly turns: Turns;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Talks until the work is closed. Replayed from its first message after a restart: messages that were delivered
 * before are recognised by their keys and not sent again.
 */
export async function converse(
  ports: DialoguePorts,
  dialogue: Dialogue,
  permits: TurnPermits,
  context: CommitContext,
  signal: AbortSignal,
): Promise<DialogueEnd> {
  let reminders = 0;
  let failures = 0;
  let interruptions = 0;
  let text = dialogue.brief;
  for (let number = 0; ; number++) {
    if (!permits.isAvailable()) await permits.renew(signal);
    const end = await ports.turns.deliver(
      {
        key: `${dialogue.session}/${dialogue.work}.${number}`,
        mission: dialogue.mission,
        session: dialogue.session,
        agent: dialogue.role,
        model: permits.model(),
        text,
        obsolete: dialogue.closed,
        begun: dialogue.begun,
        ended: dialogue.ended,
        sent: dialogue.sent,
        booked: dialogue.booked,
      },
      context,
      signal,
    );
    // A replayed turn tells what the provider was like in an earlier life.
    if (end.fresh) permits.permit.report(outcomeOf(end));
    if (dialogue.closed()) return { kind: "closed" };
    const stuck = dialogue.stuck();
    if (stuck !== undefined) return { kind: "failed", reason: stuck, permanent: false };
    if (end.state !== "ended") {
      if (end.state === "unanswered")
        return { kind: "failed", reason: "the host did not start the agent's turn", permanent: false };
      if (end.fresh && ++interruptions > MAX_INTERRUPTIONS)
        return { kind: "failed", reason: "the agent's turns break off again and again", permanent: true };
      text = resumption(dialogue.closingTool);
      continue;
    }
    const { failure } = end;
    if (!failure) {
      failures = 0;
      if (end.fresh && ++reminders > MAX_REMINDERS)
        return { kind: "failed", reason: `the agent never called ${dialogue.closingTool}`, permanent: false };
      text = reminder(dialogue.closingTool);
      continue;
    }
    text = resumption(dialogue.closingTool);
    // A replayed turn was stopped or failed in an earlier life; only a fresh one tells how things are now.
    if (!end.fresh) continue;
    if (failure.kind === "aborted") return { kind: "stopped" };
    failures++;
    if (!mayPass(failure, permits) || failures > MAX_TRANSIENT_RETRIES)
      return { kind: "failed", reason: failure.message, permanent: true };
    const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures);
    if (failure.kind === "transient" && permits.isAvailable())
      await ports.clock.sleep(ceiling * (0.5 + ports.random.next() / 2), signal);
  }
}

/** Whether another try makes sense: later, or on another model. */
function mayPass({ kind }: TurnFailure, permits: TurnPermits): boolean {
  return kind === "transient" || (kind === "unavailable" && permits.hasAlternative());
}

function outcomeOf(end: TurnEnd): TurnOutcome {
  if (end.state !== "ended") return { kind: "unknown" };
  const { failure } = end;
  if (!failure) return { kind: "success" };
  if (failure.kind === "transient") return { kind: "apiFailure", retryAfterMs: failure.retryAfterMs };
  return failure.kind === "unavailable" ? { kind: "unavailable" } : { kind: "unknown" };
}
