import { type Instruction, instructionSchema, key } from "../mission/index.js";
import type { Clock, Host, ModelRef, Store, TokenUse, Turn } from "../ports/index.js";
import { type CommitContext, keepParsed, parseOnce, type Transaction } from "../state/index.js";

/** One message for one session. The key makes it unique: the same key is never delivered twice. */
export interface InstructionRequest {
  readonly key: string;
  readonly mission: string;
  readonly session: string;
  readonly agent: string;
  readonly model?: ModelRef | undefined;
  readonly text: string;
  /** Asked before each send: true when the instruction is no longer wanted. */
  readonly obsolete?: () => boolean;
  /** Committed together with the intention, once. What it throws keeps the instruction from being begun. */
  readonly begun?: (transaction: Transaction) => void;
  /** Committed together with the end of the turn, once. */
  readonly ended?: (transaction: Transaction, use: TokenUse) => void;
  /** Called before it is sent under this id. */
  readonly sent?: (message: string) => void;
  /** Called when the end is committed. */
  readonly booked?: () => void;
}

/** How a turn went. `fresh`: it was begun by this call, and not by an earlier life of the engine. */
export type TurnEnd = { readonly fresh: boolean } & (
  | Extract<Turn, { state: "ended" }>
  | { readonly state: "interrupted" | "obsolete" | "unanswered" }
);

/** An instruction whose turn is waited for. */
interface Delivery {
  /** When something was last heard of its session. */
  heardMs: number;
  /** Has it look at once. */
  wake: () => void;
}

interface TurnPorts {
  readonly host: Host;
  readonly clock: Clock;
  readonly store: Store;
}

export type Commit = <T>(context: CommitContext, change: (transaction: Transaction) => T) => Promise<T>;

/**
 * How often to look when no event comes: events drive the engine, looking is the safety net. A turn that is known to run is
 * looked at rarely; one that should have begun, often at first.
 */
const POLL_MIN_MS = 500;
const POLL_MAX_MS = 5_000;
/** The host answers a prompt before the session shows as busy; wake-ups are known to get lost. */
const RESEND_AFTER_MS = 8_000;
const MAX_SENDS = 4;
const NO_USE: TokenUse = { input: 0, output: 0, cacheRead: 0, cost: 0 };

/**
 * The one gate for instructions. Each is recorded as intended, with the ids that it will have in the session,
 * before it is sent. Whether it arrived is read from the session itself, so after a crash nothing is sent that
 * is already there, and sending again after a lost wake-up repeats the same ids, which the host stores once.
 */
export class Turns {
  readonly #host: Host;
  readonly #clock: Clock;
  readonly #open: (mission: string) => Instruction[];
  readonly #commit: Commit;
  readonly #stallMs: number;
  /** The deliveries that wait for each session's turns. One can end while the next has begun. */
  readonly #deliveries = new Map<string, Set<Delivery>>();

  constructor({ host, clock, store }: TurnPorts, commit: Commit, stallMs: number) {
    this.#host = host;
    this.#clock = clock;
    this.#open = (mission) =>
      store
        .list(key.instruction(mission, ""))
        .map(({ value }) => parseOnce(instructionSchema, value))
        .filter(({ state }) => state !== "ended");
    this.#commit = commit;
    this.#stallMs = stallMs;
  }

