import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentByHeading, type ModelRequest, missionCast, type Script } from "../../harness/index.js";
import { ROLES } from "../../src/mission/index.js";
import { Stage } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => stage[Symbol.asyncDispose]());

/** The agent of a mission that a request comes from. */
const agentOf = (request: ModelRequest) => agentByHeading(request, ROLES);

const write = (directory: string, name: string) => ({
  name: "write",
  args: { filePath: `${directory}/${name}`, content: "export {};\n" },
});

/** A plan of one task for each name, all at the same time. */
const planOf = (...names: string[]) => ({
  summary: "files",
  tasks: names.map((id) => ({ id, title: id, instructions: `Write ${id}.ts`, writes: [`${id}.ts`] })),
});
const workersOf = (...names: string[]) =>
  Object.fromEntries(
    names.map((id) => [id, { attempts: [(directory: string) => [write(directory, `${id}.ts`)]] }]),
  );

describe("a budget", () => {
  it("that runs out in the middle holds the mission before it is passed, and /resume with a higher one goes on", async () => {
    const names = ["A", "B", "C", "D"];
    const cast = missionCast({ plans: [planOf(...names)], workers: workersOf(...names) });
    // Each model call of an agent counts as 20,000 tokens.
    const expensive: Script = async (request, context) => {
      const reply = await cast(request, context);
      const isAgent = ![undefined, "commander"].includes(agentOf(request));
      return isAgent && typeof reply === "object" && ("text" in reply || "calls" in reply)
        ? { ...reply, usage: { input: 19_900, output: 100 } }
        : reply;
    };
    const show = await stage.project(expensive);
    const limit = 160_000;
    await show.command("task", `--tokens ${limit / 1000}k four files`);
    const held = await show.until("the budget to hold it", ({ mission }) => mission.state === "blocked");
    expect(held.mission.reason).toContain("budget");
    expect(held.mission.spent.tokens).toBeGreaterThan(0);
    const answers = show.requests.length;
    const spentOf = async () => (await show.view()).mission.spent.tokens;
    expect(await spentOf()).toBeLessThanOrEqual(limit);
    expect(await show.command("status")).toContain("Budget: tokens");
    // Nothing was begun meanwhile but the two answers to the user.
    const agents = show.requests.slice(answers).filter((one) => agentOf(one) !== "commander");
    expect(agents).toEqual([]);

    await show.command("resume", "--tokens 5M");
    const { mission, tasks } = await show.until("the seal", (view) => view.mission.state === "sealed");
    expect(mission.budget.tokens).toBe(5_000_000);
    expect(tasks.map(({ state }) => state)).toEqual(names.map(() => "done"));
  });

  it("of sessions is not passed either", async () => {
    const names = ["A", "B", "C"];
    const show = await stage.project({ plans: [planOf(...names)], workers: workersOf(...names) });
    await show.command("task", "--sessions 3 three files");
    const { mission } = await show.until("the budget to hold it", (view) => view.mission.state === "blocked");
    expect(mission.reason).toContain("sessions");
    expect((await show.children()).length).toBeLessThanOrEqual(3);
  });
});

describe("an agent that goes in circles", () => {
  it("is refused the fifth equal call, stopped after the tenth, and its attempt has failed for that reason", async () => {
    const cast = missionCast({ plans: [planOf("A")], workers: workersOf("A") });
    const same = { name: "glob", args: { pattern: "**/*.ts" } };
    const circling: Script = (request, context) => {
      const isFirst = request.lastUserText.startsWith("Task A");
      return agentOf(request) === "worker" && isFirst ? { calls: [same] } : cast(request, context);
    };
    const show = await stage.project(circling);
    await show.command("task", "one file");
    const { tasks } = await show.until("the seal", ({ mission }) => mission.state === "sealed");
    expect(tasks[0]).toMatchObject({ state: "done", attempt: 2 });
    const outputs = show.requests.flatMap((one) => one.toolResults.map((result) => result.output ?? ""));
    expect(outputs.some((one) => one.includes("You have called glob 5 times with the same arguments"))).toBe(
      true,
    );
    const briefs = show.requests.map((one) => one.lastUserText);
    expect(briefs.some((one) => one.includes("it called glob 10 times with the same arguments"))).toBe(true);
  });
});

describe("a provider that answers 429 for a while", () => {
  it("costs a task none of its attempts", async () => {
    const cast = missionCast({ plans: [planOf("A", "B")], workers: workersOf("A", "B") });
    let refusals = 0;
    const busy: Script = (request, context) => {
      if (agentOf(request) !== "worker" || refusals >= 8) return cast(request, context);
      refusals++;
      return { fail: 429, retryAfter: 1, message: "too many requests" };
    };
    const show = await stage.project(busy);
    await show.command("task", "two files");
    const { tasks } = await show.until("the seal", ({ mission }) => mission.state === "sealed");
    expect(refusals).toBe(8);
    expect(tasks.map(({ state, attempt }) => [state, attempt])).toEqual([
      ["done", 1],
      ["done", 1],
    ]);
  });
});
