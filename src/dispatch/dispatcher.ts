import type { Clock, Finalizer, JobPriority, Log, ModelRef, Pressure } from "../ports/index.js";
import { BREAKER_DEFAULTS, type BreakerOptions, CircuitBreaker } from "./circuit-breaker.js";
import { Concurrency } from "./concurrency.js";
import type { ConcurrencyToken } from "./token.js";

export interface DispatchOptions {
  /** Most turns at once of each agent, provider (`anthropic`) and model (`anthropic/claude-…`). */
  readonly ceilings: {
    readonly agents: Readonly<Record<string, number>>;
    readonly providers: Readonly<Record<string, number>>;
    readonly models: Readonly<Record<string, number>>;
    /** For a provider or a model that is not named. */
    readonly otherwise: number;
  };
  readonly breaker?: BreakerOptions;
}

interface DispatchPorts {
  readonly clock: Clock;
  readonly pressure: Pressure;
  readonly log: Log;
  readonly finalizer: Finalizer;
}

/** Who wants to begin a turn. */
export interface DispatchRequest {
  readonly agent: string;
  readonly priority: JobPriority;
  /** The models that will do, the best first; none: whatever the host takes. */
  readonly models: readonly ModelRef[];
  /** A reason of the caller's own against it, asked for behind memory and before concurrency. */
  readonly obstacle?: () => Wait | undefined;
}

/** Why nothing may begin now, in words for the board; `untilMs`: not before then. */
export interface Wait {
  readonly reason: string;
  readonly untilMs?: number;
}

export type Admission = { readonly permit: Permit } | { readonly wait: Wait };

/** What a turn says about the provider that served it. */
export type TurnOutcome =
  | { readonly kind: "success" }
  /** Too many requests, a server's error, a broken connection. `retryAfterMs`: what the provider asked for. */
  | { readonly kind: "apiFailure"; readonly retryAfterMs?: number | undefined }
  /** No key, no credit, no such model: trying again is of no use. */
  | { readonly kind: "unavailable" }
  /** Nothing: it was stopped, or failed for another reason. */
  | { readonly kind: "unknown" };

/** Above this share of memory only high and critical work begins. */
const MEMORY_TIGHT = 0.8;
/** Above this none does. */
const MEMORY_FULL = 0.95;
/** The longest `Retry-After` that is believed. */
const MAX_HOLD_MS = 60 * 60_000;

/** Leave to run turns of an agent on a model. Lasts until it is disposed of. */
export class Permit implements Disposable {
  readonly model: ModelRef | undefined;
  readonly #token: ConcurrencyToken;
  readonly #report: (outcome: TurnOutcome) => void;
  #isOpen = true;

  constructor(model: ModelRef | undefined, token: ConcurrencyToken, report: (outcome: TurnOutcome) => void) {
    this.model = model;
    this.#token = token;
    this.#report = report;
  }

  /** How a turn went. */
  report(outcome: TurnOutcome): void {
    if (this.#isOpen) this.#report(outcome);
  }

  [Symbol.dispose](): void {
    // A probe that nothing was heard of does not keep the next one away.
    this.report({ kind: "unknown" });
    this.#isOpen = false;
    this.#token.release();
  }
}

/** Decides what may begin: circuit breakers, memory, concurrency, in this order. One for a whole project. */
export class Dispatcher {
  readonly #ports: DispatchPorts;
  readonly #options: DispatchOptions;
  readonly #concurrency: Concurrency;
  readonly #breakers = new Map<string, CircuitBreaker>();
  readonly #waiters = new Set<() => void>();
  /** Told when something has become possible that was not. */
  onRoom: () => void = () => undefined;

  constructor(ports: DispatchPorts, options: DispatchOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#concurrency = new Concurrency(
      (key) => ceilingOf(options.ceilings, key),
      () => this.#room(),
      ports.finalizer,
      (keys) => ports.log.error("permit.dropped", { keys }),
    );
  }

