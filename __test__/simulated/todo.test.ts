import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { pause } from "../../harness/index.js";
import { amend, type MissionEngine } from "../../src/engine/index.js";
import { systemClock } from "../../src/node/index.js";
import { FileProjection, TodoFile } from "../../src/todo/index.js";
import { keptLog } from "../unit/records.js";
import type { EngineProcess } from "./process.js";
import { type Cast, hangs, planOf, plans, ROOT, Stage, task, works } from "./stage.js";

/** The todo.md of a process, as the plugin follows it. */
class Todo {
  readonly path: string;
  readonly conflictPath: string;
  readonly log = keptLog();
  readonly notices: string[] = [];
  readonly process: EngineProcess;
  readonly #file: FileProjection;

  constructor(stage: Stage, cast: Cast, options: Parameters<Stage["boot"]>[1] = {}) {
    this.path = join(dirname(stage.path), "todo.md");
    this.conflictPath = join(dirname(stage.path), "todo.conflict.md");
    const todo = new TodoFile({
      store: stage.store,
      clock: systemClock,
      log: this.log,
      amend: (mission, edits) => amend(this.engine, mission, edits),
      keep: async (text) => appendFileSync(this.conflictPath, text),
      tell: (message) => this.notices.push(message),
    });
    this.#file = new FileProjection(this.path, {
      clock: systemClock,
      log: this.log,
      bring: (text) => todo.bring(text),
    });
    this.process = stage.boot(cast, options, { onChange: () => this.#file.refresh() });
  }

  get engine(): MissionEngine {
    return this.process.engine;
  }

  get text(): string {
    return existsSync(this.path) ? readFileSync(this.path, "utf8") : "";
  }

  get conflicts(): string {
    return existsSync(this.conflictPath) ? readFileSync(this.conflictPath, "utf8") : "";
  }

  edit(from: string | RegExp, to: string): void {
    const edited = this.text.replace(from, to);
    if (edited === this.text) throw new Error(`nothing to edit in:\n${this.text}`);
    writeFileSync(this.path, edited);
  }

  /** As after an event of the host. */
  async look(): Promise<void> {
    this.#file.look();
    await this.#file.settled();
  }
}

/** Workers of the named tasks wait until they are let go. */
function held(...tasks: string[]) {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const cast: Cast = {
    worker: async (turn) => {
      if (tasks.includes(turn.task)) await opened;
      return works(turn);
    },
  };
  return { open, cast };
}

it("a title that somebody changes before the task begins is what its Worker hears", async () => {
  const stage = await Stage.open();
  const gate = held("T1");
  const planner = plans(planOf(task("T1"), task("T10", { dependencies: ["T1"] })));
  const todo = new Todo(stage, { ...gate.cast, planner });
  const id = await stage.begin(todo.process);
  await expect.poll(() => todo.text).toContain("T1 _(running)_");
  todo.edit("Title of T10 _", "What it is really about _");
  await todo.look();
  gate.open();
  await stage.until(todo.process, id, "sealed");
  expect(stage.host.messagesTo("worker").map(({ text }) => text.split("\n")[0])).toEqual([
    "Task T1 of mission M1: Title of T1",
    "Task T10 of mission M1: What it is really about",
  ]);
  await expect
    .poll(() => todo.text)
    .toMatch(/sealed[\s\S]*\[x\] \*\*T10\*\* What it is really about _\(after T1\)_/);
  expect(todo.conflicts).toBe("");
});

it("a tick accepts nothing: the task goes through its checks and its review, and the user is told", async () => {
  const stage = await Stage.open();
  const gate = held("T1");
  const todo = new Todo(stage, gate.cast);
  const id = await stage.begin(todo.process);
  await expect.poll(() => todo.text).toContain("T1 _(running)_");
  todo.edit("- [ ]", "- [x]");
  await todo.look();
  expect(todo.engine.view(id).tasks[0]?.state).toBe("running");
  expect(todo.text).toContain("- [ ] **T1**");
  expect(todo.conflicts).toContain("- [x] **T1** Title of T1 _(running)_ <!-- M1/T1 -->");
  expect(todo.notices).toEqual([
    "An edit was not applied: only its checks and its review make T1 done; it is running. It is kept in todo.conflict.md.",
  ]);
  gate.open();
  await stage.until(todo.process, id, "sealed");
  expect(stage.host.messagesTo("reviewer")).toHaveLength(1);
});

it("a tick that is taken away sends the task back to a Worker, and the Commander hears of it", async () => {
  const stage = await Stage.open();
  const gate = held("T2");
  const todo = new Todo(stage, { ...gate.cast, planner: plans(planOf(task("T1"), task("T2"))) });
  const id = await stage.begin(todo.process);
  await expect.poll(() => todo.text).toContain("- [x] **T1**");
  const board = todo.engine.board(id, new AbortController().signal);
  todo.edit("- [x]", "- [ ]");
  await todo.look();
  expect(await board).toContain("- T1 is to be done again");
  await expect.poll(() => todo.engine.view(id).tasks[0]).toMatchObject({ state: "done", attempt: 2 });
  expect(
    stage.host.messagesTo("worker").filter(({ text }) => text.includes("taken away in todo.md")),
  ).toHaveLength(1);
  gate.open();
  await stage.until(todo.process, id, "sealed");
});

