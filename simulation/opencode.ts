import type {
  Host,
  Notice,
  Prompt,
  SessionRequest,
  TokenUse,
  Turn,
  TurnFailure,
} from "../src/ports/index.js";
import type { Weather } from "./weather.js";
import type { World } from "./world.js";

/** A message as the host keeps it, with what became of it. */
export interface Message extends Prompt {
  answer: "none" | "running" | "interrupted" | "ended";
  failure?: TurnFailure | undefined;
  /** What the model calls of its turn have used. */
  use: TokenUse;
}

export interface Session extends SessionRequest {
  readonly id: string;
  readonly messages: Message[];
}

/** A turn that an agent is playing. */
export interface PlayedTurn {
  readonly session: Session;
  readonly message: Message;
  readonly signal: AbortSignal;
}

/** What the process that is alive does with turns and events. */
export interface Resident {
  play(turn: PlayedTurn): Promise<TurnFailure | undefined>;
  event(session: string): void;
  /** What a model call has used. */
  used(session: string, call: string, use: TokenUse): void;
}

/** A call that did not reach the host, or whose answer was lost. */
class HostFailure extends Error {
  readonly code = "ERR_HOST";

  constructor() {
    super("the host did not answer");
  }
}

const NO_USE: TokenUse = { input: 0, output: 0, cacheRead: 0, cost: 0 };

/** OpenCode as its users know it: sessions are on disk, turns are not, and nothing arrives for certain. */
export class SimulatedOpenCode {
  readonly sessions = new Map<string, Session>();
  readonly notices: Notice[] = [];
  resident: Resident | undefined;
  readonly #world: World;
  readonly #weather: Weather;
  readonly #running = new Map<string, AbortController>();
  #ids = 0;

  constructor(world: World, weather: Weather) {
    this.#world = world;
    this.#weather = weather;
  }

  get busy(): string[] {
    return [...this.#running.keys()];
  }

  /** The sessions of agents. */
  get children(): string[] {
    return [...this.sessions.values()].filter(({ parent }) => parent !== "").map(({ id }) => id);
  }

  addRoot(id: string): void {
    this.sessions.set(id, { id, parent: "", title: id, agent: "commander", messages: [] });
  }

  /** The process is gone, and with it the turns that it ran. */
  processDied(): void {
    this.resident = undefined;
    for (const [id, turn] of this.#running) {
      for (const message of this.#session(id).messages)
        if (message.answer === "running") message.answer = "interrupted";
      turn.abort(new Error("the process died"));
    }
    this.#running.clear();
  }

  /** The user deletes a session. */
  remove(id: string): void {
    this.#running.get(id)?.abort(new Error("the session was deleted"));
    this.#running.delete(id);
    this.sessions.delete(id);
  }

  /** The host as a process sees it. Calls take time, and some fail. */
  handle(): Host {
    const call = <T>(act: () => T): Promise<T> =>
      this.#world.takes(this.#weather.latencyMs, () => {
        if (this.#world.random.chance(this.#weather.failingCall)) throw new HostFailure();
        return act();
      });
    return {
      messageIds: () => {
        const number = String(++this.#ids).padStart(8, "0");
        return { messageId: `msg_${number}`, partId: `prt_${number}` };
      },
      createSession: (request) => call(() => this.#create(request)),
      hasSession: (session) => call(() => this.sessions.has(session)),
      prompt: (prompt) => call(() => this.#prompt(prompt)),
      turn: (session, messageId) => call(() => this.#look(session, messageId)),
      abort: (session) => call(() => this.interrupt(session)),
      notify: async (notice) => {
        this.notices.push(notice);
      },
    };
  }

  /** Esc, or our own abort: the turn ends as aborted. */
  interrupt(id: string): void {
    const turn = this.#running.get(id);
    if (!turn) return;
    this.#running.delete(id);
    for (const message of this.#session(id).messages)
      if (message.answer === "running") {
        message.answer = "ended";
        message.failure = { kind: "aborted", message: "aborted" };
      }
    turn.abort(new Error("aborted"));
    this.#tell(id);
  }

  #create(request: SessionRequest): string {
    const id = `ses_${++this.#ids}`;
    this.sessions.set(id, { id, ...request, messages: [] });
    return id;
  }

  #prompt(prompt: Prompt): void {
    const session = this.#session(prompt.session);
    if (!session.messages.some((one) => one.messageId === prompt.messageId))
      session.messages.push({ ...prompt, answer: "none", use: NO_USE });
    if (!this.#world.random.chance(this.#weather.lostWakeUp)) this.#wake(session);
  }

  #look(id: string, messageId: string): Turn {
    if (this.#running.has(id)) return { state: "running" };
    const message = this.#session(id).messages.find((one) => one.messageId === messageId);
    if (!message) return { state: "missing" };
    if (message.answer === "none") return { state: "unanswered" };
    if (message.answer === "interrupted") return { state: "interrupted", use: message.use };
    return { state: "ended", use: message.use, ...(message.failure && { failure: message.failure }) };
  }

  #wake(session: Session): void {
    if (this.#running.has(session.id) || !this.resident) return;
    const message = session.messages.find((one) => one.answer === "none");
    if (!message) return;
    const turn = new AbortController();
    this.#running.set(session.id, turn);
    message.answer = "running";
    void this.#play(session, message, turn, this.resident);
  }

  async #play(session: Session, message: Message, turn: AbortController, resident: Resident): Promise<void> {
    const failure = await resident.play({ session, message, signal: turn.signal });
    if (this.#running.get(session.id) !== turn) return;
    this.#running.delete(session.id);
    message.answer = "ended";
    message.failure = failure;
    this.#tell(session.id);
    this.#wake(session);
  }

  /** A model call has used this: the host knows at once, the plugin when it hears of it. */
  used({ session, message }: PlayedTurn, use: TokenUse): void {
    const before = message.use;
    message.use = {
      input: before.input + use.input,
      output: before.output + use.output,
      cacheRead: before.cacheRead + use.cacheRead,
      cost: before.cost + use.cost,
    };
    const call = `msg_${String(++this.#ids).padStart(8, "0")}`;
    this.#events(() => this.resident?.used(session.id, call, use));
  }

  /** What all sessions below a root have used that are still there. */
  totalUse(root: string): { tokens: number; cost: number } {
    const messages = [...this.sessions.values()]
      .filter(({ parent }) => parent === root)
      .flatMap((session) => session.messages);
    return {
      tokens: messages.reduce((sum, { use }) => sum + use.input + use.output + use.cacheRead, 0),
      cost: messages.reduce((sum, { use }) => sum + use.cost, 0),
    };
  }

  #tell(session: string): void {
    this.#events(() => this.resident?.event(session));
  }

  /** Events come late, twice or never. */
  #events(deliver: () => void): void {
    const { random } = this.#world;
    const times = random.chance(this.#weather.lostEvent)
      ? 0
      : random.chance(this.#weather.doubleEvent)
        ? 2
        : 1;
    for (let time = 0; time < times; time++)
      this.#world.schedule(random.next() * this.#weather.lateEventMs, deliver);
  }

  #session(id: string): Session {
    const session = this.sessions.get(id);
    if (!session) throw new Error(`the host has no session ${id}`);
    return session;
  }
}
