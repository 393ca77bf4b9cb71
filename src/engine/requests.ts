import {
  type Answer,
  listRequests,
  MissionError,
  REQUEST_TTL_MS,
  type Request,
  requestKey,
  requestSchema,
} from "../mission/index.js";
import type { Log } from "../ports/index.js";
import { type TransactPorts, transact } from "../state/index.js";
import { retryTask } from "./actions/control.js";
import type { MissionEngine } from "./engine.js";

interface RequestPorts extends TransactPorts {
  readonly engine: MissionEngine;
  readonly log: Log;
}

const FORGOTTEN_AFTER_MS = 10 * REQUEST_TTL_MS;

/**
 * Carries out what the terminal UI and the command line ask for. A request is done and answered in one commit under the
 * mission's lease: whichever process has the mission does it, once, and a process that dies on the way has done nothing.
 */
export class Requests {
  readonly #ports: RequestPorts;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(ports: RequestPorts) {
    this.#ports = ports;
  }

  /** The store has changed: takes up what is new. Never rejects. */
  look(): void {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = this.#untilNothingIsNew().finally(() => {
      this.#looking = undefined;
    });
  }

  /** Resolves when what was asked for until now is answered. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  async #untilNothingIsNew(): Promise<void> {
    do {
      this.#again = false;
      try {
        for (const request of listRequests(this.#ports.store)) await this.#take(request);
      } catch (error) {
        this.#ports.log.warn("request.look", { error: String(error) });
      }
    } while (this.#again);
  }

  async #take(request: Request): Promise<void> {
    const { clock, log } = this.#ports;
    const ageMs = clock.now() - request.askedMs;
    if (ageMs >= FORGOTTEN_AFTER_MS) return this.#forget(request);
    // Who asked takes the answer, or withdraws the request.
    if (request.answer || ageMs >= REQUEST_TTL_MS) return;
    const { id, mission, action } = request;
    try {
      await this.#carryOut(request);
      log.info("request.done", { mission, request: id, action });
    } catch (error) {
      // Another process has the mission and will answer; or nobody waits any more.
      if (codeOf(error) === "ERR_NOT_OWNER" || codeOf(error) === "ERR_WITHDRAWN") return;
      const message = error instanceof Error ? error.message : String(error);
      log.warn("request.refused", { mission, request: id, action, error: message });
      await this.#refuse(request, message);
    }
  }

  async #carryOut({ id, mission, action, task }: Request): Promise<void> {
    const { engine } = this.#ports;
    const run = await engine.run(mission);
    const answered = (message: string) => (draft: { answer(id: string, answer: Answer): void }) =>
      draft.answer(id, { done: true, message });
    switch (action) {
      case "pause":
        return run.pause("user", "the user paused it", answered("paused"));
      case "resume":
        await engine.resume(mission, {}, answered("goes on"));
        return;
      case "stop":
        await engine.cancel(mission, "stopped by the user", answered("stopped"));
        return;
      case "retry":
        if (task === undefined) throw new MissionError("ERR_UNKNOWN_TASK", "a retry names its task");
        return retryTask(engine, run, { actor: "user", id: task }, answered(`${task} is to be done again`));
    }
  }

  /** Needs no lease: nothing of the mission changes. */
  async #refuse({ id, mission }: Request, message: string): Promise<void> {
    await transact(this.#ports, { actor: "engine", mission }, (transaction) => {
      const place = requestKey.of(mission, id);
      const request = requestSchema.safeParse(transaction.get(place)).data;
      if (request && !request.answer)
        transaction.put(place, { ...request, answer: { done: false, message } });
    });
  }

  /** Whoever asked is gone, and took no answer. */
  async #forget({ id, mission }: Request): Promise<void> {
    await transact(this.#ports, { actor: "engine", mission }, (transaction) =>
      transaction.delete(requestKey.of(mission, id)),
    );
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
