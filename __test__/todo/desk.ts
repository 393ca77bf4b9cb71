import {
  carryOut,
  judge,
  key,
  type Mission,
  MissionDraft,
  readMission,
  type Task,
} from "../../src/mission/index.js";
import type { NativeStore } from "../../src/native/index.js";
import { systemClock } from "../../src/node/index.js";
import { transact } from "../../src/state/index.js";
import { TodoFile } from "../../src/todo/index.js";
import { put, temporaryStore } from "../native/temporary.js";
import { keptLog, mission, task } from "../unit/records.js";

/** A todo.md over a real store, without an engine and without a file: what it says goes in, what it is to say comes out. */
export class Desk {
  readonly store: NativeStore;
  readonly log = keptLog();
  /** What todo.conflict.md holds. */
  conflicts = "";
  /** What the Commander was told. */
  readonly suggestions: string[] = [];
  readonly told: string[] = [];
  /** Missions of other processes. */
  readonly elsewhere = new Set<string>();
  text = "";
  #todo: TodoFile;

  private constructor(store: NativeStore) {
    this.store = store;
    this.#todo = this.#file();
  }

  /** Starts with mission M1 in execution, and shows it. */
  static async open(
    tasks: readonly Task[],
    change: Partial<Mission> = {},
    store?: NativeStore,
  ): Promise<Desk> {
    const desk = new Desk(store ?? (await temporaryStore()));
    await desk.put(tasks, change);
    desk.text = await desk.#todo.bring(undefined);
    return desk;
  }

  async put(tasks: readonly Task[], change: Partial<Mission> = {}): Promise<void> {
    const { id } = mission(change);
    const numbered = tasks.map((one, order) => ({ ...one, mission: id, order }));
    await put(this.store, {
      [key.mission(id)]: mission(change),
      ...Object.fromEntries(numbered.map((one) => [key.task(id, one.id), one])),
    });
  }

  /** Somebody else's change of a task, by the engine for example. */
  async change(id: string, change: Partial<Task>): Promise<void> {
    await this.#transact("M1", (draft) => draft.setTask(id, change));
  }

  async add(id: string): Promise<void> {
    await this.#transact("M1", (draft) => draft.addTask(task(id, { order: draft.tasks.length })));
  }

  /** Reads the file as it is, and writes it. */
  async read(): Promise<string> {
    this.text = await this.#todo.bring(this.text);
    return this.text;
  }

  /** Somebody's edit, which is read. */
  async edit(from: string | RegExp, to: string): Promise<string> {
    const edited = this.text.replace(from, to);
    if (edited === this.text) throw new Error(`nothing to edit in:\n${this.text}`);
    this.text = edited;
    return this.read();
  }

  task(id: string): Task {
    const found = this.tasks.find((one) => one.id === id);
    if (!found) throw new Error(`no task ${id}`);
    return found;
  }

  get tasks(): readonly Task[] {
    return readMission(this.store, "M1").tasks;
  }

  /** A process that knows only the file and the store. */
  restart(): void {
    this.#todo = this.#file();
  }

  #file(): TodoFile {
    return new TodoFile({
      store: this.store,
      clock: systemClock,
      log: this.log,
      keep: async (text) => {
        this.conflicts += text;
      },
      tell: (message) => this.told.push(message),
      amend: async (id, edits) => {
        if (this.elsewhere.has(id)) throw Object.assign(new Error("elsewhere"), { code: "ERR_NOT_OWNER" });
        const verdicts = await this.#transact(id, (draft) =>
          edits.map((edit) => {
            const verdict = judge(draft, edit);
            if (verdict.kind === "allowed") carryOut(draft, edit, 3);
            return verdict;
          }),
        );
        for (const [index, edit] of edits.entries())
          if (edit.kind === "suggestion" && verdicts[index]?.kind === "allowed")
            this.suggestions.push(edit.text);
        return verdicts;
      },
    });
  }

  #transact<T>(id: string, change: (draft: MissionDraft) => T): Promise<T> {
    return transact(
      { store: this.store, clock: systemClock, random: { next: Math.random } },
      { actor: "test" },
      (transaction) => change(new MissionDraft(transaction, id)),
    );
  }
}
