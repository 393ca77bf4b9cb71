import { isTerminalMission, type Mission, MissionError, readMission } from "../mission/index.js";
import type { Clock, Fence, Log, Owner, Store } from "../ports/index.js";
import { Leases } from "./leases.js";
import type { MissionRun } from "./run.js";

interface OwnershipPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: Owner;
  readonly log: Log;
}

/** The missions that this process runs, each under its lease. */
export class Ownership {
  readonly #store: Store;
  readonly #leases: Leases;
  readonly #begin: (mission: string, fence: Fence) => MissionRun;
  readonly #runs = new Map<string, Promise<MissionRun>>();
  readonly #owned = new Map<string, MissionRun>();
  readonly #ending = new Set<string>();

  constructor(ports: OwnershipPorts, begin: (mission: string, fence: Fence) => MissionRun) {
    this.#store = ports.store;
    this.#begin = begin;
    this.#leases = new Leases(ports, (mission) => void this.#lose(mission));
  }

  /**
   * The mission's run; takes its lease unless this process has it.
   * @throws MissionError `ERR_NOT_OWNER`; `ERR_INVALID_STATE` when the mission has ended, and needs no owner.
   */
  async own(mission: string): Promise<MissionRun> {
    const known = this.#runs.get(mission);
    if (known) return known;
    const now = readMission(this.#store, mission).mission;
    if (isOver(now))
      throw new MissionError("ERR_INVALID_STATE", `mission ${mission} is ${now.state}: it has ended`);
    const run = this.#leases.take(mission).then((fence) => {
      const owned = this.#begin(mission, fence);
      this.#owned.set(mission, owned);
      return owned;
    });
    this.#runs.set(mission, run);
    run.catch(() => this.#runs.delete(mission));
    return run;
  }

  /** The run of a mission that this process has. */
  owned(mission: string): MissionRun | undefined {
    return this.#owned.get(mission);
  }

  /** A mission that has ended needs no owner, once the last turns of its agents are over. */
  async letGo(mission: string): Promise<void> {
    if (this.#ending.has(mission)) return;
    this.#ending.add(mission);
    await (await this.#runs.get(mission))?.idle();
    this.#runs.delete(mission);
    this.#owned.delete(mission);
    await this.#leases.release(mission);
    this.#ending.delete(mission);
  }

  /** Stops all runs and gives their leases back. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#runs.values()].map(async (run) => (await run).stop()));
    await this.#leases.close();
    this.#runs.clear();
    this.#owned.clear();
  }

  async #lose(mission: string): Promise<void> {
    const run = this.#runs.get(mission);
    this.#runs.delete(mission);
    this.#owned.delete(mission);
    await (await run)?.stop();
  }
}

/** Ended, and the Commander knows. */
export function isOver({ state, notice }: Mission): boolean {
  return isTerminalMission(state) && notice?.delivered !== false;
}
