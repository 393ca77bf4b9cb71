import type { Dispatcher, Wait } from "../dispatch/index.js";
import {
  type Assignment,
  describeLine,
  holderOf,
  isActiveMission,
  MissionDraft,
  MissionError,
  type MissionView,
  type MissionViews,
  OTHER_MODEL_AT,
  type Role,
} from "../mission/index.js";
import type { Clock, Fence, Host, Log, ModelRef, Random, TokenUse } from "../ports/index.js";
import { Transaction, type TransactPorts, transact } from "../state/index.js";
import { Agents } from "./agents.js";
import type { StepContext } from "./context.js";
import { type Job, jobsFor } from "./jobs.js";
import { type EngineOptions, MAX_DEPTH } from "./options.js";
import { JobPermits, roleOf } from "./permits.js";
import { settle } from "./settle.js";
import type { Slots } from "./slots.js";
import { type ModelCall, Spending } from "./spending.js";
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
  readonly clock: Clock;
  readonly random: Random;
  readonly slots: Slots;
  readonly turns: Turns;
  readonly verifier: Verifier;
  readonly views: MissionViews;
  readonly options: EngineOptions;
  readonly dispatcher: Dispatcher;
  /** Sees each mission after each of its changes. */
  readonly onChange: (view: MissionView) => void;
  readonly onAssignment: (assignment: Assignment) => void;
  /** A conversation with an agent is over. */
  readonly onSpoken: (session: string) => void;
  /** The model that an agent is configured with; undefined when it follows the mission's. */
  readonly agentModel: (role: Role) => ModelRef | undefined;
}

