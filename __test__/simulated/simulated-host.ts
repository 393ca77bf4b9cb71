import type { Host, Notice, Prompt, SessionRequest, Turn, TurnFailure } from "../../src/ports/index.js";

/** A message as the host keeps it, with what became of it. */
export interface HostMessage extends Prompt {
  /** Times that the host was asked to take it. */
  prompts: number;
  answer: "none" | "running" | "interrupted" | "ended";
  failure?: TurnFailure;
}

export interface HostSession extends SessionRequest {
  readonly id: string;
  readonly messages: HostMessage[];
}

/** One turn of an agent, as its script sees it. */
export interface AgentTurn {
  readonly session: HostSession;
  readonly message: HostMessage;
  /** Which turn of the session it is, from 1. */
  readonly number: number;
  /** Aborted when the turn is stopped, or its process dies. */
  readonly signal: AbortSignal;
}

/** What an agent does with a turn: it returns to end it well, or answers how it failed. */
export type Agent = (turn: AgentTurn) => Promise<TurnFailure | undefined> | TurnFailure | undefined;

const USE = { input: 100, output: 10, cacheRead: 0, cost: 0.01 };

/**
 * A host whose sessions outlive its process, as OpenCode's do: messages are on disk, turns are not. A message is
 * stored once however often it is sent; a session works on one message at a time.
 */
export class SimulatedHost implements Host {
  readonly sessions = new Map<string, HostSession>();
  readonly notices: Notice[] = [];
  readonly aborted: string[] = [];
  readonly failures: unknown[] = [];
  /** Plays every agent; set by the process that is alive. */
  agent: Agent = () => undefined;
  /** Accepts the next prompts and starts nothing, as often as this says. */
  lostWakeUps = 0;
  /** Runs before each look at a turn answers. */
  beforeTurnAnswers: (session: string) => Promise<void> = async () => undefined;
  readonly #running = new Map<string, AbortController>();
  #ids = 0;

  addSession(id: string): HostSession {
    const session = { id, parent: "", title: id, agent: "commander", messages: [] };
    this.sessions.set(id, session);
    return session;
  }

  /** The sessions that an agent is speaking in right now. */
  get busy(): string[] {
    return [...this.#running.keys()];
  }

  /** All messages of sessions with this agent, in the order of the sessions. */
  messagesTo(agent: string): HostMessage[] {
    return [...this.sessions.values()].flatMap((one) => one.messages).filter((one) => one.agent === agent);
  }

  /** The process that ran the turns is gone: what was under way stays half done. */
  processDied(): void {
    for (const [id, turn] of this.#running) {
      for (const message of this.#session(id).messages)
        if (message.answer === "running") message.answer = "interrupted";
      turn.abort(new Error("the process died"));
    }
    this.#running.clear();
  }

  messageIds(): { messageId: string; partId: string } {
    const number = String(++this.#ids).padStart(6, "0");
    return { messageId: `msg_${number}`, partId: `prt_${number}` };
  }

  async createSession(request: SessionRequest): Promise<string> {
    const id = `ses_${++this.#ids}`;
    this.sessions.set(id, { id, ...request, messages: [] });
    return id;
  }

  async hasSession(session: string): Promise<boolean> {
    return this.sessions.has(session);
  }

  async prompt(prompt: Prompt): Promise<void> {
    const session = this.#session(prompt.session);
    let message = session.messages.find((one) => one.messageId === prompt.messageId);
    if (message) message.prompts++;
    else {
      message = { ...prompt, prompts: 1, answer: "none" };
      session.messages.push(message);
    }
    if (this.lostWakeUps > 0) this.lostWakeUps--;
    else this.#wake(session);
  }

  async turn(session: string, messageId: string): Promise<Turn> {
    const answer = this.#look(session, messageId);
    await this.beforeTurnAnswers(session);
    return answer;
  }

  async abort(session: string): Promise<void> {
    this.aborted.push(session);
    const turn = this.#running.get(session);
    if (!turn) return;
    this.#running.delete(session);
    for (const message of this.#session(session).messages)
      if (message.answer === "running") {
        message.answer = "ended";
        message.failure = { kind: "aborted", message: "aborted" };
      }
    turn.abort(new Error("aborted"));
  }

  async notify(notice: Notice): Promise<void> {
    this.notices.push(notice);
  }

  #session(id: string): HostSession {
    const session = this.sessions.get(id);
    if (!session) throw new Error(`the host has no session ${id}`);
    return session;
  }

  #look(id: string, messageId: string): Turn {
    if (this.#running.has(id)) return { state: "running" };
    const message = this.#session(id).messages.find((one) => one.messageId === messageId);
    if (!message) return { state: "missing" };
    if (message.answer === "none") return { state: "unanswered" };
    if (message.answer === "interrupted") return { state: "interrupted", use: USE };
    return { state: "ended", use: USE, ...(message.failure && { failure: message.failure }) };
  }

  #wake(session: HostSession): void {
    if (this.#running.has(session.id)) return;
    const message = session.messages.find((one) => one.answer === "none");
    if (!message) return;
    const turn = new AbortController();
    this.#running.set(session.id, turn);
    message.answer = "running";
    void this.#play(session, message, turn);
  }

  async #play(session: HostSession, message: HostMessage, turn: AbortController): Promise<void> {
    let failure: TurnFailure | undefined;
    try {
      await new Promise((resolve) => setImmediate(resolve));
      const number = session.messages.indexOf(message) + 1;
      if (!turn.signal.aborted) failure = await this.agent({ session, message, number, signal: turn.signal });
    } catch (error) {
      // An agent that throws is a mistake of the test, unless its turn was stopped under it.
      if (!turn.signal.aborted) this.failures.push(error);
    }
    if (this.#running.get(session.id) !== turn) return;
    this.#running.delete(session.id);
    message.answer = "ended";
    if (failure) message.failure = failure;
    this.#wake(session);
  }
}
