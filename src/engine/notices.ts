import { type Role, renderBoard } from "../mission/index.js";
import type { Log, ModelRef } from "../ports/index.js";
import type { MissionRun } from "./run.js";
import type { Turns } from "./turns.js";

interface NoticePorts {
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
    void this.#deliver(mission, number)
      .catch((error) => {
        if (!this.#ports.closing.aborted)
          this.#ports.log.error("notice.failed", { mission, error: String(error) });
      })
      .finally(() => this.#underWay.delete(notice));
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
