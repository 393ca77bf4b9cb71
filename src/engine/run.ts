import {
  type Assignment,
  isActiveMission,
  key,
  type Mission,
  MissionDraft,
  type MissionView,
  type MissionViews,
  type Role,
  type Task,
} from "../mission/index.js";
import type { Fence, Host, Log, ModelRef } from "../ports/index.js";
import { type TransactPorts, transact } from "../state/index.js";
import type { StepContext } from "./context.js";
import { converse, type Dialogue, type DialogueEnd } from "./dialogue.js";
import { type Job, jobsFor } from "./jobs.js";
import type { EngineOptions } from "./options.js";
import { settle } from "./settle.js";
import type { Slots } from "./slots.js";
import { check } from "./steps/check.js";
import { plan } from "./steps/plan.js";
import { review } from "./steps/review.js";
import { seal } from "./steps/seal.js";
import { work } from "./steps/work.js";
import type { Turns } from "./turns.js";
import type { Verifier } from "./verification.js";

export interface RunPorts extends TransactPorts {
  readonly host: Host;
  readonly log: Log;
  readonly slots: Slots;
  readonly turns: Turns;
  readonly verifier: Verifier;
  readonly views: MissionViews;
  readonly options: EngineOptions;
  /** Sees each mission after each of its changes. */
  readonly onChange: (view: MissionView) => void;
  readonly onAssignment: (assignment: Assignment) => void;
  /** The model that an agent is configured with; undefined when it follows the mission's. */
  readonly agentModel: (role: Role) => ModelRef | undefined;
}

interface UnderWay {
  readonly job: Job;
  readonly done: Promise<void>;
  /** Aborts this job alone. */
  readonly stop: AbortController;
}

/**
 * One mission under this process's lease: turns its state into jobs and runs them. Holds nothing that the store
 * does not hold, except what is under way at this moment.
 */
export class MissionRun {
  readonly id: string;
  readonly fence: Fence;
  readonly #ports: RunPorts;
  readonly #jobs = new Map<string, UnderWay>();
  readonly #speaking = new Set<string>();
  readonly #waiters = new Set<() => void>();
  #stop = new AbortController();

  constructor(id: string, fence: Fence, ports: RunPorts) {
    this.id = id;
    this.fence = fence;
    this.#ports = ports;
  }

  view(): MissionView {
    return this.#ports.views.read(this.id);
  }

  /** One transaction on the mission, with what follows from it; then the jobs that the new state calls for. */
  async change<T>(actor: string, change: (draft: MissionDraft) => T): Promise<T> {
    const result = await transact(this.#ports, this.#context(actor), (transaction) => {
      const draft = new MissionDraft(transaction, this.id);
      const value = change(draft);
      settle(draft);
      return value;
    });
    this.#ports.onChange(this.view());
    for (const wake of this.#waiters) wake();
    this.pump();
    return result;
  }

