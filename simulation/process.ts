import { DEFAULT_OPTIONS, type EngineOptions, laneSlots, MissionEngine } from "../src/engine/index.js";
import { WorkStealingLanes } from "../src/native/index.js";
import type { Checks, Clock, CommandResult, Host, Log, Store } from "../src/ports/index.js";
import { Cast } from "./cast.js";
import type { MemoryStore } from "./memory-store.js";
import type { SimulatedOpenCode } from "./opencode.js";
import type { Weather } from "./weather.js";
import type { World } from "./world.js";

/** The simulated world around the processes. */
export interface Stage {
  readonly world: World;
  readonly weather: Weather;
  readonly store: MemoryStore;
  readonly host: SimulatedOpenCode;
  /** Processes that are gone. */
  readonly dead: Set<number>;
  readonly tasks: number;
  /** Told of what must not happen. */
  readonly fail: (what: string) => void;
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const OPTIONS: EngineOptions = {
  ...DEFAULT_OPTIONS,
  slots: { planner: 2, worker: 4, reviewer: 2 },
  concurrency: { providers: { simulated: 6 }, models: { "simulated/one": 4 }, otherwise: 16 },
  fallbackModels: { worker: [{ providerID: "simulated", modelID: "spare" }] },
};

/** One life of the host's process, with the engine in it. Once dead, nothing that it began has any further effect. */
export class Process {
  readonly engine: MissionEngine;
  readonly log: string[] = [];
  readonly number: number;
  readonly #stage: Stage;

  constructor(stage: Stage, number: number) {
    this.#stage = stage;
    this.number = number;
    this.engine = new MissionEngine(
      {
        host: this.#mortal(stage.host.handle()),
        store: this.#mortal(stage.store.handle(stage.world)),
        lanes: new WorkStealingLanes(laneSlots(OPTIONS)),
        checks: this.#checks(),
        clock: this.#clock(),
        random: stage.world.random,
        pressure: { memory: () => stage.weather.memory },
        finalizer: { register: () => undefined, unregister: () => undefined },
        owner: {
          holder: { process: number },
          isDead: (holder) => stage.dead.has((holder as { process: number }).process),
        },
        log: this.#log(),
        onChange: () => undefined,
        agentModel: () => undefined,
      },
      OPTIONS,
    );
    const cast = new Cast(stage, this.engine);
    stage.host.resident = {
      play: (turn) =>
        cast.play(turn).catch((error: unknown) => {
          stage.fail(`an agent met an error that no model should see: ${error}`);
          return undefined;
        }),
      event: (session) => this.engine.sessionEvent(session),
      used: (session, call, use) => {
        void this.engine.sessionUsed(session, call, use, true).catch((error: { code?: unknown }) => {
          if (typeof error.code !== "string") stage.fail(`an event met: ${error}`);
        });
      },
    };
  }

  get isDead(): boolean {
    return this.#stage.dead.has(this.number);
  }

  /** As `kill -9`. */
  kill(): void {
    this.#stage.dead.add(this.number);
    this.#stage.host.processDied();
  }

  /** A port of which nothing comes back to a process that is dead. */
  #mortal<Port extends Host | Store>(port: Port): Port {
    const methods = Object.entries(port).map(([name, method]) => [
      name,
      (...args: unknown[]) => {
        if (this.isDead) return never();
        const result: unknown = (method as (...args: unknown[]) => unknown)(...args);
        return result instanceof Promise ? this.#alive(result) : result;
      },
    ]);
    return Object.fromEntries(methods) as Port;
  }

  async #alive<T>(result: Promise<T>): Promise<T> {
    try {
      const value = await result;
      return this.isDead ? never() : value;
    } catch (error) {
      return this.isDead ? never() : Promise.reject(error);
    }
  }

  #clock(): Clock {
    const { world } = this.#stage;
    return { now: () => world.now(), sleep: (ms, signal) => this.#alive(world.sleep(ms, signal)) };
  }

  #checks(): Checks {
    const { world, weather } = this.#stage;
    return {
      command: async (command, { signal }): Promise<CommandResult> => {
        const durationMs = world.random.next() * 30_000;
        await this.#alive(world.sleep(durationMs, signal));
        const exitCode = world.random.chance(weather.failedCheck) ? 1 : 0;
        return { command, exitCode, durationMs, timedOut: false, output: "" };
      },
      files: async () => [],
      syntax: async () => [],
      diagnostics: async () => ({ errors: [], servers: [], unchecked: [] }),
      dependents: async () => [],
      exists: async () => true,
    };
  }

  #log(): Log {
    const write = (event: string, fields: Readonly<Record<string, unknown>> = {}) => {
      this.log.push(`${this.#stage.world.now()} ${event} ${JSON.stringify(fields)}`);
    };
    return { info: write, warn: write, error: write };
  }
}
