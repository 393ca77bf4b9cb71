import type { Admission, Dispatcher, DispatchRequest, Permit, Wait } from "../dispatch/index.js";
import type { Mission, Role } from "../mission/index.js";
import type { ModelRef } from "../ports/index.js";
import type { TurnPermits } from "./dialogue.js";
import type { Job } from "./jobs.js";
import type { EngineOptions } from "./options.js";

const ROLES: Readonly<Record<string, Exclude<Role, "commander">>> = {
  planner: "planner",
  worker: "worker",
  reviewer: "reviewer",
};

/** The agent that a job needs; undefined for one that needs none. */
export function roleOf({ lane }: Job): Exclude<Role, "commander"> | undefined {
  return ROLES[lane];
}

interface PermitPorts {
  readonly dispatcher: Dispatcher;
  readonly options: EngineOptions;
  readonly agentModel: (role: Role) => ModelRef | undefined;
}

/** The leave of one job to run an agent's turns, from its admission to its end. */
export class JobPermits implements TurnPermits, Disposable {
  readonly #ports: PermitPorts;
  readonly #request: DispatchRequest;
  /** What the agent is configured with: the host knows it, so that it need not be named. */
  readonly #own: ModelRef | undefined;
  #permit: Permit;

  private constructor(
    ports: PermitPorts,
    request: DispatchRequest,
    own: ModelRef | undefined,
    permit: Permit,
  ) {
    this.#ports = ports;
    this.#request = request;
    this.#own = own;
    this.#permit = permit;
  }

  /**
   * @param stagnates the task has failed in the same way again and again
   * @param obstacle a reason of the mission's own against the job
   */
  static admit(
    ports: PermitPorts,
    job: Job,
    role: Exclude<Role, "commander">,
    { mission, stagnates }: { readonly mission: Mission; readonly stagnates: boolean },
    obstacle: () => Wait | undefined,
  ): { readonly permits: JobPermits } | Extract<Admission, { wait: Wait }> {
    const own = ports.agentModel(role);
    const first = own ?? mission.model;
    const others = ports.options.fallbackModels[role] ?? [];
    const models = first ? [first, ...others] : [...others];
    // What one model has failed at again and again, another may see: the first comes last then.
    const [usual, ...rest] = models;
    if (stagnates && usual && rest.length > 0) models.splice(0, models.length, ...rest, usual);
    const request = { agent: role, priority: job.priority, models };
    const admission = ports.dispatcher.admit({ ...request, obstacle });
    if ("wait" in admission) return admission;
    return { permits: new JobPermits(ports, request, own, admission.permit) };
  }

  get permit(): Permit {
    return this.#permit;
  }

  isAvailable(): boolean {
    return this.#ports.dispatcher.isAvailable(this.#permit.model);
  }

  hasAlternative(): boolean {
    return this.#request.models.some(
      (model) => model !== this.#permit.model && this.#ports.dispatcher.isAvailable(model),
    );
  }

  model(): ModelRef | undefined {
    const { model } = this.#permit;
    return model === this.#own ? undefined : model;
  }

  async renew(signal: AbortSignal): Promise<void> {
    this.#permit[Symbol.dispose]();
    this.#permit = await this.#ports.dispatcher.acquire(this.#request, signal);
  }

  [Symbol.dispose](): void {
    this.#permit[Symbol.dispose]();
  }
}
