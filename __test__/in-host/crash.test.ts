import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missionCast, workingDirectory } from "../../harness/index.js";
import { instructionSchema, key } from "../../src/mission/index.js";
import { filesPlay, Stage, write } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

describe("kill -9 while two Workers run, and a new start", () => {
  it("resumes the mission to its seal with no task done twice", async () => {
    const play = filesPlay(["A", "B"]);
    // Each Worker appends a line to a file of its own before it writes its result: doing it twice would show.
    const append = (id: string) => ({
      attempts: [
        (directory: string) => [
          { name: "bash", args: { command: `echo once >> ${id}.log`, description: "Leave a trace" } },
          write(directory, `${id}.ts`, `export const x = "${id}";\n`),
        ],
      ],
    });
    const tasks = (play.plans[0] as { tasks: { id: string; writes: string[] }[] }).tasks;
    for (const task of tasks) task.writes = [`${task.id}.ts`, `${task.id}.log`];
    const workers = { ...play.workers, A: append("A"), B: append("B") };
    let crashed = false;
    const show = await stage.project({
      ...play,
      workers,
      paceMs: 100,
      override: {
        // Until the crash no Worker gets beyond its first step.
        worker: (request, context) => {
          if (!crashed && request.toolResults.length > 0) return { hang: true };
          return missionCast({ ...play, workers, paceMs: 100 })(request, context);
        },
      },
    });
    const command = show.command("task", "survive").catch(() => "the connection broke");
    await stage.model.waitFor(
      (request) =>
        request.toolResults.length > 0 &&
        request.system.startsWith("# Worker") &&
        workingDirectory(request) === show.directory &&
        request.userTexts[0]?.startsWith("Task A") === true,
      { timeoutMs: 30_000 },
    );
    await stage.model.waitFor(
      (request) =>
        request.toolResults.length > 0 &&
        request.system.startsWith("# Worker") &&
        workingDirectory(request) === show.directory &&
        request.userTexts[0]?.startsWith("Task B") === true,
      { timeoutMs: 30_000 },
    );
    const before = await show.view();
    expect(before.tasks.filter((task) => task.state === "running").map((task) => task.id)).toEqual([
      "A",
      "B",
    ]);

    crashed = true;
    await stage.crash();
    await command;
    // Anything that makes the host load the project: a user who opens it again.
    await show.client.session.list();

    const { mission, tasks: after } = await show.until("the seal", (view) => view.mission.state === "sealed");
    expect(mission.state).toBe("sealed");
    expect(after.map((task) => task.state)).toEqual(["done", "done", "done"]);
    expect(after.map((task) => task.attempt)).toEqual([1, 1, 1]);
    expect(after.map((task) => task.workSession).slice(0, 2)).toEqual(
      before.tasks.map((task) => task.workSession).slice(0, 2),
    );
    for (const id of ["A", "B"])
      expect(await readFile(show.project.path(`${id}.log`), "utf8"), `${id} was done once`).toBe("once\n");
    for (const id of ["A", "B", "last"])
      expect((await show.taskStates(id)).filter((state) => state === "done")).toHaveLength(1);
    expect(await show.look((store) => store.verify())).toMatchObject({ ok: true });
  });

  it("never has an instruction twice in a session", async () => {
    const [show] = stage.performances;
    if (!show) throw new Error("the test before this one did not run");
    await show.until("the notice", ({ mission }) => mission.notice?.delivered === true);
    const instructions = await show.look((store) =>
      store.list(key.instruction("M1", "")).map((entry) => instructionSchema.parse(entry.value)),
    );
    expect(instructions.length).toBeGreaterThan(6);
    for (const instruction of instructions) {
      const { data } = await show.client.session.messages({
        path: { id: instruction.session },
        throwOnError: true,
      });
      const same = data.filter(({ info }) => info.id === instruction.messageId);
      expect(same, instruction.key).toHaveLength(1);
      expect(same[0]?.parts.filter((part) => part.type === "text")).toHaveLength(1);
    }
  });

  it("tells the user of the seal, once, in the session that asked for it", async () => {
    const [show] = stage.performances;
    if (!show) throw new Error("the test before this one did not run");
    await expect.poll(() => show.busy(), { timeout: 10_000 }).toEqual([]);
    const { data } = await show.client.session.messages({ path: { id: show.root }, throwOnError: true });
    const told = data.filter(({ parts }) =>
      parts.some((part) => part.type === "text" && part.text.includes("Mission M1 is sealed")),
    );
    expect(told.map(({ info }) => info.role)).toEqual(["user", "assistant"]);
  });
});