  /** Queues every job that the state calls for and that is not under way; ends checks of what is no longer so. */
  pump(): void {
    if (this.#stop.signal.aborted) return;
    const wanted = jobsFor(this.view());
    for (const { job, stop } of this.#jobs.values())
      if (job.lane === "checker" && !wanted.some((one) => one.id === job.id)) stop.abort();
    for (const job of wanted) {
      if (this.#jobs.has(job.id)) continue;
      const stop = new AbortController();
      const signal = AbortSignal.any([this.#stop.signal, stop.signal]);
      const done = this.#ports.slots
        .submit(job, () => this.#perform(job, signal))
        .then(() => {
          this.#jobs.delete(job.id);
          this.pump();
        });
      this.#jobs.set(job.id, { job, done, stop });
    }
  }

  /** Ends all that is under way, in the host too, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const wake of this.#waiters) wake();
    for (const { job } of this.#jobs.values()) this.#ports.slots.withdraw(job);
    await Promise.allSettled([...this.#speaking].map((session) => this.#ports.host.abort(session)));
    await Promise.allSettled([...this.#jobs.values()].map((one) => one.done));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#jobs.size > 0) await Promise.allSettled([...this.#jobs.values()].map((one) => one.done));
  }

  /** Begins, or goes on after `stop`. */
  start(): void {
    if (this.#stop.signal.aborted) this.#stop = new AbortController();
    this.pump();
  }

  /** Resolves at the next change of the mission; rejects when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        this.#waiters.delete(wake);
        signal.removeEventListener("abort", abort);
        end();
      };
      const wake = () => settle(resolve);
      const abort = () => settle(() => reject(signal.reason));
      if (signal.aborted) return reject(signal.reason);
      this.#waiters.add(wake);
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  /** Stops, and leaves the mission to be resumed. A mission at rest is left alone. `also` is in the same commit. */
  async pause(actor: string, reason: string, also?: (draft: MissionDraft) => void): Promise<void> {
    const paused = await this.change(actor, (draft) => {
      also?.(draft);
      if (!isActiveMission(draft.mission.state)) return false;
      draft.move("paused", { reason });
      return true;
    });
    if (paused) await this.stop();
  }

  #context(actor: string) {
    return { actor, mission: this.id, fence: this.fence };
  }

  async #perform(job: Job, signal: AbortSignal): Promise<void> {
    if (signal.aborted || !jobsFor(this.view()).some((one) => one.id === job.id)) return;
    const run = this.#stepContext(signal);
    this.#ports.log.info("job.begun", { job: job.id });
    try {
      if (job.kind === "plan") await plan(run);
      else if (job.kind === "seal") await seal(run);
      else if (job.task === undefined) throw new Error(`job ${job.id} names no task`);
      else if (job.kind === "work") await work(run, job.task);
      else if (job.kind === "check") await check(run, job.task);
      else await review(run, job.task);
    } catch (error) {
      if (signal.aborted) return;
      await this.#fail(job, error);
    } finally {
      this.#ports.log.info("job.over", { job: job.id });
    }
  }

  /** An error that no step expected: the mission stops visibly instead of spinning on it. */
  async #fail(job: Job, error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    this.#ports.log.error("job.failed", { mission: this.id, job: job.id, error: message });
    this.#stop.abort();
    try {
      await this.change("engine", (draft) => {
        draft.move("blocked", { reason: `${job.kind} of ${job.task ?? "the mission"} failed: ${message}` });
        draft.announce(
          `Mission ${this.id} stopped on an error: ${message}. Tell the user; resume tries again.`,
        );
      });
    } catch (second) {
      // The lease or the store itself is gone: whoever holds it now goes on from the last commit.
      this.#ports.log.error("mission.lost", { mission: this.id, error: String(second) });
    }
    await Promise.allSettled([...this.#speaking].map((session) => this.#ports.host.abort(session)));
  }

  #stepContext(signal: AbortSignal): StepContext {
    const ports = this.#ports;
    return {
      verifier: ports.verifier,
      options: ports.options,
      signal,
      now: () => ports.clock.now(),
      view: () => this.view(),
      change: (actor, change) => {
        signal.throwIfAborted();
        return this.change(actor, change);
      },
      session: (existing, role, task) => this.#session(existing, role, task),
      converse: (dialogue) => this.#converse(dialogue, signal),
      // Not awaited by the step: pausing waits for the steps to end.
      // After our own stop, a session that was aborted is no sign of the user's.
      pause: async (reason) => {
        if (!signal.aborted) void this.pause("user", reason).catch(() => undefined);
      },
    };
  }

  #model(mission: Mission, role: Role): ModelRef | undefined {
    return this.#ports.agentModel(role) === undefined ? mission.model : undefined;
  }

  async #session(existing: string | undefined, role: Role, task?: Task): Promise<string> {
    if (existing !== undefined && (await this.#ports.host.hasSession(existing))) return existing;
    const { mission } = this.view();
    const session = await this.#ports.host.createSession({
      parent: mission.rootSession,
      title: task ? `${task.id} ${task.title} (${role})` : `Plan of ${mission.id} (${role})`,
      agent: role,
    });
    const assignment: Assignment = { session, mission: this.id, role, ...(task && { task: task.id }) };
    await transact(this.#ports, this.#context("engine"), (transaction) =>
      transaction.put(key.assignment(session), assignment),
    );
    this.#ports.onAssignment(assignment);
    return session;
  }

  async #converse(dialogue: Omit<Dialogue, "mission" | "model">, signal: AbortSignal): Promise<DialogueEnd> {
    const model = this.#model(this.view().mission, dialogue.role);
    this.#speaking.add(dialogue.session);
    try {
      return await converse(
        this.#ports,
        { ...dialogue, mission: this.id, model },
        this.#context("engine"),
        signal,
      );
    } finally {
      this.#speaking.delete(dialogue.session);
    }
  }
}
