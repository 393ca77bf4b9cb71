import { Dispatcher } from "../dispatch/index.js";
import {
  type Assignment,
  assignmentSchema,
  type Budget,
  isActiveMission,
  isTerminalMission,
  key,
  listMissions,
  type Mission,
  type MissionDraft,
  MissionError,
  type MissionView,
  MissionViews,
  NO_STAGNATION,
  type Role,
  renderBoard,
} from "../mission/index.js";
import type {
  Checks,
  Clock,
  Finalizer,
  Host,
  Lanes,
  Log,
  ModelRef,
  Owner,
  Pressure,
  Random,
  Store,
  TokenUse,
  WorkTree,
} from "../ports/index.js";
import { CachedStore, transact } from "../state/index.js";
import { Notices } from "./notices.js";
import { openMission } from "./open.js";
import { type EngineOptions, laneSlots } from "./options.js";
import { isOver, Ownership } from "./ownership.js";
import { REPEATS_REFUSED, REPEATS_STOPPED, Repeats } from "./repeats.js";
import { MissionRun, type RunPorts } from "./run.js";
import { Slots } from "./slots.js";
import type { ModelCall } from "./spending.js";
import { Turns } from "./turns.js";
import { Verifier } from "./verification.js";
import { WriteWatch } from "./writes/index.js";

export interface EnginePorts {
  readonly host: Host;
  readonly store: Store;
  readonly lanes: Lanes;
  readonly checks: Checks;
  readonly clock: Clock;
  readonly random: Random;
  readonly pressure: Pressure;
  readonly finalizer: Finalizer;
  readonly owner: Owner;
  readonly log: Log;
  /** Sees each mission after each of its changes: projections hang here. */
  readonly onChange: (view: MissionView) => void;
  readonly agentModel: (role: Role) => ModelRef | undefined;
  /** None: only what editing tools change is known. */
  readonly tree?: WorkTree | undefined;
}

/** A session that takes part in a mission. */
export interface Speaker {
  readonly run: MissionRun;
  readonly assignment: Assignment;
  /** How the audit log names it. */
  readonly actor: string;
}

/** Between a host's abort of a pending tool and its word that it shuts down. */
const CLOSING_GRACE_MS = 500;

/** The missions of one project directory. */
export class MissionEngine {
  /** To be told of every call that changes files, or can. */
  readonly writes: WriteWatch;
  readonly #ports: EnginePorts;
  readonly #options: EngineOptions;
  readonly #turns: Turns;
  readonly #views: MissionViews;
  readonly #slots: Slots;
  readonly #dispatcher: Dispatcher;
  readonly #ownership: Ownership;
  readonly #notices: Notices;
  readonly #repeats = new Repeats();
  readonly #assignments = new Map<string, Assignment>();
  readonly #closing = new AbortController();

