import { DEFAULT_OPTIONS, type EngineOptions, laneSlots, MissionEngine } from "../../src/engine/index.js";
import { writeSetCovers } from "../../src/mission/index.js";
import { WorkStealingLanes } from "../../src/native/index.js";
import type {
  Checks,
  Clock,
  CommandResult,
  Diagnosis,
  Host,
  Log,
  Store,
  WorkTree,
} from "../../src/ports/index.js";
import { FastClock } from "./fast-clock.js";
import type { SimulatedHost } from "./simulated-host.js";

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Checks whose commands answer what the test says; everything else is in order. */
export class ScriptedChecks implements Checks {
  readonly runs: string[] = [];
  readonly missing = new Set<string>();
  /** What a command does: an exit code, perhaps after a while. Default: 0. */
  outcome: (command: string, run: number) => number | Promise<number> = () => 0;

  async command(command: string, { signal }: { signal: AbortSignal }): Promise<CommandResult> {
    this.runs.push(command);
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
    );
    const run = this.runs.filter((one) => one === command).length;
    const exitCode = await Promise.race([this.outcome(command, run), aborted]);
    return { command, exitCode, durationMs: 1, timedOut: false, output: `output of ${command}` };
  }
  /** Files that there are. */
  existing: readonly string[] = [];
  /** What language servers say of them, and which other files may depend on them. */
  diagnosis: (paths: readonly string[], look: number) => Diagnosis = () => ({
    errors: [],
    servers: [],
    unchecked: [],
  });
  dependent: readonly string[] = [];
  #looks = 0;

  async files(globs: readonly string[]): Promise<string[]> {
    return this.existing.filter((path) => writeSetCovers(globs, path));
  }
  async diagnostics(paths: readonly string[]): Promise<Diagnosis> {
    return this.diagnosis(paths, ++this.#looks);
  }
  async dependents(): Promise<string[]> {
    return [...this.dependent];
  }
  async syntax(): Promise<[]> {
    return [];
  }
  async exists(path: string): Promise<boolean> {
    return !this.missing.has(path);
  }
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What is particular about one process. */
export interface Life {
  readonly diesAt?: number;
  readonly checks?: ScriptedChecks;
  readonly clock?: Clock;
  /** Default: none, as without git. */
  readonly tree?: WorkTree;
  /** Runs after each change of a mission. */
  readonly onChange?: (engine: MissionEngine) => void;
}

/** Processes that are known to be gone, by their number. */
const dead = new Set<number>();
let processes = 0;

/**
 * One process of the host with the engine in it. Once killed, nothing that it began has any further effect: calls
 * that were under way never come back, as if the machine had taken the process away.
 */
export class EngineProcess {
  readonly number = ++processes;
  readonly engine: MissionEngine;
  readonly lines: LogLine[] = [];
  readonly checks: ScriptedChecks;
  readonly #host: SimulatedHost;
  /** Effects on the outside so far; the process dies when there are this many. */
  readonly #diesAt: number;
  steps = 0;

  constructor(host: SimulatedHost, store: Store, options: Partial<EngineOptions> = {}, life: Life = {}) {
    this.#host = host;
    this.#diesAt = life.diesAt ?? Number.POSITIVE_INFINITY;
    this.checks = life.checks ?? new ScriptedChecks();
    const all = { ...DEFAULT_OPTIONS, ...options };
    const { number } = this;
    this.engine = new MissionEngine(
      {
        host: this.#mortalHost(host),
        store: this.#mortalStore(store),
        lanes: new WorkStealingLanes(laneSlots(all)),
        checks: this.checks,
        tree: life.tree,
        clock: this.#mortalClock(life.clock ?? new FastClock()),
        random: { next: () => 0.5 },
        pressure: { memory: () => 0 },
        finalizer: { register: () => undefined, unregister: () => undefined },
        owner: {
          holder: { process: number },
          isDead: (holder) => dead.has((holder as { process: number }).process),
        },
        log: this.#log(),
        onChange: () => life.onChange?.(this.engine),
        agentModel: () => undefined,
      },
      all,
    );
  }

  get isDead(): boolean {
    return dead.has(this.number);
  }

  /** As `kill -9` to the process, its turns included. */
  kill(): void {
    if (this.isDead) return;
    dead.add(this.number);
    this.#host.processDied();
  }

  /** An effect, before and behind which the process may die. */
  async #effect<T>(act: () => Promise<T>): Promise<T> {
    await this.#step();
    const result = await act();
    await this.#step();
    return result;
  }

  async #step(): Promise<void> {
    if (!this.isDead && ++this.steps === this.#diesAt) this.kill();
    if (this.isDead) await never();
  }

  async #look<T>(act: () => Promise<T>): Promise<T> {
    if (this.isDead) return never();
    const result = await act();
    return this.isDead ? never() : result;
  }

  #mortalHost(host: SimulatedHost): Host {
    return {
      messageIds: () => host.messageIds(),
      createSession: (request) => this.#effect(() => host.createSession(request)),
      prompt: (prompt) => this.#effect(() => host.prompt(prompt)),
      abort: (session) => this.#effect(() => host.abort(session)),
      hasSession: (session) => this.#look(() => host.hasSession(session)),
      turn: (session, messageId) => this.#look(() => host.turn(session, messageId)),
      notify: (notice) => host.notify(notice),
    };
  }

  #mortalStore(store: Store): Store {
    return {
      snapshot: () => store.snapshot(),
      get: (key, at) => store.get(key, at),
      list: (prefix, at) => store.list(prefix, at),
      commit: (transaction) => this.#effect(() => store.commit(transaction)),
      acquireLease: (request) => this.#look(() => store.acquireLease(request)),
      renewLease: (name, token, ttlMs) => this.#look(() => store.renewLease(name, token, ttlMs)),
      releaseLease: (name, token) => this.#look(() => store.releaseLease(name, token)),
    };
  }

  #mortalClock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      sleep: async (ms, signal) => {
        try {
          await clock.sleep(ms, signal);
        } finally {
          if (this.isDead) await never();
        }
      },
    };
  }

  #log(): Log {
    const write =
      (level: string) =>
      (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
        this.lines.push({ level, event, fields });
      };
    return { info: write("info"), warn: write("warn"), error: write("error") };
  }
}
