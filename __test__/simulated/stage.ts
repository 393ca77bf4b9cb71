import { join } from "node:path";
import { onTestFinished } from "vitest";
import { pause, waitUntil } from "../../harness/index.js";
import {
  type EngineOptions,
  type MissionEngine,
  report,
  submitPlan,
  unapprovedCommands,
  verdict,
} from "../../src/engine/index.js";
import type { MissionState, MissionView } from "../../src/mission/index.js";
import type { NativeStore } from "../../src/native/index.js";
import type { TurnFailure } from "../../src/ports/index.js";
import { temporaryFolder, temporaryStore } from "../native/temporary.js";
import { EngineProcess, type Life } from "./process.js";
import { type AgentTurn, SimulatedHost } from "./simulated-host.js";

export const ROOT = "ses_root";
const MODEL = { providerID: "simulated", modelID: "one" };

/** A turn with the engine to talk to and what the session works on. */
export interface CastTurn extends AgentTurn {
  readonly engine: MissionEngine;
  readonly mission: string;
  readonly task: string;
  readonly attempt: number;
}

type Part = (turn: CastTurn) => Promise<TurnFailure | undefined> | TurnFailure | undefined;

/** Who plays which agent; everybody does what is wanted unless told otherwise. */
export interface Cast {
  readonly planner?: Part;
  readonly worker?: Part;
  readonly reviewer?: Part;
  readonly commander?: Part;
}

/** A task of a plan with everything that a test does not care about. */
export function task(id: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { id, title: `Title of ${id}`, instructions: `Do ${id}.`, writes: [`${id}/**`], ...more };
}

export function planOf(...tasks: Record<string, unknown>[]): Record<string, unknown> {
  return { summary: "as it should be", tasks };
}

/** Submits the plan and ends the turn. */
export const plans =
  (plan: unknown): Part =>
  async ({ engine, session }) => {
    await submitPlan(engine, session.id, plan);
    return undefined;
  };

/** Reports the task as done. */
export const works: Part = async ({ engine, session }) => {
  const approved = await unapprovedCommands(engine, session.id);
  await report(engine, session.id, { state: "done", summary: "it is done" }, { changedFiles: [], approved });
  return undefined;
};

export const accepts: Part = async ({ engine, session }) => {
  await verdict(engine, session.id, { verdict: "accept", findings: [] });
  return undefined;
};

/** Never ends its turn by itself. */
export const hangs: Part = ({ signal }) =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));

/** One project: its store and its host's sessions outlive the processes that work on it. */
export class Stage {
  readonly host = new SimulatedHost();
  readonly store: NativeStore;
  readonly path: string;
  readonly #processes: EngineProcess[] = [];

  private constructor(store: NativeStore, path: string) {
    this.store = store;
    this.path = path;
    this.host.addSession(ROOT);
  }

  static async open(): Promise<Stage> {
    const path = join(temporaryFolder(), "state.db");
    const stage = new Stage(await temporaryStore(path), path);
    onTestFinished(async () => {
      // A test that failed half-way must not keep the rest waiting for what it holds back.
      for (const process of stage.#processes)
        if (!process.isDead) await Promise.race([process.engine.close(), pause(2_000)]);
    });
    return stage;
  }

  /** Starts a process whose agents are played by the cast. */
  boot(cast: Cast, options: Partial<EngineOptions> = {}, life: Life = {}): EngineProcess {
    const process = new EngineProcess(this.host, this.store, options, life);
    this.#processes.push(process);
    this.cast(process, cast);
    return process;
  }

  cast({ engine }: EngineProcess, cast: Cast): void {
    const parts: Readonly<Record<string, Part>> = {
      planner: cast.planner ?? plans(planOf(task("T1"))),
      worker: cast.worker ?? works,
      reviewer: cast.reviewer ?? accepts,
      commander: cast.commander ?? (() => undefined),
    };
    this.host.agent = async (turn) => {
      const assignment = engine.assignment(turn.session.id);
      if (!assignment) throw new Error(`${turn.session.id} has no part`);
      const { mission, task = "" } = assignment;
      const attempt = engine.view(mission).tasks.find((one) => one.id === task)?.attempt ?? 0;
      return parts[turn.message.agent]?.({ ...turn, engine, mission, task, attempt });
    };
  }

  /** Opens a mission and starts it, as /task does. */
  async begin({ engine }: EngineProcess, session = ROOT): Promise<string> {
    if (!this.host.sessions.has(session)) this.host.addSession(session);
    const { id } = await engine.open({ goal: "the goal", session });
    await engine.rootMessage(session, MODEL);
    return id;
  }

  view({ engine }: EngineProcess, mission: string): MissionView {
    return engine.view(mission);
  }

  async until(process: EngineProcess, mission: string, state: MissionState): Promise<MissionView> {
    await waitUntil(
      () => {
        if (this.host.failures.length > 0) return true;
        return process.engine.view(mission).mission.state === state;
      },
      { what: `${mission} to be ${state}`, intervalMs: 1, timeoutMs: 8_000 },
    ).catch((error: Error) => {
      const { mission: now, tasks } = process.engine.view(mission);
      error.message += `; it is ${now.state} (${now.reason}) with ${tasks.map((one) => `${one.id} ${one.state}`)}`;
      throw error;
    });
    if (this.host.failures.length > 0) throw this.host.failures[0];
    return process.engine.view(mission);
  }

  /** How often each task of the mission entered the state, from the audit log. */
  async entered(mission: string, state: string): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    const last = new Map<string, string>();
    for (const commit of await this.store.commitsSince(0, 100_000))
      for (const { key, value } of commit.changes) {
        if (!key.startsWith(`task/${mission}/`)) continue;
        const { id, state: now } = value as { id: string; state: string };
        if (now === state && last.get(id) !== state) counts[id] = (counts[id] ?? 0) + 1;
        last.set(id, now);
      }
    return counts;
  }
}
