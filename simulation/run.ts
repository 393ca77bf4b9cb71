import { isTerminalMission } from "../src/mission/index.js";
import { Invariants } from "./invariants.js";
import { MemoryStore } from "./memory-store.js";
import { SimulatedOpenCode } from "./opencode.js";
import { Process, type Stage } from "./process.js";
import { User } from "./user.js";
import { CALM, type Weather, weatherOf } from "./weather.js";
import { World } from "./world.js";

const MINUTE = 60_000;
/** For so long the weather is what it is; then it gets calm, and everything must come to an end. */
const STORM_MS = 120 * MINUTE;
const LIMIT_MS = 7 * 24 * 60 * MINUTE;
const HELP = 0.2;
/** Minutes of a mission's budget: more than any run has. */
const MINUTES = 1e6;

export interface Result {
  readonly seed: number;
  /** What must not have happened. */
  readonly failures: readonly string[];
  /** How the missions ended. */
  readonly states: Readonly<Record<string, string>>;
  readonly commits: number;
  /** How many processes it took. */
  readonly lives: number;
  readonly virtualMs: number;
  /** Turns that were stopped, broke off or failed. */
  readonly brokenTurns: number;
  readonly log: readonly string[];
}

/**
 * Runs one seed: one to three missions of up to so many tasks, to their end, in the seed's weather or in a calm one with
 * these troubles only.
 */
export function simulate(seed: number, tasks: number, troubles?: Partial<Weather>): Promise<Result> {
  return new Simulation(seed, tasks, troubles).run();
}

class Simulation {
  readonly #seed: number;
  readonly #world: World;
  readonly #stage: Stage;
  readonly #user: User;
  readonly #invariants: Invariants;
  readonly #beginMs: number;
  readonly #failures: string[] = [];
  readonly #log: string[] = [];
  #process: Process;

  constructor(seed: number, tasks: number, troubles: Partial<Weather> | undefined) {
    this.#seed = seed;
    const world = new World(seed);
    const weather = troubles ? { ...CALM, ...troubles } : weatherOf(world.random);
    const fail = (what: string) => this.#failures.push(what);
    const host = new SimulatedOpenCode(world, weather);
    const store = new MemoryStore(world);
    this.#world = world;
    this.#beginMs = world.now();
    this.#stage = { world, weather, store, host, dead: new Set(), tasks, fail };
    this.#user = new User(world.random, host, fail);
    this.#invariants = new Invariants(fail, host);
    store.onCommit = (revision, transaction) => this.#invariants.committed(revision, transaction);
    this.#process = new Process(this.#stage, 1);
  }

  async run(): Promise<Result> {
    const { random } = this.#world;
    const missions = 1 + random.below(3);
    for (let at = 0; at < missions; at++) {
      const root = `ses_root${at + 1}`;
      this.#stage.host.addRoot(root);
      this.#world.schedule(at * random.below(10) * MINUTE, () => {
        this.#live();
        const { tokens, cost } = this.#stage.weather;
        this.#user.begin(this.#process.engine, root, { tokens, cost, minutes: MINUTES, rounds: 20_000 });
      });
    }
    this.#world.schedule(MINUTE, () => this.#minute());
    try {
      await this.#world.run(() => this.#isDone(), LIMIT_MS);
      this.#invariants.delivered(this.#stage.host);
      if (this.#failures.length === 0) this.#invariants.ended();
      await this.#close();
    } catch (error) {
      this.#stage.fail(String(error));
    }
    return this.#result();
  }

  /** Starts OpenCode again if it has died. */
  #live(): void {
    if (!this.#process.isDead) return;
    this.#process = new Process(this.#stage, this.#process.number + 1);
    void this.#process.engine.recover().catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== "ERR_HOST") this.#stage.fail(`recovery failed: ${error}`);
    });
  }

  #minute(): void {
    const { weather } = this.#stage;
    const { random } = this.#world;
    this.#live();
    if (this.#isStorm()) {
      if (random.chance(weather.userAct)) this.#user.meddle(this.#process.engine);
      if (random.chance(weather.death)) {
        this.#log.push(...this.#process.log, `${this.#world.now()} the process ${this.#process.number} died`);
        this.#process.kill();
      }
    } else {
      Object.assign(weather, CALM);
      if (random.chance(HELP)) this.#user.help(this.#process.engine);
    }
    this.#world.schedule(MINUTE, () => this.#minute());
  }

  #isStorm(): boolean {
    return this.#world.now() - this.#beginMs < STORM_MS;
  }

  #isDone(): boolean {
    if (this.#failures.length > 0) return true;
    if (this.#isStorm() || this.#process.isDead) return false;
    const missions = this.#process.engine.missions();
    return missions.every(({ state, notice }) => isTerminalMission(state) && notice?.delivered !== false);
  }

  /** Nothing is left when the host shuts down. */
  async #close(): Promise<void> {
    let isClosed = false;
    void this.#process.engine.close().then(() => {
      isClosed = true;
    });
    await this.#world.run(() => isClosed, 10 * MINUTE);
    // What a process had that died just before runs out by itself.
    const restMs = this.#world.now() + MINUTE;
    await this.#world.run(() => this.#world.now() > restMs, 10 * MINUTE);
    const { store, host, fail } = this.#stage;
    if (this.#failures.length > 0) return;
    if (store.heldLeases > 0) fail("a lease was left held");
    if (host.busy.length > 0) fail(`${host.busy} go on without an engine`);
  }

  #result(): Result {
    const { engine, log, number } = this.#process;
    this.#log.push(...log);
    const missions = engine.missions();
    for (const { id } of missions)
      for (const task of engine.view(id).tasks)
        this.#log.push(
          `${id}/${task.id} ${task.state} ${task.attempt}/${task.attemptLimit} ${task.reason ?? ""}`,
        );
    return {
      seed: this.#seed,
      failures: this.#failures,
      states: Object.fromEntries(missions.map(({ id, state }) => [id, state])),
      commits: this.#stage.store.snapshot(),
      lives: number,
      virtualMs: this.#world.now() - this.#beginMs,
      brokenTurns: [...this.#stage.host.sessions.values()]
        .flatMap(({ messages }) => messages)
        .filter(({ answer, failure }) => answer === "interrupted" || failure !== undefined).length,
      log: this.#log,
    };
  }
}