  /** The host reported something about a session: whoever waits for its turn looks again. */
  poke(session: string): void {
    this.heard(session);
    for (const delivery of this.#deliveries.get(session) ?? []) delivery.wake();
  }

  /** The session is alive: its turn is not stopped for silence. */
  heard(session: string): void {
    for (const delivery of this.#deliveries.get(session) ?? []) delivery.heardMs = this.#clock.now();
  }

  /**
   * Delivers the instruction and resolves when its turn is over. A turn of which nothing was heard for too long, and that
   * waits for no person, is stopped, and counts as interrupted.
   * @throws the signal's reason when aborted; the host's error when sending fails.
   */
  async deliver(request: InstructionRequest, context: CommitContext, signal: AbortSignal): Promise<TurnEnd> {
    const { instruction, fresh } = await this.#intend(request, context);
    const delivery: Delivery = { heardMs: this.#clock.now(), wake: () => undefined };
    const all = this.#deliveries.get(instruction.session) ?? new Set();
    this.#deliveries.set(instruction.session, all.add(delivery));
    try {
      return await this.#untilOver(delivery, request, instruction, fresh, context, signal);
    } finally {
      all.delete(delivery);
      if (all.size === 0) this.#deliveries.delete(instruction.session);
    }
  }

  /**
   * Books turns that were over before anybody saw it: those of an earlier life. Messages that the host does not have, or
   * that are being worked on, are left to whoever asks for them again.
   */
  async settle(
    mission: string,
    book: {
      readonly ended: (transaction: Transaction, use: TokenUse) => void;
      readonly booked: (session: string) => void;
    },
    context: CommitContext,
    signal: AbortSignal,
  ): Promise<void> {
    for (const instruction of this.#open(mission)) {
      signal.throwIfAborted();
      if (!(await this.#host.hasSession(instruction.session))) continue;
      const turn = await this.#host.turn(instruction.session, instruction.messageId);
      if (turn.state === "ended" || turn.state === "interrupted")
        await this.#end(
          { ...instruction, ended: book.ended, booked: () => book.booked(instruction.session) },
          instruction,
          turn.use,
          context,
        );
    }
  }

  async #untilOver(
    delivery: Delivery,
    request: InstructionRequest,
    instruction: Instruction,
    fresh: boolean,
    context: CommitContext,
    signal: AbortSignal,
  ): Promise<TurnEnd> {
    let sentAt: number | undefined;
    let sends = 0;
    let isAccepted = false;
    let pollMs = POLL_MIN_MS;
    for (;;) {
      signal.throwIfAborted();
      const turn = await this.#host.turn(instruction.session, instruction.messageId);
      signal.throwIfAborted();
      if (turn.state === "ended") {
        await this.#end(request, instruction, turn.use, context);
        return { ...turn, fresh };
      }
      if (turn.state === "interrupted") {
        await this.#end(request, instruction, turn.use, context);
        return { state: "interrupted", fresh };
      }
      if (turn.state === "running") {
        pollMs = POLL_MAX_MS;
        if (sends > 0 && !isAccepted) {
          await this.#mark(instruction, "accepted", context);
          isAccepted = true;
        }
        if (turn.waiting) delivery.heardMs = this.#clock.now();
        if (this.#clock.now() - delivery.heardMs >= this.#stallMs) {
          // What it has used is seen at the next look.
          await this.#host.abort(instruction.session);
          const { use } = await this.#stopped(instruction);
          await this.#end(request, instruction, use, context);
          return { state: "interrupted", fresh };
        }
      } else if (sentAt === undefined || this.#clock.now() - sentAt >= RESEND_AFTER_MS) {
        if (request.obsolete?.()) return { state: "obsolete", fresh };
        if (sends === MAX_SENDS) return { state: "unanswered", fresh };
        sends++;
        sentAt = this.#clock.now();
        pollMs = POLL_MIN_MS;
        request.sent?.(instruction.messageId);
        await this.#host.prompt({ ...instruction, model: request.model });
        // An abort that came while it was on its way found the session idle: it must not run unattended.
        if (signal.aborted) await this.#host.abort(instruction.session);
      }
      await this.#nextLook(delivery, pollMs, signal);
      pollMs = Math.min(POLL_MAX_MS, pollMs * 1.5);
    }
  }

  async #intend(
    request: InstructionRequest,
    context: CommitContext,
  ): Promise<{ instruction: Instruction; fresh: boolean }> {
    const place = key.instruction(request.mission, request.key);
    return this.#commit(context, (transaction) => {
      const stored = transaction.get(place);
      if (stored !== undefined) return { instruction: parseOnce(instructionSchema, stored), fresh: false };
      request.begun?.(transaction);
      const instruction: Instruction = {
        key: request.key,
        mission: request.mission,
        session: request.session,
        agent: request.agent,
        text: request.text,
        ...this.#host.messageIds(),
        state: "intended",
      };
      keepParsed(instructionSchema, instruction, instruction);
      transaction.put(place, instruction);
      return { instruction, fresh: true };
    });
  }

  async #end(
    request: InstructionRequest,
    instruction: Instruction,
    use: TokenUse,
    context: CommitContext,
  ): Promise<void> {
    await this.#mark(instruction, "ended", context, (transaction) => request.ended?.(transaction, use));
    request.booked?.();
  }

  /** What an aborted turn has used, as far as the host can still tell. */
  async #stopped({ session, messageId }: Instruction): Promise<{ use: TokenUse }> {
    const turn = await this.#host.turn(session, messageId);
    return turn.state === "ended" || turn.state === "interrupted" ? turn : { use: NO_USE };
  }

  /** Moves the record on, with what belongs to that; a record that is there already is left alone. */
  async #mark(
    instruction: Instruction,
    state: Instruction["state"],
    context: CommitContext,
    more: (transaction: Transaction) => void = () => undefined,
  ): Promise<void> {
    const place = key.instruction(instruction.mission, instruction.key);
    await this.#commit(context, (transaction) => {
      const stored = parseOnce(instructionSchema, transaction.get(place));
      if (stored.state === state || stored.state === "ended") return;
      const next: Instruction = { ...stored, state };
      keepParsed(instructionSchema, next, next);
      transaction.put(place, next);
      more(transaction);
    });
  }

  /** Until an event about the session, or until it is time to look anyway. */
  async #nextLook(delivery: Delivery, pollMs: number, signal: AbortSignal): Promise<void> {
    const looked = new AbortController();
    delivery.wake = () => looked.abort();
    try {
      await this.#clock.sleep(pollMs, AbortSignal.any([signal, looked.signal]));
    } catch {
      // Woken early, or aborted: the caller's loop tells which.
    } finally {
      delivery.wake = () => undefined;
    }
  }
}
