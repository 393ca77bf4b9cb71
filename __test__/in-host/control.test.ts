import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pause, type Script } from "../../harness/index.js";
import { filesPlay, type Performance, Stage } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

const hang: Script = () => ({ hang: true });

/** A mission whose Workers never answer, with two of them at work. */
async function withTwoWorkersAtWork(): Promise<{ show: Performance; command: Promise<string> }> {
  const show = await stage.project(filesPlay(["A", "B"], { override: { worker: hang } }));
  const command = show.command("task", "never ends");
  command.catch(() => undefined);
  await show.until(
    "two running tasks",
    ({ tasks }) => tasks.filter((one) => one.state === "running").length === 2,
  );
  await stage.model.waitFor((request) => request.lastUserText.startsWith("Task B of"), { timeoutMs: 20_000 });
  return { show, command };
}

describe("/stop", () => {
  it("cancels the mission and ends all of its child sessions", async () => {
    const { show, command } = await withTwoWorkersAtWork();
    expect((await show.busy()).length).toBeGreaterThanOrEqual(3);
    const answer = await show.command("stop");
    await command;
    expect(answer).toContain("Mission M1 · cancelled");
    const { mission, tasks } = await show.view();
    expect(mission).toMatchObject({ state: "cancelled", reason: "stopped by the user" });
    expect(tasks.map((task) => task.state)).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(await show.busy()).toEqual([]);
    const sofar = show.requests.length;
    await pause(1_500);
    expect(show.requests.length).toBe(sofar);
  });

  it("says so when there is nothing to stop", async () => {
    const show = await stage.project(filesPlay([]));
    expect(await show.command("stop")).toContain("this session has no mission");
  });
});

describe("Esc", () => {
  it("pauses: the Workers stop, nothing is lost, and /resume goes on in the same sessions", async () => {
    const { show, command } = await withTwoWorkersAtWork();
    const before = (await show.view()).tasks.map((task) => task.workSession);
    await show.client.session.abort({ path: { id: show.root } });
    await command.catch(() => undefined);
    const paused = await show.until("the pause", ({ mission }) => mission.state === "paused");
    expect(paused.mission.reason).toBe("the user interrupted it");
    await expect.poll(() => show.busy(), { timeout: 10_000 }).toEqual([]);
    expect(await show.command("status")).toContain("Mission M1 · paused");

    show.play(filesPlay(["A", "B"]));
    expect(await show.command("resume")).toContain("Mission M1 is sealed");
    const { tasks } = await show.view();
    expect(tasks.map((task) => task.state)).toEqual(["done", "done", "done"]);
    expect(tasks.slice(0, 2).map((task) => task.workSession)).toEqual(before.slice(0, 2));
    expect(tasks.map((task) => task.attempt)).toEqual([1, 1, 1]);
  });
});

describe("a task that cannot be done", () => {
  it("blocks the mission with its reason; /resume gives it new attempts", async () => {
    const reject = { verdict: "reject" as const, findings: ["it is still wrong"] };
    const show = await stage.project(filesPlay(["A"], { reviewers: { A: () => reject } }));
    const told = await show.command("task", "hopeless");
    expect(told).toContain("A failed: not accepted after 3 attempts");
    expect((await show.view()).mission.state).toBe("blocked");
    expect((await show.taskStates("A")).filter((state) => state === "running")).toHaveLength(3);

    show.play(filesPlay(["A"]));
    expect(await show.command("resume", "try once more")).toContain("Mission M1 is sealed");
    expect((await show.view()).tasks[0]?.attempt).toBe(4);
  });
});

describe("/status", () => {
  it("shows the board word for word", async () => {
    const show = await stage.project(filesPlay(["A"]));
    await show.command("task", "one file");
    const board = await show.command("status");
    expect(board).toContain("Mission M1 · sealed · 2/2 tasks done");
    expect(board).toContain("[x] A Write A · done");
  });
});
