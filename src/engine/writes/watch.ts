import {
  type Assignment,
  type MissionDraft,
  type MissionView,
  type Stray,
  type Task,
  writeSetCovers,
} from "../../mission/index.js";
import type { Checks, Clock, Log, TreeChange, WorkTree } from "../../ports/index.js";
import {
  type Agent,
  attribute,
  isReserved,
  type KnownEdit,
  type OpenCall,
  type Writer,
} from "./attribute.js";
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
      await this.#ports.change(writer.mission, (draft) => {
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

  /** Strays whose files are neither as before the call nor as before the task, and that no write set has by now. */
  async standing(view: MissionView, task: Task, now: string | undefined): Promise<Stray[]> {
    const { tree } = this.#ports;
    if (!tree || now === undefined || !task.strays?.length) return [];
    const differing = new Map<string, Set<string>>();
    const differs = async (from: string, path: string) => {
      const paths = differing.get(from) ?? new Set((await tree.changes(from, now)).map((one) => one.path));
      differing.set(from, paths);
      return paths.has(path);
    };
    const found: Stray[] = [];
    for (const stray of task.strays) {
      if (writeSetCovers(task.writes, stray.path) && !isReserved(stray.path)) continue;
      if (!(await differs(stray.from, stray.path))) continue;
      if (task.treeBaseline && !(await differs(task.treeBaseline, stray.path))) continue;
      // Whose file it is has gone on with it meanwhile, or may from now on.
      const owners = view.tasks.filter((one) => one.id !== task.id && writeSetCovers(one.writes, stray.path));
      const isTaken = owners.some((one) => one.state === "done") || (await differs(stray.to, stray.path));
      if (owners.length > 0 && isTaken && !isReserved(stray.path)) continue;
      found.push(stray);
    }
    return found;
  }

  /** What differs between the state in which a task began and this one. */
  async changedSince(task: Task, now: string | undefined): Promise<readonly TreeChange[] | undefined> {
    if (!this.#ports.tree || now === undefined || task.treeBaseline === undefined) return undefined;
    return this.#ports.tree.changes(task.treeBaseline, now);
  }

  /** The same checks; what their commands change is known to be theirs, or may be. */
  checks(checks: Checks): Checks {
    let number = 0;
    return {
      files: (globs, signal) => checks.files(globs, signal),
      syntax: (paths, signal) => checks.syntax(paths, signal),
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

  /** Attributes everything that has changed since the last measurement, and answers the strays of this call. */
  #measure(writer: Agent, call: string): Promise<Stray[]> {
    return this.#next(async () => {
      const found = await this.#settle(await this.snapshot());
      await this.#ports.change(writer.mission, (draft) => {
        const { openCalls = [] } = draft.task(writer.task);
        if (openCalls.length > 0)
          draft.setTask(writer.task, { openCalls: openCalls.filter((one) => one.call !== call) });
      });
      return (found.get(place(writer)) ?? []).filter((stray) => stray.role === writer.role);
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
  async #settle(now: string | undefined): Promise<Map<string, Stray[]>> {
    const before = this.#last;
    const windows = this.#windows;
    const edits = this.#edits;
    this.#last = now;
    this.#windows = windows.filter((one) => one.toMs === undefined);
    this.#edits = edits.filter((one) => !one.isOver);
    if (before === undefined || now === undefined || before === now || windows.length === 0) return new Map();
    return this.#attribute(before, now, windows, edits);
  }

  async #attribute(
    before: string,
    now: string,
    calls: readonly OpenCall[],
    edits: readonly KnownEdit[],
  ): Promise<Map<string, Stray[]>> {
    const { tree } = this.#ports;
    if (!tree) return new Map();
    const changes = await tree.changes(before, now);
    const touched = await tree.touchedAt(changes.map((change) => change.path));
    const byWriter = new Map<string, { writer: Agent; strays: Stray[] }>();
    for (const change of changes) {
      const whose = attribute(change, touched.get(change.path) ?? [], { calls, edits }, (one) =>
        this.#writes(one),
      );
      if (whose.kind === "fine") continue;
      for (const writer of whose.suspects) {
        const known = byWriter.get(writer.session) ?? { writer, strays: [] };
        known.strays.push(strayOf(change, { from: before, to: now }, whose, writer));
        byWriter.set(writer.session, known);
      }
    }
    const found = new Map<string, Stray[]>();
    for (const { writer, strays } of byWriter.values()) {
      const paths = strays.slice(0, 20).map((stray) => stray.path);
      this.#ports.log.warn("write.outside", { task: place(writer), session: writer.session, paths });
      await this.#ports.change(writer.mission, (draft) =>
        draft.setTask(writer.task, { strays: addStrays(draft.task(writer.task).strays ?? [], strays) }),
      );
      found.set(place(writer), [...(found.get(place(writer)) ?? []), ...strays]);
    }
    return found;
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
      await this.#ports.change(mission, (draft) => {
        const left = (draft.task(task).openCalls ?? []).filter((one) => known.has(one.call));
        draft.setTask(task, { openCalls: left });
      });
  }
}

function place({ mission, task }: Agent): string {
  return `${mission}/${task}`;
}
