import { type MissionEngine, retry } from "../src/engine/index.js";
import type { Budget } from "../src/mission/index.js";
import type { SimulatedOpenCode } from "./opencode.js";
import type { Seeded } from "./world.js";

export const MODEL = { providerID: "simulated", modelID: "one" };

/** The person at the keyboard. */
export class User {
  readonly #random: Seeded;
  readonly #host: SimulatedOpenCode;
  readonly #fail: (what: string) => void;

  constructor(random: Seeded, host: SimulatedOpenCode, fail: (what: string) => void) {
    this.#random = random;
    this.#host = host;
    this.#fail = fail;
  }

  /** `/task` in a session. */
  begin(engine: MissionEngine, session: string, budget: Budget): void {
    this.#quietly(async () => {
      await engine.open({ goal: "the goal", session, budget });
      await engine.rootMessage(session, MODEL);
    });
  }

  /** What comes to mind. */
  meddle(engine: MissionEngine): void {
    this.#quietly(async () => {
      const mission = this.#random.pick(engine.missions());
      if (!mission) return;
      const host = this.#host;
      switch (this.#random.below(6)) {
        case 0:
          return engine.pause(mission.id, "the user wants a pause");
        case 1:
          if (this.#random.chance(0.2)) await engine.cancel(mission.id, "enough");
          return;
        case 2:
          return host.interrupt(this.#random.pick(host.busy) ?? "");
        case 3: {
          const model = { ...MODEL, modelID: this.#random.pick(["one", "two"]) };
          return engine.rootMessage(mission.rootSession, model);
        }
        case 4:
          return host.remove(this.#random.pick(host.children) ?? "");
        default:
          await engine.resume(mission.id);
      }
    });
  }

  /** Answers what waits for an answer, until everything has come to an end. */
  help(engine: MissionEngine): void {
    this.#quietly(async () => {
      for (const { id, state, rootSession } of engine.missions()) {
        if (state !== "paused" && state !== "blocked") continue;
        const { tasks, mission } = engine.view(id);
        if (state === "blocked" && mission.reason?.includes("budget")) {
          await engine.resume(id, { tokens: 20_000_000, cost: 2_000, rounds: 20_000, sessions: 5_000 });
          continue;
        }
        const stuck = tasks.find((task) => task.state === "failed" || task.state === "blocked");
        if (state === "blocked" && stuck) await retryOrResume(engine, id, rootSession, stuck.id);
        else await engine.resume(id);
      }
    });
  }

  /** A command may be refused, with a code; anything else is a fault of ours. */
  #quietly(work: () => Promise<void>): void {
    void work().catch((error: { code?: unknown }) => {
      if (typeof error.code !== "string") this.#fail(`a command met: ${error}`);
    });
  }
}

/** What the Commander may not try any more, the user may. */
async function retryOrResume(
  engine: MissionEngine,
  mission: string,
  session: string,
  task: string,
): Promise<void> {
  try {
    await retry(engine, session, task, "try again");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_STAGNATION") throw error;
    await engine.resume(mission);
  }
}
