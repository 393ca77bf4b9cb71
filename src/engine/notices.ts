import { type Role, renderBoard } from "../mission/index.js";
import type { Clock, Log, ModelRef } from "../ports/index.js";
import type { MissionRun } from "./run.js";
import type { Turns } from "./turns.js";

const FIRST_WAIT_MS = 5_000;
const MAX_WAIT_MS = 5 * 60_000;

interface NoticePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly turns: Turns;
  readonly own: (mission: string) => Promise<MissionRun>;
  readonly agentModel: (role: Role) => ModelRef | undefined;
  readonly closing: AbortSignal;
}

/** Brings notices to a Commander who is not waiting for one, each once, when its session is idle. */
export class Notices {
  readonly #ports: NoticePorts;
  readonly #underWay = new Set<string>();

  constructor(ports: NoticePorts) {
    this.#ports = ports;
  }

  tell(mission: string, number: number): void {
    const notice = `${mission}#${number}`;
    if (this.#underWay.has(notice)) return;
    this.#underWay.add(notice);
    void this.#untilDelivered(mission, number).finally(() => this.#underWay.delete(notice));
  }

  /** A host that does not take it now may later: the mission waits for it, and so does its lease. */
  async #untilDelivered(mission: string, number: number): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
      try {
        return await this.#deliver(mission, number);
      } catch (error) {
        if (this.#ports.closing.aborted) return;
        this.#ports.log.error("notice.failed", { mission, error: String(error) });
        // Whoever has the mission tells it.
        const { code } = error as { code?: unknown };
        if (code === "ERR_NOT_OWNER" || code === "ERR_FENCED") return;
        await this.#ports.clock.sleep(waitMs, this.#ports.closing).catch(() => undefined);
      }
    }
  }

  async #deliver(id: string, number: number): Promise<void> {
    const run = await this.#ports.own(id);
    // A Commander who waits on the board gets it there.
    const pending = () => {
      const { notice } = run.view().mission;
      return notice?.number === number && !notice.delivered ? notice : undefined;
    };
    const notice = pending();
    if (!notice) return;
    const { mission } = run.view();
    const end = await this.#ports.turns.deliver(
      {
        key: `notice.${number}`,
        mission: id,
        session: mission.rootSession,
        agent: "commander",
        model: this.#ports.agentModel("commander") === undefined ? mission.model : undefined,
        text: `${notice.text}\n\n${renderBoard(run.view())}`,
        obsolete: () => pending() === undefined,
      },
      { actor: "engine", mission: id, fence: run.fence },
      this.#ports.closing,
    );
    if (end.state === "unanswered") throw new Error("the host did not start the Commander's turn");
    if (pending())
      await run.change("engine", (draft) => draft.set({ notice: { ...notice, delivered: true } }));
  }
}
