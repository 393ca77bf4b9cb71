import type { Assignment, MissionDraft, MissionView, Stray } from "../../mission/index.js";
import type { Checks, Clock, Log, WorkTree } from "../../ports/index.js";
import { type Agent, attribute, type KnownEdit, type OpenCall, type Writer } from "./attribute.js";
import { comparison, type Differs } from "./compare.js";
import { addStrays, strayOf } from "./strays.js";
import { tellStrays } from "./tell.js";

export interface WatchPorts {
  /** None: only what editing tools change is known. */
  readonly tree?: WorkTree | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly assignment: (session: string) => Assignment | undefined;
  readonly view: (mission: string) => MissionView;
  /** One transaction on a mission that this process owns. */
  readonly change: <T>(mission: string, change: (draft: MissionDraft) => T) => Promise<T>;
}

interface Window extends OpenCall {
  readonly call: string;
  toMs?: number;
}

/** An editing tool's word, while it is under way and until the next measurement has seen it. */
interface Edit extends KnownEdit {
  readonly call: string;
  isOver: boolean;
}

/**
 * Watches what really changes in the tree while shell commands, and other tools of which nothing is known, are under
 * way, and whose it is. Measurements follow one another: each is compared with the one before, and what differs is
 * attributed to the calls that were open in between.
 */
