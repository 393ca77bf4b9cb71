import type { Role } from "../mission/index.js";
import type { Clock, ModelRef, Random, TokenUse } from "../ports/index.js";
import type { CommitContext } from "../state/index.js";
import { reminder, resumption } from "./briefs.js";
import { MAX_INTERRUPTIONS, MAX_REMINDERS, MAX_TRANSIENT_RETRIES } from "./options.js";
import type { Turns } from "./turns.js";

/** One agent's work on one thing: a first message, and as many more as it takes to get the closing tool call. */
export interface Dialogue {
  readonly mission: string;
  readonly session: string;
  readonly role: Exclude<Role, "commander">;
  /** Names the work within the session, such as `T1.2` for the second attempt at T1. */
  readonly work: string;
  readonly brief: string;
  readonly closingTool: string;
  readonly model?: ModelRef | undefined;
  /** True once the closing tool call has changed the state. */
  readonly closed: () => boolean;
}

export type DialogueEnd =
  | { readonly kind: "closed"; readonly use: TokenUse }
  /** The user stopped the session by hand. */
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly reason: string; readonly permanent: boolean };

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

/**
 * Talks until the work is closed. Replayed from its first message after a restart: messages that were delivered
 * before are recognised by their keys and not sent again.
 */
export async function converse(
  ports: { readonly turns: Turns; readonly clock: Clock; readonly random: Random },
  dialogue: Dialogue,
  context: CommitContext,
  signal: AbortSignal,
): Promise<DialogueEnd> {
  const use = { input: 0, output: 0, cacheRead: 0, cost: 0 };
  let reminders = 0;
  let retries = 0;
  let interruptions = 0;
  let text = dialogue.brief;
  for (let number = 0; ; number++) {
    const end = await ports.turns.deliver(
      {
        key: `${dialogue.session}/${dialogue.work}.${number}`,
        mission: dialogue.mission,
        session: dialogue.session,
        agent: dialogue.role,
        model: dialogue.model,
        text,
        obsolete: dialogue.closed,
      },
      context,
      signal,
    );
    if (end.state === "ended") {
      use.input += end.use.input;
      use.output += end.use.output;
      use.cacheRead += end.use.cacheRead;
      use.cost += end.use.cost;
    }
    if (dialogue.closed()) return { kind: "closed", use };
    if (end.state !== "ended") {
      if (end.state === "unanswered")
        return { kind: "failed", reason: "the host did not start the agent's turn", permanent: false };
      if (end.fresh && ++interruptions > MAX_INTERRUPTIONS)
        return { kind: "failed", reason: "the agent's turns break off again and again", permanent: true };
      text = resumption(dialogue.closingTool);
      continue;
    }
    const failure = end.failure;
    if (failure?.kind === "aborted") {
      // A replayed turn was stopped in an earlier life; only a fresh one tells what the user wants now.
      if (end.fresh) return { kind: "stopped" };
      text = resumption(dialogue.closingTool);
    } else if (failure?.kind === "permanent") {
      if (end.fresh) return { kind: "failed", reason: failure.message, permanent: true };
      text = resumption(dialogue.closingTool);
    } else if (failure?.kind === "transient") {
      if (end.fresh && ++retries > MAX_TRANSIENT_RETRIES)
        return { kind: "failed", reason: failure.message, permanent: true };
      const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** retries);
      if (end.fresh) await ports.clock.sleep(ceiling * (0.5 + ports.random.next() / 2), signal);
      text = resumption(dialogue.closingTool);
    } else {
      if (end.fresh && ++reminders > MAX_REMINDERS)
        return { kind: "failed", reason: `the agent never called ${dialogue.closingTool}`, permanent: false };
      text = reminder(dialogue.closingTool);
    }
  }
}
