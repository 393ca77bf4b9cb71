import {
  delegate,
  type MissionEngine,
  report,
  submitPlan,
  unapprovedCommands,
  verdict,
  widen,
} from "../src/engine/index.js";
import type { TurnFailure } from "../src/ports/index.js";
import type { PlayedTurn, SimulatedOpenCode } from "./opencode.js";
import type { Stage } from "./process.js";
import type { Weather } from "./weather.js";
import type { World } from "./world.js";

/** How long agents take, in virtual milliseconds. */
const THINKING_MS = 60_000;
/** US dollars for a million tokens. */
const PRICE = { input: 3, output: 15 };

/** Plays the agents of a process: they do what is wanted, or what the weather makes of them. */
export class Cast {
  readonly #world: World;
  readonly #weather: Weather;
  readonly #engine: MissionEngine;
  readonly #tasks: number;
  readonly #host: SimulatedOpenCode;

  constructor({ world, weather, host, tasks }: Stage, engine: MissionEngine) {
    this.#world = world;
    this.#host = host;
    this.#weather = weather;
    this.#engine = engine;
    this.#tasks = tasks;
  }

  async play(turn: PlayedTurn): Promise<TurnFailure | undefined> {
    const { random } = this.#world;
    const weather = this.#weather;
    try {
      await this.#world.sleep(random.next() * THINKING_MS, turn.signal);
      const overBudget = await this.#think(turn);
      if (overBudget) return overBudget;
      if (random.chance(weather.hang)) await this.#world.sleep(1e9, turn.signal);
      if (random.chance(weather.transientFailure))
        return { kind: "transient", message: "429 too many requests" };
      if (random.chance(weather.permanentFailure)) return { kind: "permanent", message: "401 no such key" };
      if (random.chance(weather.nonsense)) await refused(() => this.#nonsense(turn));
      if (random.chance(weather.forgottenCall)) return undefined;
      await refused(() => this.#act(turn));
      await this.#world.sleep(random.next() * 1_000, turn.signal);
    } catch (error) {
      if (!turn.signal.aborted) throw error;
    }
    return undefined;
  }

  /** One to four model calls, each of which must be let through first. */
  async #think(turn: PlayedTurn): Promise<TurnFailure | undefined> {
    const { random } = this.#world;
    for (let calls = 1 + random.below(4); calls > 0; calls--) {
      const inputTokens = 500 + random.below(4_000);
      let output: number | undefined;
      try {
        output = await this.#engine.modelCall(turn.session.id, {
          inputTokens,
          maxOutputTokens: 1_000,
          price: PRICE,
        });
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return { kind: "permanent", message: String(error) };
      }
      await this.#world.sleep(random.next() * 5_000, turn.signal);
      const used = { input: random.below(inputTokens + 1), output: random.below((output ?? 0) + 1) };
      const cost = (used.input * PRICE.input + used.output * PRICE.output) / 1e6;
      this.#host.used(turn, { ...used, cacheRead: 0, cost });
    }
    return undefined;
  }

  async #act({ session, signal }: PlayedTurn): Promise<void> {
    const engine = this.#engine;
    const { random } = this.#world;
    switch (engine.assignment(session.id)?.role) {
      case "planner":
        return void (await submitPlan(engine, session.id, this.#plan()));
      case "worker": {
        if (random.chance(this.#weather.delegation))
          await refused(() => delegate(engine, session.id, this.#extra()));
        if (random.chance(this.#weather.delegation))
          await refused(() =>
            widen(engine, session.id, this.#task(session.id), [`shared${random.below(3)}/**`]),
          );
        const approved = await unapprovedCommands(engine, session.id);
        signal.throwIfAborted();
        const state = random.chance(this.#weather.stuck)
          ? random.pick(["blocked", "failed"] as const)
          : "done";
        await report(engine, session.id, { state, summary: "so it is" }, { changedFiles: [], approved });
        return;
      }
      case "reviewer": {
        const rejects = random.chance(this.#weather.rejection);
        await verdict(
          engine,
          session.id,
          rejects
            ? { verdict: "reject", findings: ["it does not hold"] }
            : { verdict: "accept", findings: [] },
        );
        return;
      }
      default:
    }
  }

  /** What a model makes of tools that are not for it. */
  async #nonsense({ session }: PlayedTurn): Promise<void> {
    const engine = this.#engine;
    const acts = [
      () => submitPlan(engine, session.id, { tasks: [{ id: "../x", dependencies: ["x"] }] }),
      () => submitPlan(engine, session.id, this.#plan()),
      () => report(engine, session.id, { state: "done", summary: "" }, { changedFiles: [], approved: [] }),
      () => verdict(engine, session.id, { verdict: "accept", findings: [] }),
      () => verdict(engine, session.id, { verdict: "reject", findings: [] }),
      () => delegate(engine, "ses_unknown", this.#extra()),
      () => widen(engine, session.id, "T1", ["**"]),
    ];
    await this.#world.random.pick(acts)();
  }

  #task(session: string): string {
    return this.#engine.assignment(session)?.task ?? "none";
  }

  #plan(): unknown {
    const { random } = this.#world;
    const tasks = Array.from({ length: 1 + random.below(this.#tasks) }, (_, at) => ({
      id: `T${at + 1}`,
      title: `Task ${at + 1}`,
      instructions: `Do part ${at + 1}.`,
      dependencies: Array.from({ length: at }, (_, before) => `T${before + 1}`).filter(() =>
        random.chance(1.5 / (at + 1)),
      ),
      writes: [`part${at + 1}/**`],
      checks: random.chance(0.5) ? { commands: [`check ${at + 1}`] } : {},
      priority: random.pick(["critical", "high", "normal", "low"]),
    }));
    return { summary: "as it should be", tasks, finalCommands: random.chance(0.5) ? ["check all"] : [] };
  }

  #extra() {
    const number = this.#world.random.below(1_000);
    return {
      id: `X${number}`,
      title: "One more",
      instructions: "Do it as well.",
      dependencies: [],
      writes: [`extra${number}/**`],
      checks: { commands: [], files: [], criteria: [] },
      priority: "normal" as const,
    };
  }
}

/** A call of a tool: the model sees an error of ours, and goes on. */
async function refused(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && code.startsWith("ERR_");
}
