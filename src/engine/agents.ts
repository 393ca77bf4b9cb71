import {
  type Assignment,
  key,
  MissionDraft,
  type MissionView,
  type Role,
  type Task,
} from "../mission/index.js";
import type { Clock, Fence, Host, Random, TokenUse } from "../ports/index.js";
import { type CommitContext, type Transaction, type TransactPorts, transact } from "../state/index.js";
import { converse, type Dialogue, type DialogueEnd, type TurnPermits } from "./dialogue.js";
import { MAX_DEPTH } from "./options.js";
import type { Spending } from "./spending.js";
import type { Turns } from "./turns.js";

export interface AgentPorts extends TransactPorts {
  readonly host: Host;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  readonly onAssignment: (assignment: Assignment) => void;
  /** A conversation is over. */
  readonly onSpoken: (session: string) => void;
}

/** What a step asks of an agent. */
export interface Conversation
  extends Omit<Dialogue, "mission" | "begun" | "stuck" | "sent" | "ended" | "booked"> {
  /** Committed with the end of each turn, to book what it used where it belongs. */
  readonly used?: (draft: MissionDraft, use: TokenUse) => void;
}

/** The sessions of one mission's agents: made, spoken to, and stopped. */
export class Agents {
  readonly #ports: AgentPorts;
  readonly #mission: { readonly id: string; readonly fence: Fence; readonly view: () => MissionView };
  readonly #spending: Spending;
  readonly #speaking = new Set<string>();
  /** Turns that were stopped because they led nowhere, and why. */
  readonly #stuck = new Map<string, string>();

  constructor(
    ports: AgentPorts,
    mission: { readonly id: string; readonly fence: Fence; readonly view: () => MissionView },
    spending: Spending,
  ) {
    this.#ports = ports;
    this.#mission = mission;
    this.#spending = spending;
  }

  /**
   * The session if the host still has it, else a new one that is assigned to the work.
   * @throws MissionError `ERR_BUDGET`
   */
  async session(
    existing: string | undefined,
    role: Exclude<Role, "commander">,
    task?: Task,
  ): Promise<string> {
    const { host } = this.#ports;
    if (existing !== undefined && (await host.hasSession(existing))) return existing;
    const { mission } = this.#mission.view();
    using _place = this.#spending.session();
    const session = await host.createSession({
      parent: mission.rootSession,
      title: task ? `${task.id} ${task.title} (${role})` : `Plan of ${mission.id} (${role})`,
      agent: role,
      // Whose parts could not be given away further is not offered to do so.
      ...(task && task.depth >= MAX_DEPTH && { denied: ["delegate"] }),
    });
    const assignment: Assignment = { session, mission: mission.id, role, ...(task && { task: task.id }) };
    await transact(this.#ports, this.#context(), (transaction) => {
      transaction.put(key.assignment(session), assignment);
      this.#draft(transaction).spend({ sessions: 1 });
    });
    this.#ports.onAssignment(assignment);
    return session;
  }

  async converse(
    { used, ...conversation }: Conversation,
    permits: TurnPermits,
    signal: AbortSignal,
  ): Promise<DialogueEnd> {
    const { session } = conversation;
    const dialogue: Dialogue = {
      ...conversation,
      mission: this.#mission.id,
      begun: (transaction) => this.#draft(transaction).spend({ rounds: 1 }),
      ended: (transaction, use) => {
        const draft = this.#draft(transaction);
        draft.spend(use);
        used?.(draft, use);
      },
      stuck: () => this.#stuck.get(session),
      sent: (message) => this.#spending.begin(session, message),
      booked: () => this.#spending.over(session),
    };
    this.#speaking.add(session);
    try {
      return await converse(this.#ports, dialogue, permits, this.#context(), signal);
    } finally {
      this.#speaking.delete(session);
      this.#stuck.delete(session);
      this.#ports.onSpoken(session);
    }
  }

  /** Books what turns of an earlier life have used; nothing may begin before. */
  async settle(signal: AbortSignal): Promise<void> {
    await this.#ports.turns.settle(
      this.#mission.id,
      {
        ended: (transaction, use) => this.#draft(transaction).spend(use),
        booked: (session) => this.#spending.over(session),
      },
      this.#context(),
      signal,
    );
  }

  /** Stops the turn of one session for good: what it did led nowhere. */
  async stopTurn(session: string, reason: string): Promise<void> {
    if (!this.#speaking.has(session)) return;
    this.#stuck.set(session, reason);
    await this.#ports.host.abort(session);
  }

  /** Aborts every session that is being spoken to. */
  async stop(): Promise<void> {
    await Promise.allSettled([...this.#speaking].map((session) => this.#ports.host.abort(session)));
  }

  #draft(transaction: Transaction): MissionDraft {
    return new MissionDraft(transaction, this.#mission.id, this.#ports.clock.now());
  }

  #context(): CommitContext {
    return { actor: "engine", mission: this.#mission.id, fence: this.#mission.fence };
  }
}