it("a new line reaches the Commander once, also when it waits for nothing, and no notice is lost to it", async () => {
  const stage = await Stage.open();
  const gate = held("T1");
  const todo = new Todo(stage, { ...gate.cast, commander: hangs });
  const id = await stage.begin(todo.process);
  await expect.poll(() => todo.text).toContain("T1 _(running)_");
  todo.edit(/$/, `- [ ] write the docs, too\n- [ ] ${"🚀".repeat(400)}\n- [ ] x${"🚀".repeat(400)}\n`);
  await todo.look();
  todo.edit(/$/, "- [ ] and a test\n");
  await todo.look();
  const { notice } = todo.engine.view(id).mission;
  expect(notice?.text).toMatch(/suggestion: "write the docs, too"[\s\S]*suggestion: "and a test"/);
  await expect.poll(() => stage.host.messagesTo("commander").length).toBeGreaterThan(0);
  const told = stage.host
    .messagesTo("commander")
    .map(({ text }) => text)
    .join("\n");
  expect(told).toContain("write the docs, too");
  await todo.look();
  expect(todo.engine.view(id).mission.notice?.number).toBe(notice?.number);
  gate.open();
  await stage.until(todo.process, id, "sealed");
});

it("a task that is cancelled while its session is being made is not begun, and the mission goes on", async () => {
  const stage = await Stage.open();
  const gate = held("T2");
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const create = stage.host.createSession.bind(stage.host);
  stage.host.createSession = async (request) => {
    if (request.title.startsWith("T1 ")) await released;
    return create(request);
  };
  const todo = new Todo(stage, { ...gate.cast, planner: plans(planOf(task("T1"), task("T2"))) });
  const id = await stage.begin(todo.process);
  await expect.poll(() => todo.text).toMatch(/T1 _\(ready\)_[\s\S]*T2 _\(running\)_/);
  todo.edit("- [ ] **T1**", "- [-] **T1**");
  await todo.look();
  const sessions = stage.host.sessions.size;
  release();
  await expect.poll(() => stage.host.sessions.size).toBe(sessions + 1);
  await pause(20);
  gate.open();
  const { tasks } = await stage.until(todo.process, id, "sealed");
  expect(tasks.map(({ state }) => state)).toEqual(["cancelled", "done"]);
  expect(stage.host.messagesTo("worker")).toHaveLength(1);
  expect(todo.process.lines.filter(({ event }) => event === "job.failed")).toEqual([]);
});

it("an edit that is made while no process is there is read by the next one", async () => {
  const stage = await Stage.open();
  const gate = held("T1");
  const first = new Todo(stage, {
    ...gate.cast,
    planner: plans(planOf(task("T1"), task("T2", { dependencies: ["T1"] }))),
  });
  const id = await stage.begin(first.process);
  await expect.poll(() => first.text).toContain("T1 _(running)_");
  first.process.kill();
  first.edit("Title of T2", "Later");
  const second = new Todo(stage, {});
  // In the order of the plugin: nobody goes on before the edit is read.
  await second.look();
  await second.engine.recover();
  const { tasks } = await stage.until(second.process, id, "sealed");
  expect(tasks[1]?.title).toBe("Later");
});

it("an edit of a mission that another process runs is left to that process", async () => {
  const stage = await Stage.open();
  const gate = held("T1");
  const first = new Todo(stage, {
    ...gate.cast,
    planner: plans(planOf(task("T1"), task("T2", { dependencies: ["T1"] }))),
  });
  const id = await stage.begin(first.process);
  await expect.poll(() => first.text).toContain("T1 _(running)_");
  const second = new Todo(stage, gate.cast);
  first.edit("Title of T2", "Later");
  await second.look();
  expect(second.engine.view(id).tasks[1]?.title).toBe("Title of T2");
  expect(second.text).toContain("Later");
  stage.cast(first.process, gate.cast);
  await first.look();
  expect(first.engine.view(id).tasks[1]?.title).toBe("Later");
  expect(first.conflicts).toBe("");
});

it("an edit takes up no mission of which no session of the host knows", async () => {
  const stage = await Stage.open();
  const gate = held("T1");
  const todo = new Todo(stage, {
    ...gate.cast,
    planner: plans(planOf(task("T1"), task("T2", { dependencies: ["T1"] }))),
  });
  const id = await stage.begin(todo.process);
  await expect.poll(() => todo.text).toContain("T1 _(running)_");
  todo.process.kill();
  stage.host.sessions.delete(ROOT);
  todo.edit("Title of T2", "Later");
  const second = new Todo(stage, {});
  await second.look();
  await second.engine.recover();
  expect(second.engine.view(id).tasks[1]?.title).toBe("Title of T2");
  expect(second.text).toContain("Later");
  expect(stage.host.messagesTo("worker")).toHaveLength(1);
});
