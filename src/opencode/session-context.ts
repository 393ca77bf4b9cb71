import {
  type ConversationMessage,
  type Essentials,
  missingFacts,
  type PruneSettings,
  prune,
} from "../context/index.js";
import { essentialsOf, type MissionEngine } from "../engine/index.js";
import { type Budgets, type Memory, NotesSection, type Standpoint } from "../memory/index.js";
import type { Assignment } from "../mission/index.js";
import type { Log } from "../ports/index.js";

export interface ContextSettings {
  readonly memory: Budgets;
  readonly pruning: PruneSettings;
}

interface Known {
  readonly notes: NotesSection;
  /** Its conversation has lost what it must know. */
  isForgetful: boolean;
}

/** What the sessions of missions get into their requests. Sessions without a mission are none of its business. */
export class SessionContext {
  readonly #settings: ContextSettings;
  readonly #log: Log;
  readonly #sessions = new Map<string, Known>();
  /** Batches of cuts at each session's last request: the same ones are made anew at every request. */
  readonly #batches = new Map<string, number>();

  constructor(settings: ContextSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Parts that go behind the system prompt, the steadiest first. */
  system(engine: MissionEngine, memory: Memory, session: string): string[] {
    const assignment = engine.assignment(session);
    if (!assignment) return [];
    const essentials = this.#essentials(engine, assignment);
    // A Commander's session is the user's own: once the mission is over it is an ordinary chat again.
    if (assignment.role === "commander" && !essentials) return [];
    const known = this.#known(session, memory);
    const notes = known.notes.next(memory, standpoint(assignment), this.#settings.memory);
    const lost =
      known.isForgetful && essentials ? `# Put back after a compaction\n${essentials.text}` : undefined;
    return [notes, lost].filter((part) => part !== undefined);
  }

  /** Cuts what an agent's conversation no longer needs, in place, and sees whether it has lost what it does need. */
  messages(engine: MissionEngine, messages: readonly ConversationMessage[]): void {
    const session = messages.find(({ info }) => info.sessionID)?.info.sessionID;
    const assignment = session === undefined ? undefined : engine.assignment(session);
    if (session === undefined || !assignment) return;
    const essentials = this.#essentials(engine, assignment);
    const known = this.#sessions.get(session);
    if (known && essentials) this.#check(known, session, messages, essentials);
    if (assignment.role === "commander") return;
    const { cuts, savedTokens, batches } = prune(messages, this.#settings.pruning);
    if (batches === (this.#batches.get(session) ?? 0)) return;
    this.#batches.set(session, batches);
    this.#log.info("context.pruned", { session, cuts, savedTokens, batches });
  }

  /** What goes into the prompt of a session's compaction. */
  compaction(engine: MissionEngine, session: string): string | undefined {
    const assignment = engine.assignment(session);
    const essentials = assignment && this.#essentials(engine, assignment);
    return essentials && `Keep this word for word, it is the open task:\n\n${essentials.text}`;
  }

  /** A session was compacted: its notes are chosen anew. */
  compacted(session: string): void {
    this.#sessions.get(session)?.notes.renew();
  }

  forget(session: string): void {
    this.#sessions.delete(session);
    this.#batches.delete(session);
  }

  #check(
    known: Known,
    session: string,
    messages: readonly ConversationMessage[],
    essentials: Essentials,
  ): void {
    const missing = missingFacts(messages, essentials);
    if (missing.length > 0 && !known.isForgetful)
      this.#log.info("context.restored", { session, missing: missing.length });
    known.isForgetful = missing.length > 0;
  }

  #essentials(engine: MissionEngine, assignment: Assignment): Essentials | undefined {
    return essentialsOf(engine.view(assignment.mission), assignment);
  }

  #known(session: string, memory: Memory): Known {
    let known = this.#sessions.get(session);
    if (!known) {
      known = { notes: new NotesSection(), isForgetful: false };
      this.#sessions.set(session, known);
      // A new session is a new round; the request does not wait for its commit.
      void memory.round().catch((error: unknown) => this.#log.warn("memory.round", { error: String(error) }));
    }
    return known;
  }
}

function standpoint({ role, task, mission }: Assignment): Standpoint {
  return { author: task ? `${role}:${task}` : role, mission, task };
}