export class WriteWatch {
  readonly #ports: WatchPorts;
  #windows: Window[] = [];
  #edits: Edit[] = [];
  /** The state that the open windows are measured against. */
  #last: string | undefined;
  /** What was measured at the end of another session's call, for those whose calls are still under way. */
  readonly #untold = new Map<string, Stray[]>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(ports: WatchPorts) {
    this.#ports = ports;
  }

  get tree(): WorkTree | undefined {
    return this.#ports.tree;
  }

  /** To be awaited before a call runs that can change any file. */
  async begin(session: string, call: string): Promise<void> {
    const writer = this.#writer(session);
    if (writer.kind !== "agent" || !this.#ports.tree) {
      // The user's own commands are never waited for, and never judged; but they can be what changed a file.
      this.#windows.push({ call, writer, fromMs: this.#ports.clock.now() });
      return;
    }
    await this.#next(async () => {
      // Under another agent's open call, the state before that is as good.
      if (this.#last === undefined || !this.#windows.some((one) => one.writer.kind === "agent" && !one.toMs))
        await this.#settle(await this.snapshot());
      const tree = this.#last;
      const fromMs = this.#ports.clock.now();
      this.#windows.push({ call, writer, fromMs });
      if (tree === undefined) return;
      const role = writer.role === "reviewer" ? "reviewer" : "worker";
      await this.#record(writer.mission, (draft) => {
        const { openCalls = [] } = draft.task(writer.task);
        draft.setTask(writer.task, { openCalls: [...openCalls, { call, session, role, fromMs, tree }] });
      });
    });
  }

  /**
   * To be awaited when the call is over.
   * @returns what its agent must be told, if it changed what it may not.
   */
  async end(session: string, call: string): Promise<string | undefined> {
    const own = this.#windows.filter((one) => one.call === call && one.writer.session === session);
    for (const window of own) window.toMs = this.#ports.clock.now();
    const writer = own[0]?.writer;
    if (writer?.kind !== "agent" || !this.#ports.tree) {
      // Without an agent's call under way it is no suspect of anything.
      if (!this.#windows.some((one) => one.writer.kind === "agent"))
        this.#windows = this.#windows.filter((one) => one.toMs === undefined);
      return undefined;
    }
    const strays = await this.#measure(writer, call);
    if (strays.length === 0) return undefined;
    const { tasks } = this.#ports.view(writer.mission);
    const task = tasks.find((one) => one.id === writer.task);
    return task && tellStrays(this.#ports.tree, task, strays, writer.role);
  }

  /** An editing tool of the session is about to change these files, relative to the project. */
  editing(session: string, call: string, paths: readonly string[]): void {
    for (const path of paths) this.#edits.push({ session, call, path, isOver: false });
  }

  /** That call is over, and has changed these files. */
  edited(session: string, call: string, paths: readonly string[]): void {
    this.#edits = this.#edits.filter((one) => one.session !== session || one.call !== call);
    for (const path of paths) this.#edits.push({ session, call, path, isOver: true });
    // Nothing is measured while no agent has a call under way: the next measurement begins anew.
    if (!this.#windows.some((one) => one.writer.kind === "agent"))
      this.#edits = this.#edits.filter((one) => !one.isOver);
  }

  /** Ends what the session has left open: a call that failed tells us of no end. */
  async endAll(session: string): Promise<void> {
    for (const { call, writer, toMs } of [...this.#windows])
      if (writer.session === session && toMs === undefined) await this.end(session, call);
    this.#edits = this.#edits.filter((one) => one.session !== session || one.isOver);
  }

  /**
   * Measures for a task whose agents are at rest, and takes up what a process that died has left of its calls.
   * @returns the state of the tree; undefined where it cannot be measured.
   */
  async settled(mission: string, id: string): Promise<string | undefined> {
    const task = this.#ports.view(mission).tasks.find((one) => one.id === id);
    for (const session of new Set([task?.workSession, task?.reviewSession]))
      if (session !== undefined) await this.endAll(session);
    if (!this.#ports.tree) return undefined;
    return this.#next(async () => {
      await this.#recover(mission);
      await this.#settle(await this.snapshot());
      return this.#last;
    });
  }

  /** The same checks; what their commands change is known to be theirs, or may be. */
  checks(checks: Checks): Checks {
    let number = 0;
    return {
      files: (globs, signal) => checks.files(globs, signal),
      syntax: (paths, signal) => checks.syntax(paths, signal),
      diagnostics: (paths, signal) => checks.diagnostics(paths, signal),
      dependents: (paths, signal) => checks.dependents(paths, signal),
      exists: (path) => checks.exists(path),
      command: async (command, options) => {
        const call = `check ${++number}`;
        const window: Window = {
          call,
          writer: { kind: "checks", session: call },
          fromMs: this.#ports.clock.now(),
        };
        this.#windows.push(window);
        try {
          return await checks.command(command, options);
        } finally {
          window.toMs = this.#ports.clock.now();
        }
      },
    };
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(act);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Attributes everything that has changed since the last measurement, and answers what its agent has not been told. */
  #measure(writer: Agent, call: string): Promise<Stray[]> {
    return this.#next(async () => {
      await this.#settle(await this.snapshot());
      await this.#record(writer.mission, (draft) => {
        const { openCalls = [] } = draft.task(writer.task);
        if (openCalls.length > 0)
          draft.setTask(writer.task, { openCalls: openCalls.filter((one) => one.call !== call) });
      });
      const strays = this.#untold.get(writer.session) ?? [];
      this.#untold.delete(writer.session);
      return strays;
    });
  }

  #writer(session: string): Writer {
    const assignment = this.#ports.assignment(session);
    if (!assignment?.task || assignment.role === "commander") return { kind: "user", session };
    return {
      kind: "agent",
      mission: assignment.mission,
      task: assignment.task,
      role: assignment.role,
      session,
    };
  }

  /** What the agent may change at this moment. */
  #writes(writer: Agent): readonly string[] {
    if (writer.role !== "worker") return [];
    return this.#ports.view(writer.mission).tasks.find((one) => one.id === writer.task)?.writes ?? [];
  }

  /** The state of the tree; undefined, with a word in the log, where it cannot be measured. */
  async snapshot(): Promise<string | undefined> {
    try {
      return await this.#ports.tree?.snapshot();
    } catch (error) {
      this.#ports.log.error("tree.unmeasured", { error: String(error) });
      return undefined;
    }
  }

  /** Attributes the difference to the state before, and forgets what can have no part in the next. */
  async #settle(now: string | undefined): Promise<void> {
    const before = this.#last;
    const windows = this.#windows;
    const edits = this.#edits;
    this.#last = now;
    this.#windows = windows.filter((one) => one.toMs === undefined);
    this.#edits = edits.filter((one) => !one.isOver);
    if (before === undefined || now === undefined || before === now || windows.length === 0) return;
    await this.#attribute(before, now, windows, edits);
  }

  async #attribute(
    before: string,
    now: string,
    calls: readonly OpenCall[],
    edits: readonly KnownEdit[],
  ): Promise<void> {
    const { tree } = this.#ports;
    if (!tree) return;
    const changes = await tree.changes(before, now);
    const touched = await tree.touchedAt(changes.map((change) => change.path));
    const differs = comparison(tree, now);
    const byWriter = new Map<string, { writer: Agent; strays: Stray[] }>();
    for (const change of changes) {
      const whose = attribute(change, touched.get(change.path) ?? [], { calls, edits }, (one) =>
        this.#writes(one),
      );
      if (whose.kind === "fine") continue;
      for (const writer of whose.suspects) {
        if (await this.#isPutBack(writer, change.path, differs)) continue;
        const known = byWriter.get(writer.session) ?? { writer, strays: [] };
        known.strays.push(strayOf(change, { from: before, to: now }, whose, writer));
        byWriter.set(writer.session, known);
      }
    }
    for (const { writer, strays } of byWriter.values()) {
      const paths = strays.slice(0, 20).map((stray) => stray.path);
      const task = `${writer.mission}/${writer.task}`;
      this.#ports.log.warn("write.outside", { task, session: writer.session, paths });
      await this.#record(writer.mission, (draft) =>
        draft.setTask(writer.task, { strays: addStrays(draft.task(writer.task).strays ?? [], strays) }),
      );
      this.#untold.set(writer.session, [...(this.#untold.get(writer.session) ?? []), ...strays]);
    }
  }

  /** True when the file is again as the task found it, or as it was before a call of the task changed it. */
  async #isPutBack({ mission, task: id }: Agent, path: string, differs: Differs): Promise<boolean> {
    const task = this.#ports.view(mission).tasks.find((one) => one.id === id);
    const before = (task?.strays ?? []).filter((stray) => stray.path === path).map((stray) => stray.from);
    for (const state of new Set([task?.treeBaseline, ...before]))
      if (state !== undefined && !(await differs(state, path))) return true;
    return false;
  }

  /** A mission that has ended, or is another process's by now, keeps no record here; what stands in its store is judged there. */
  async #record(mission: string, change: (draft: MissionDraft) => void): Promise<void> {
    try {
      await this.#ports.change(mission, change);
    } catch (error) {
      if (!GONE.has((error as { code?: unknown }).code)) throw error;
      this.#ports.log.info("write.unrecorded", { mission, reason: String(error) });
    }
  }

  /** Calls that stand in the store and that this process knows nothing of: the one that had them is gone. */
  async #recover(mission: string): Promise<void> {
    const known = new Set(this.#windows.map((one) => one.call));
    const lost = this.#ports.view(mission).tasks.flatMap((task) =>
      (task.openCalls ?? [])
        .filter((one) => !known.has(one.call))
        .map(({ call, session, role, fromMs, tree }) => {
          const writer: Agent = { kind: "agent", mission, task: task.id, role, session };
          return { call, writer, fromMs, tree };
        }),
    );
    const first = lost.toSorted((a, b) => a.fromMs - b.fromMs)[0];
    if (!first) return;
    const now = await this.snapshot();
    if (now !== undefined && now !== first.tree)
      await this.#attribute(first.tree, now, [...lost, ...this.#windows], this.#edits);
    for (const task of new Set(lost.map((one) => one.writer.task)))
      await this.#record(mission, (draft) => {
        const left = (draft.task(task).openCalls ?? []).filter((one) => known.has(one.call));
        draft.setTask(task, { openCalls: left });
      });
  }
}

const GONE: ReadonlySet<unknown> = new Set([
  "ERR_NOT_OWNER",
  "ERR_FENCED",
  "ERR_INVALID_STATE",
  "ERR_NO_MISSION",
]);