  constructor(outside: EnginePorts, options: EngineOptions) {
    const ports = { ...outside, store: new CachedStore(outside.store) };
    this.#ports = ports;
    this.#options = options;
    this.#turns = new Turns(
      ports,
      (context, change) => transact(ports, context, change),
      options.stallTimeoutMs,
    );
    this.#views = new MissionViews(ports.store);
    this.#slots = new Slots(ports.lanes, laneSlots(options), ports.clock);
    const { concurrency, slots } = options;
    this.#dispatcher = new Dispatcher(ports, { ceilings: { ...concurrency, agents: slots } });
    this.#dispatcher.onRoom = () => this.#slots.reopen();
    this.writes = new WriteWatch({
      ...ports,
      assignment: (session) => this.assignment(session),
      view: (mission) => this.view(mission),
      change: async (mission, change) => (await this.#ownership.own(mission)).change("engine", change),
    });
    const runPorts: RunPorts = {
      ...ports,
      options,
      views: this.#views,
      turns: this.#turns,
      slots: this.#slots,
      dispatcher: this.#dispatcher,
      verifier: new Verifier(ports.checks, ports.clock, options.commandTimeoutMs, this.writes),
      onChange: (view) => this.#changed(view),
      onSpoken: (session) => this.#repeats.forget(session),
      onAssignment: (assignment) => this.#assignments.set(assignment.session, assignment),
    };
    this.#ownership = new Ownership(ports, (mission, fence) => new MissionRun(mission, fence, runPorts));
    this.#notices = new Notices({
      ...ports,
      turns: this.#turns,
      own: (mission) => this.#ownership.own(mission),
      closing: this.#closing.signal,
    });
  }

  /**
   * Opens a mission for a root session. It starts with `rootMessage`, which knows the model that the user chose.
   * @throws MissionError `ERR_MISSION_ACTIVE`
   */
  async open(request: { goal: string; session: string; budget?: Budget }): Promise<Mission> {
    const budget = { ...this.#options.budget, ...request.budget };
    const mission = await transact(this.#ports, { actor: "user" }, (transaction) =>
      openMission(transaction, { ...request, budget }, this.#ports.clock.now()),
    );
    this.#assignments.set(request.session, {
      session: request.session,
      mission: mission.id,
      role: "commander",
    });
    return mission;
  }

  /**
   * A message of the user in a session. The missions of a root session follow the model that it uses, unless that is
   * the one that the Commander alone was given.
   */
  async rootMessage(session: string, model: ModelRef): Promise<void> {
    const assignment = this.assignment(session);
    if (assignment?.role !== "commander") return;
    const { mission } = this.view(assignment.mission);
    if (!isActiveMission(mission.state)) return;
    const run = await this.#ownership.own(mission.id);
    const chosen = this.#ports.agentModel("commander") === undefined;
    if (chosen && !sameModel(mission.model, model)) await run.change("user", (draft) => draft.set({ model }));
    run.start();
  }

  /**
   * Takes over the active missions that no living process owns. A state file can come with a repository: a mission is
   * this user's only if the host knows the session that it belongs to. The others are left alone, and answered.
   */
  async recover(): Promise<Mission[]> {
    const foreign: Mission[] = [];
    for (const mission of this.missions()) {
      const untold = mission.notice?.delivered === false;
      if (!isActiveMission(mission.state) && !untold) continue;
      if (!(await this.#isOurs(mission))) {
        this.#ports.log.warn("mission.foreign", { mission: mission.id, session: mission.rootSession });
        foreign.push(mission);
        continue;
      }
      try {
        const run = await this.#ownership.own(mission.id);
        // The process that had it may have gone on until it lost the lease: what counts is how things stand now.
        this.#changed(run.view());
        run.start();
        this.#ports.log.info("mission.recovered", { mission: mission.id, state: mission.state });
      } catch (error) {
        if (!(error instanceof MissionError)) throw error;
        this.#ports.log.info("mission.elsewhere", { mission: mission.id, reason: error.message });
      }
    }
    return foreign;
  }

  missions(): Mission[] {
    return listMissions(this.#ports.store);
  }

  /** Which mission and role a session has; undefined for an ordinary session. */
  assignment(session: string): Assignment | undefined {
    const known = this.#assignments.get(session);
    if (known) return known;
    const stored = this.#ports.store.get(key.assignment(session))?.value;
    if (stored === undefined) return undefined;
    const assignment = assignmentSchema.parse(stored);
    this.#assignments.set(session, assignment);
    return assignment;
  }

  /**
   * The run of a mission, owned by this process.
   * @throws MissionError `ERR_NOT_OWNER`, also for a mission that no session of this host has asked for.
   */
  async run(mission: string): Promise<MissionRun> {
    if (await this.#isOurs(this.view(mission).mission)) return this.#ownership.own(mission);
    throw new MissionError("ERR_NOT_OWNER", `mission ${mission} is of no session that this host knows`);
  }

  view(mission: string): MissionView {
    return this.#views.read(mission);
  }

  /**
   * The run, role and task of a session that must have one of these roles.
   * @throws MissionError `ERR_NOT_ASSIGNED`
   */
  async speaker(session: string, ...roles: Role[]): Promise<Speaker> {
    const member = this.member(session, ...roles);
    return { ...member, run: await this.#ownership.own(member.assignment.mission) };
  }

  /** As `speaker`, for what needs no say over the mission. @throws MissionError `ERR_NOT_ASSIGNED` */
  member(session: string, ...roles: Role[]): Omit<Speaker, "run"> {
    const assignment = this.assignment(session);
    if (!assignment || !roles.includes(assignment.role))
      throw new MissionError(
        "ERR_NOT_ASSIGNED",
        `this session is not a ${roles.join(" or ")} of a mission: this tool is not for it`,
        { session, roles },
      );
    const actor = assignment.task ? `${assignment.role}:${assignment.task}` : assignment.role;
    return { assignment, actor };
  }

  /** Something happened in a session of the host. */
  sessionEvent(session: string): void {
    this.#turns.poke(session);
  }

  /** A sign of life of a session of the host. */
  sessionAlive(session: string): void {
    this.#turns.heard(session);
  }

  /**
   * A model call is about to be made in a session. The answer is the most tokens that the model may write; undefined: as
   * many as it likes. Sessions of no mission are none of our business.
   * @throws MissionError `ERR_BUDGET` when the call could pass the mission's budget, and the mission is blocked then;
   * `ERR_INVALID_STATE` when the session is an agent's, and its mission holds: an abort can get lost
   */
  async modelCall(session: string, call: ModelCall): Promise<number | undefined> {
    const assignment = this.assignment(session);
    if (!assignment) return call.maxOutputTokens;
    const { id, state } = this.view(assignment.mission).mission;
    if (!isActiveMission(state)) {
      if (assignment.role === "commander") return call.maxOutputTokens;
      throw new MissionError("ERR_INVALID_STATE", `mission ${id} is ${state}: its agents hold still`);
    }
    const run = await this.#ownership.own(assignment.mission);
    return run.admitCall(session, assignment.role, call);
  }

  /**
   * An agent is about to call a tool. The same call again and again is refused, and then its turn is stopped.
   * @param changes the call changes files
   * @throws MissionError `ERR_STAGNATION`, with words for the model
   */
  async toolCalled(session: string, tool: string, args: unknown, changes: boolean): Promise<void> {
    const assignment = this.assignment(session);
    if (!assignment || assignment.role === "commander") return;
    const count = this.#repeats.note(session, tool, args, changes);
    if (count < REPEATS_REFUSED) return;
    if (count >= REPEATS_STOPPED) {
      const run = await this.#ownership.own(assignment.mission);
      this.#repeats.forget(session);
      run.stopTurn(session, `it called ${tool} ${count} times with the same arguments`);
    }
    throw new MissionError(
      "ERR_STAGNATION",
      `You have called ${tool} ${count} times with the same arguments, and nothing has changed in between: it will not ` +
        "answer differently. Say what you expected, look at what it answered, and do something else.",
      { tool, count },
    );
  }

  /** The host tells what a message of a session has used; `complete`: it will not change any more. */
  async sessionUsed(session: string, message: string, use: TokenUse, complete: boolean): Promise<void> {
    const assignment = this.assignment(session);
    if (!assignment) return;
    const { state } = this.view(assignment.mission).mission;
    if (!isActiveMission(state) && state !== "blocked") return;
    const run = await this.#ownership.own(assignment.mission);
    run.used(session, message, use);
    // The turns of agents are booked as a whole when they are over; the Commander's belong to the user.
    if (complete && assignment.role === "commander") await run.book(session, message, use);
  }

  /** The board; with a signal, not before the Commander is needed: a notice, or the mission at rest. */
  async board(mission: string, wait?: AbortSignal): Promise<string> {
    const rest = () => this.#renderBoard(mission);
    const signal = wait && AbortSignal.any([wait, this.#closing.signal]);
    for (;;) {
      if (!signal || isOver(this.view(mission).mission)) return rest();
      const run = await this.#ownership.own(mission);
      // Nothing is awaited between this look and the wait for the next change, so none is missed.
      const { mission: now } = run.view();
      const { notice } = now;
      if (notice && !notice.delivered) {
        await run.change("engine", (draft) => draft.set({ notice: { ...notice, delivered: true } }));
        return `${notice.text}\n\n${rest()}`;
      }
      if (!isActiveMission(now.state)) return rest();
      run.start();
      try {
        await run.changed(signal);
      } catch (error) {
        // Esc: the user wants everything to hold still. A host that shuts down aborts its tools, too, just before
        // it tells us so, and wants the mission to go on later.
        const closing = await this.#ports.clock.sleep(CLOSING_GRACE_MS, this.#closing.signal).then(
          () => false,
          () => true,
        );
        if (!closing) await this.pause(mission, "the user interrupted it");
        throw error;
      }
    }
  }

  async pause(mission: string, reason: string): Promise<void> {
    if (!isActiveMission(this.view(mission).mission.state)) return;
    await (await this.#ownership.own(mission)).pause("user", reason);
  }

  now(): number {
    return this.#ports.clock.now();
  }

  get options(): EngineOptions {
    return this.#options;
  }

  /** Makes sure that a mission at rest can take up jobs again: nothing of before is still under way. */
  async resumable(mission: string): Promise<void> {
    const run = await this.#ownership.own(mission);
    if (isActiveMission(run.view().mission.state)) return;
    await run.stop();
    run.start();
  }

  /** Goes on with a paused or blocked mission; a mission that is under way is left alone. `also` is in the same commit. */
  async resume(mission: string, budget: Budget = {}, also?: (draft: MissionDraft) => void): Promise<Mission> {
    const run = await this.#ownership.own(mission);
    const { state } = run.view().mission;
    await this.resumable(mission);
    if (Object.keys(budget).length > 0)
      await run.change("user", (draft) => draft.set({ budget: { ...draft.mission.budget, ...budget } }));
    if (state === "paused" || state === "blocked")
      await run.change("user", (draft) => {
        also?.(draft);
        for (const task of draft.tasks)
          if (task.state === "blocked" || task.state === "failed")
            draft.moveTask(task.id, "ready", {
              attemptLimit: task.attempt + this.#options.attempts,
              // The user has decided: what failed before may be tried as often again.
              stagnation: NO_STAGNATION,
            });
        const back = draft.tasks.length > 0 ? (draft.mission.resumeTo ?? "executing") : "planning";
        draft.move(back, { failedVerifications: 0 });
      });
    else {
      if (also) await run.change("user", also);
      run.start();
    }
    return run.view().mission;
  }

  /** Ends the mission for good; its sessions stop. `also` is in the same commit. */
  async cancel(mission: string, reason: string, also?: (draft: MissionDraft) => void): Promise<Mission> {
    const before = this.view(mission).mission;
    if (isTerminalMission(before.state)) return before;
    const run = await this.#ownership.own(mission);
    await run.change("user", (draft) => {
      also?.(draft);
      if (isTerminalMission(draft.mission.state)) return;
      for (const task of draft.tasks)
        if (task.state !== "done" && task.state !== "cancelled") draft.moveTask(task.id, "cancelled");
      const { notice } = draft.mission;
      draft.move("cancelled", {
        reason,
        endedMs: this.#ports.clock.now(),
        ...(notice && { notice: { ...notice, delivered: true } }),
      });
    });
    await run.stop();
    return run.view().mission;
  }

  /** Lets go of everything; missions stay as they are and can be taken over. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the host is shutting down"));
    await this.#ownership.close();
  }

  /** The plan, and what only the mission's owner knows: what is left of the budget now, and what waits for what. */
  #renderBoard(mission: string): string {
    const run = this.#ownership.owned(mission);
    const view = this.view(mission);
    const more = run && !isOver(view.mission) ? run.circumstances() : [];
    return [renderBoard(view), ...more].join("\n");
  }

  #isOurs(mission: Mission): Promise<boolean> {
    return this.#ports.host.hasSession(mission.rootSession);
  }

  #changed(view: MissionView): void {
    this.#ports.onChange(view);
    const { mission } = view;
    if (mission.notice && !mission.notice.delivered) this.#notices.tell(mission.id, mission.notice.number);
    else if (isOver(mission)) {
      void this.#ownership.letGo(mission.id);
      this.#views.forget(mission.id);
      this.#slots.forget(mission.id);
    }
  }
}

function sameModel(left: ModelRef | undefined, right: ModelRef): boolean {
  return (
    left?.providerID === right.providerID && left.modelID === right.modelID && left.variant === right.variant
  );
}