  admit({ agent, priority, models, obstacle }: DispatchRequest): Admission {
    const nowMs = this.#ports.clock.now();
    const candidates = models.length > 0 ? models : [undefined];
    const open = candidates.filter((model) => this.#breaker(model).admits(nowMs));
    if (open.length === 0) {
      const untilMs = Math.min(...candidates.map((model) => this.#breaker(model).retryAtMs));
      const reason = `${candidates.map(nameOf).join(", ")} failed again and again`;
      // In the past: one call tries whether it works again, and its end will tell.
      return { wait: { reason, ...(untilMs > nowMs && { untilMs }) } };
    }
    const wait = this.shortage(priority) ?? obstacle?.();
    if (wait) return { wait };
    for (const model of open) {
      const keys = keysOf(agent, model);
      const token = this.#concurrency.tryAcquire(keys);
      if (!token) continue;
      let isProbe = this.#breaker(model).pass(nowMs);
      const report = (outcome: TurnOutcome) => {
        this.#report(keys, model, isProbe, outcome);
        isProbe = false;
      };
      return { permit: new Permit(model, token, report) };
    }
    const full = this.#concurrency.full(keysOf(agent, open[0]));
    return { wait: { reason: `${full?.key} has ${full?.used} of ${full?.limit} turns under way` } };
  }

  /** Whether memory is too short for work of this priority. */
  shortage(priority: JobPriority): Wait | undefined {
    const memory = this.#ports.pressure.memory();
    const isUrgent = priority === "critical" || priority === "high";
    if (memory <= MEMORY_TIGHT || (memory <= MEMORY_FULL && isUrgent)) return undefined;
    return { reason: `memory is short: ${Math.round(memory * 100)}% is taken` };
  }

  /**
   * Waits until the turn may begin. @throws the signal's reason
   * @param waits told each time that it has to wait
   */
  async acquire(
    request: DispatchRequest,
    signal: AbortSignal,
    waits: (wait: Wait) => void = () => undefined,
  ): Promise<Permit> {
    for (;;) {
      signal.throwIfAborted();
      const admission = this.admit(request);
      if ("permit" in admission) return admission.permit;
      waits(admission.wait);
      await this.room(admission.wait, signal);
    }
  }

  /** Resolves when what had to wait may be asked for again. @throws the signal's reason */
  async room(wait: Wait, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#waiters.add(wake);
    const nowMs = this.#ports.clock.now();
    const restMs = wait.untilMs === undefined ? LOOK_AGAIN_MS : Math.max(0, wait.untilMs - nowMs);
    try {
      await this.#ports.clock.sleep(restMs, AbortSignal.any([signal, woken.signal]));
    } catch {
      signal.throwIfAborted();
    } finally {
      this.#waiters.delete(wake);
    }
  }

  /** A task of the agent was given back: it takes on less at once. */
  taskFailed(agent: string): void {
    this.#concurrency.report([agentKey(agent)], "taskFailure");
  }

  /** A task of the agent was accepted. */
  taskSucceeded(agent: string): void {
    this.#concurrency.report([agentKey(agent)], "success");
  }

  /** Whether a turn on the model could begin, as far as its circuit breaker is concerned. */
  isAvailable(model: ModelRef | undefined): boolean {
    return this.#breaker(model).admits(this.#ports.clock.now());
  }

  /** What is less than the user allows, because of failures: lowered limits, and circuits that are not closed. For people. */
  restraints(): string[] {
    const nowMs = this.#ports.clock.now();
    const lowered = this.#concurrency.states().filter(({ limit, ceiling }) => limit < ceiling);
    const open = [...this.#breakers].filter(([, breaker]) => breaker.state(nowMs) !== "closed");
    return [
      ...lowered.map(({ key, limit, ceiling }) => `${key} to ${limit} of ${ceiling} at once`),
      ...open.map(([model, breaker]) => `${model}, whose circuit is ${breaker.state(nowMs)}`),
    ];
  }

  #report(
    keys: readonly string[],
    model: ModelRef | undefined,
    isProbe: boolean,
    outcome: TurnOutcome,
  ): void {
    const breaker = this.#breaker(model);
    const nowMs = this.#ports.clock.now();
    const before = breaker.state(nowMs);
    const apiKeys = keys.filter((key) => !key.startsWith("agent:"));
    if (outcome.kind === "success") {
      breaker.succeeded();
      this.#concurrency.report(apiKeys, "success");
    } else if (outcome.kind === "apiFailure") {
      breaker.failed(nowMs, isProbe);
      if (outcome.retryAfterMs !== undefined)
        breaker.hold(nowMs + Math.min(MAX_HOLD_MS, outcome.retryAfterMs));
      this.#concurrency.report(apiKeys, "apiFailure");
    } else if (outcome.kind === "unavailable") breaker.trip(nowMs, isProbe);
    else breaker.gaveUp(isProbe);
    const after = breaker.state(nowMs);
    if (after !== before) {
      this.#ports.log.warn("breaker", { model: nameOf(model), from: before, to: after });
      if (after === "closed") this.#room();
    }
  }

  #breaker(model: ModelRef | undefined): CircuitBreaker {
    const name = nameOf(model);
    let breaker = this.#breakers.get(name);
    if (!breaker) {
      breaker = new CircuitBreaker(this.#options.breaker ?? BREAKER_DEFAULTS);
      this.#breakers.set(name, breaker);
    }
    return breaker;
  }

  #room(): void {
    this.onRoom();
    for (const wake of this.#waiters) wake();
  }
}

/** How often memory and the like are looked at while something waits for them. */
export const LOOK_AGAIN_MS = 2_000;

function agentKey(agent: string): string {
  return `agent:${agent}`;
}

function keysOf(agent: string, model: ModelRef | undefined): string[] {
  if (!model) return [agentKey(agent), "provider:default", "model:default"];
  return [agentKey(agent), `provider:${model.providerID}`, `model:${nameOf(model)}`];
}

function nameOf(model: ModelRef | undefined): string {
  return model ? `${model.providerID}/${model.modelID}` : "default";
}

function ceilingOf(
  { agents, providers, models, otherwise }: DispatchOptions["ceilings"],
  key: string,
): number {
  const [kind, ...rest] = key.split(":");
  const name = rest.join(":");
  const named = kind === "agent" ? agents : kind === "provider" ? providers : models;
  return named[name] ?? otherwise;
}