/** A host that does not answer is asked again. */
const SETTLE_AGAIN_MS = 2_000;

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
  readonly #spending: Spending;
  readonly #agents: Agents;
  readonly #jobs = new Map<string, UnderWay>();
  readonly #waiters = new Set<() => void>();
  #stop = new AbortController();
  #timesOut = false;
  /** False until turns of an earlier life are booked. */
  #isSettled = false;
  /** The time between two stops in which that is being done. */
  #settling: AbortSignal | undefined;

  constructor(id: string, fence: Fence, ports: RunPorts) {
    this.id = id;
    this.fence = fence;
    this.#ports = ports;
    this.#spending = new Spending(
      () => this.view(),
      () => ports.clock.now(),
    );
    this.#agents = new Agents(ports, { id, fence, view: () => this.view() }, this.#spending);
  }

  view(): MissionView {
    return this.#ports.views.read(this.id);
  }

  /** One transaction on the mission, with what follows from it; then the jobs that the new state calls for. */
  async change<T>(actor: string, change: (draft: MissionDraft) => T): Promise<T> {
    const result = await transact(this.#ports, this.#context(actor), (transaction) => {
      const draft = new MissionDraft(transaction, this.id, this.#ports.clock.now());
      const value = change(draft);
      settle(draft);
      return value;
    });
    this.#ports.onChange(this.view());
    for (const wake of this.#waiters) wake();
    // A hold may be free now, of which somebody else's job waits.
    this.#ports.slots.reopen();
    this.pump();
    return result;
  }

  /** Queues every job that the state calls for and that is not under way; ends checks of what is no longer so. */
  pump(): void {
    if (this.#stop.signal.aborted) return;
    const wanted = jobsFor(this.view());
    for (const { job, stop } of this.#jobs.values())
      if (job.lane === "checker" && !wanted.some((one) => one.id === job.id)) stop.abort();
    for (const job of wanted) if (!this.#jobs.has(job.id)) this.#begin(job);
  }

  /** Ends all that is under way, in the host too, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    // Turns that are cut off now are counted before anything begins again.
    this.#isSettled = false;
    for (const wake of this.#waiters) wake();
    for (const { job } of this.#jobs.values()) this.#ports.slots.withdraw(job);
    await this.#agents.stop();
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
    void this.#settle();
    void this.#keepTime();
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

  /** What is under way counts as soon as the host tells of it. */
  used(session: string, message: string, use: TokenUse): void {
    this.#spending.seen(session, message, use);
  }

  /**
   * Lets a model call of one of the mission's sessions through; answers the most tokens that the model may write.
   * @throws MissionError `ERR_BUDGET`; the mission is blocked then.
   */
  admitCall(session: string, role: Role, call: ModelCall): number | undefined {
    try {
      return this.#spending.admit(session, role === "commander", call);
    } catch (error) {
      if (error instanceof MissionError && error.code === "ERR_BUDGET") this.#outOfBudget(error.message);
      throw error;
    }
  }

  /** Stops a turn that goes in circles; the attempt counts as failed for this reason. */
  stopTurn(session: string, reason: string): void {
    this.#ports.log.warn("turn.stuck", { mission: this.id, session, reason });
    void this.#agents.stopTurn(session, reason);
  }

  /** What a call of the Commander has used, once for each message. */
  async book(session: string, message: string, use: TokenUse): Promise<void> {
    await this.change("engine", (draft) => {
      const { bookedMessage = "" } = draft.mission;
      if (message <= bookedMessage) return;
      draft.spend(use);
      draft.set({ bookedMessage: message });
    });
    this.#spending.over(session);
  }

  /** The budget's limits and what waits, a line each, for people. */
  circumstances(): string[] {
    const lines = this.#spending.lines();
    const waits = this.#ports.slots.waiting(this.id);
    return [
      ...(lines.length > 0 ? [`Budget: ${lines.map(describeLine).join(", ")}`] : []),
      ...waits.map(({ job, reason }) => `Waits: ${job.task ?? job.kind}: ${reason}`),
      ...this.#ports.dispatcher.restraints().map((one) => `Held back: ${one}`),
    ];
  }

  #context(actor: string) {
    return { actor, mission: this.id, fence: this.fence };
  }

  #begin(job: Job): void {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, stop.signal]);
    let permits: JobPermits | undefined;
    const work = {
      admit: () => {
        const answer = this.#admit(job, signal);
        if (answer && "wait" in answer) return answer.wait;
        permits = answer?.permits;
        return undefined;
      },
      run: () => this.#perform(job, permits, signal),
    };
    const done = this.#ports.slots.submit(job, work).then(() => {
      this.#jobs.delete(job.id);
      this.pump();
    });
    this.#jobs.set(job.id, { job, done, stop });
  }

  /** The checks before each start, in their order: why not now, or the leave to speak to an agent if it needs one. */
  #admit(job: Job, signal: AbortSignal): { permits: JobPermits } | { wait: Wait } | undefined {
    // Taken, it finds out that nobody wants it any more.
    if (signal.aborted) return undefined;
    const role = roleOf(job);
    const { mission } = this.view();
    if (!role) {
      const wait = this.#ports.dispatcher.shortage(job.priority);
      return wait && { wait };
    }
    if (!this.#isSettled) return { wait: { reason: "what it has used so far is being counted" } };
    const refusal = this.#spending.refusal();
    if (refusal) {
      this.#outOfBudget(refusal);
      return { wait: { reason: refusal } };
    }
    const task = this.view().tasks.find((one) => one.id === job.task);
    const stagnates = job.kind === "work" && (task?.stagnation?.rounds ?? 0) >= OTHER_MODEL_AT;
    return JobPermits.admit(this.#ports, job, role, { mission, stagnates }, () => this.#obstacle(job));
  }

  /** What of the mission itself is against the job: its depth, or whoever writes the same files. */
  #obstacle(job: Job): Wait | undefined {
    const task = this.view().tasks.find((one) => one.id === job.task);
    if (job.kind !== "work" || task?.state !== "ready") return undefined;
    if (task.depth > MAX_DEPTH) {
      const reason = `task ${task.id} is ${task.depth} levels below the plan, and ${MAX_DEPTH} is the most`;
      void this.#block(reason, `Mission ${this.id} holds: ${reason}. Cancel that task in todo.md.`);
      return { reason };
    }
    const holder = holderOf(new Transaction(this.#ports.store), task)?.hold;
    return holder && { reason: `task ${holder.task} of mission ${holder.mission} writes the same files` };
  }

  async #perform(job: Job, permits: JobPermits | undefined, signal: AbortSignal): Promise<void> {
    using leave = permits;
    if (signal.aborted || !jobsFor(this.view()).some((one) => one.id === job.id)) return;
    const run = this.#stepContext(signal, leave);
    const about = { mission: this.id, task: job.task, job: job.id };
    this.#ports.log.info("job.begun", about);
    try {
      if (job.kind === "plan") await plan(run);
      else if (job.kind === "seal") await seal(run);
      else if (job.task === undefined) throw new Error(`job ${job.id} names no task`);
      else if (job.kind === "work") await work(run, job.task);
      else if (job.kind === "check") await check(run, job.task);
      else await review(run, job.task);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof MissionError && error.code === "ERR_BUDGET") this.#outOfBudget(error.message);
      else await this.#fail(job, error);
    } finally {
      this.#ports.log.info("job.over", about);
    }
  }

  /** An error that no step expected: the mission stops visibly instead of spinning on it. */
  async #fail(job: Job, error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    const about = { mission: this.id, task: job.task, job: job.id };
    this.#ports.log.error("job.failed", { ...about, error: message });
    await this.#block(
      `${job.kind} of ${job.task ?? "the mission"} failed: ${message}`,
      `Mission ${this.id} stopped on an error: ${message}. Tell the user; resume tries again.`,
    );
  }

  #outOfBudget(reason: string): void {
    if (this.#stop.signal.aborted) return;
    this.#ports.log.warn("mission.budget", { mission: this.id, reason });
    void this.#block(
      reason,
      `Mission ${this.id} holds: ${reason}. Tell the user in a sentence; /resume --tokens N (or --cost, --minutes, ` +
        "--rounds, --sessions) raises the limit and goes on, /stop ends it.",
    );
  }

  async #block(reason: string, notice: string): Promise<void> {
    this.#stop.abort();
    this.#isSettled = false;
    try {
      await this.change("engine", (draft) => {
        if (!isActiveMission(draft.mission.state)) return;
        draft.move("blocked", { reason });
        draft.announce(notice);
      });
    } catch (error) {
      // The lease or the store itself is gone: whoever holds it now goes on from the last commit.
      this.#ports.log.error("mission.lost", { mission: this.id, error: String(error) });
    }
    for (const { job } of this.#jobs.values()) this.#ports.slots.withdraw(job);
    await this.#agents.stop();
  }

  async #settle(): Promise<void> {
    const { signal } = this.#stop;
    if (this.#settling === signal) return;
    this.#settling = signal;
    while (!this.#isSettled) {
      try {
        await this.#agents.settle(signal);
        if (signal.aborted) return;
        this.#isSettled = true;
        this.#ports.slots.reopen();
      } catch (error) {
        if (signal.aborted) return;
        this.#ports.log.warn("mission.settle", { mission: this.id, error: String(error) });
        await this.#ports.clock.sleep(SETTLE_AGAIN_MS, signal).catch(() => undefined);
      }
    }
  }

  /** Time is part of the budget, and passes while nothing else happens. */
  async #keepTime(): Promise<void> {
    const { minutes } = this.view().mission.budget;
    if (minutes === undefined || this.#timesOut) return;
    this.#timesOut = true;
    const { signal } = this.#stop;
    try {
      for (;;) {
        const restMs = minutes * 60_000 - this.#spending.activeMs();
        if (restMs <= 0) break;
        await this.#ports.clock.sleep(restMs, signal);
      }
      const refusal = this.#spending.refusal();
      if (isActiveMission(this.view().mission.state) && refusal) this.#outOfBudget(refusal);
    } catch {
      // Stopped: the next start looks anew.
    } finally {
      this.#timesOut = false;
    }
  }

  #stepContext(signal: AbortSignal, permits: JobPermits | undefined): StepContext {
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
      session: (existing, role, task) => this.#agents.session(existing, role, task),
      converse: async (conversation) => {
        if (!permits) throw new Error("a step without a permit spoke to an agent");
        return this.#agents.converse(conversation, permits, signal);
      },
      accepted: (role) => ports.dispatcher.taskSucceeded(role),
      rejected: (role) => ports.dispatcher.taskFailed(role),
      // Not awaited by the step: pausing waits for the steps to end.
      // After our own stop, a session that was aborted is no sign of the user's.
      pause: async (reason) => {
        if (!signal.aborted) void this.pause("user", reason).catch(() => undefined);
      },
    };
  }
}
