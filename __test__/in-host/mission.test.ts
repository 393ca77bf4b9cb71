import { access, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ModelRequest, workingDirectory } from "../../harness/index.js";
import { key } from "../../src/mission/index.js";
import { filesPlay, type Performance, Stage } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

const headings = (request: ModelRequest) => request.system.split("\n", 1)[0];

describe("a mission from /task to its seal", () => {
  let show: Performance;
  let told: string;
  beforeAll(async () => {
    show = await stage.project(
      filesPlay(["A", "B", "C"], {
        paceMs: 150,
        reviewers: {
          B: (attempt) =>
            attempt === 1
              ? { verdict: "reject", findings: ["B.ts:1 exports the wrong thing"] }
              : { verdict: "accept" },
        },
      }),
    );
    told = await show.command("task", "write the files");
  });

  it("is sealed, and the Commander tells the user", async () => {
    expect(told).toContain("Mission M1 is sealed");
    const { mission, tasks } = await show.view();
    expect(mission.state).toBe("sealed");
    expect(tasks.map((task) => task.state)).toEqual(["done", "done", "done", "done"]);
    expect(stage.model.scriptErrors).toEqual([]);
  });

  it("leaves the work on disk", async () => {
    for (const id of ["A", "B", "C", "last"])
      expect(await readFile(show.project.path(`${id}.ts`), "utf8")).toBe(`export const x = "${id}";\n`);
  });

  it("runs Workers at the same time", async () => {
    let running = new Set<string>();
    let most = 0;
    for (const commit of await show.commits())
      for (const change of commit.changes.filter((one) => one.key.startsWith(key.tasks("M1")))) {
        const { id, state } = change.value as { id: string; state: string };
        running = new Set([...running].filter((one) => one !== id).concat(state === "running" ? [id] : []));
        most = Math.max(most, running.size);
      }
    expect(most).toBeGreaterThanOrEqual(2);
  });

  it("sends a rejected task back with the findings, to the same session", async () => {
    expect(await show.taskStates("B")).toEqual([
      ...["ready", "running", "checking", "reviewing"],
      ...["ready", "running", "checking", "reviewing", "done"],
    ]);
    const task = (await show.view()).tasks.find((one) => one.id === "B");
    expect(task?.attempt).toBe(2);
    const rework = show.requests.find((request) => request.lastUserText.includes("was not accepted"));
    expect(rework?.lastUserText).toContain("B.ts:1 exports the wrong thing");
    expect(rework?.conversationKey).toBe(task?.workSession);
  });

  it("runs the dependent task last, and tells its Worker what came before", async () => {
    const brief = show.requests.find((request) => request.lastUserText.startsWith("Task last of mission M1"));
    expect(brief?.lastUserText).toContain("A Write A: A is done.");
    const commits = await show.commits();
    const revision = (id: string, state: string) =>
      commits.find((commit) =>
        commit.changes.some(
          (change) =>
            change.key === key.task("M1", id) && (change.value as { state?: string }).state === state,
        ),
      )?.revision ?? Number.NaN;
    for (const id of ["A", "B", "C"]) expect(revision(id, "done")).toBeLessThan(revision("last", "running"));
  });

  it("gives each agent its own tools and instructions, and no others", () => {
    const tools = (heading: string) =>
      new Set(show.requests.filter((one) => headings(one) === heading).flatMap((one) => one.tools));
    expect(tools("# Planner")).toContain("mission_plan");
    expect(tools("# Planner")).not.toContain("edit");
    expect(tools("# Planner")).not.toContain("write");
    expect(tools("# Planner")).not.toContain("bash");
    expect(tools("# Worker")).toContain("task_report");
    expect(tools("# Worker")).toContain("write");
    expect(tools("# Worker")).not.toContain("mission_plan");
    expect(tools("# Worker")).not.toContain("review_verdict");
    expect(tools("# Reviewer")).toContain("review_verdict");
    expect(tools("# Reviewer")).not.toContain("write");
    expect(tools("# Commander")).toContain("mission_board");
    expect(tools("# Commander")).not.toContain("task_report");
    for (const heading of ["# Commander", "# Planner", "# Worker", "# Reviewer"])
      expect(tools(heading)).not.toContain("task");
  });

  it("works in child sessions of the user's session, one level deep", async () => {
    const children = await show.children();
    const speakers = new Set(show.requests.map((request) => request.conversationKey));
    speakers.delete(show.root);
    expect(new Set(children)).toEqual(speakers);
  });

  it("leaves the user's session to the user's other agents, with all their tools", async () => {
    show.play(({ freshToolResults }) =>
      freshToolResults.length > 0
        ? { text: "Written." }
        : {
            calls: [
              { name: "write", args: { filePath: show.project.path("mine.ts"), content: "export {};\n" } },
            ],
          },
    );
    await show.client.session.prompt({
      path: { id: show.root },
      body: { agent: "build", parts: [{ type: "text", text: "write a file" }] },
      throwOnError: true,
    });
    expect(await readFile(show.project.path("mine.ts"), "utf8")).toBe("export {};\n");
  });

  it("leaves a plan to read and an audit chain that holds", async () => {
    const todo = await show.todo();
    expect(todo).toContain("## M1 · sealed");
    expect(todo).toMatch(/- \[x\] \*\*last\*\* Write last/);
    expect(await show.look((store) => store.verify())).toMatchObject({ ok: true, damage: [] });
  });

  it("keeps its state out of the project's history", async () => {
    expect(await show.project.git("status", "--porcelain", "--", ".opencode/orchestrator")).toBe("");
  });

  it("lets go of the mission's lease once it is over", async () => {
    const answer = await show.look((store) =>
      store.acquireLease({ name: key.lease("M1"), holder: "a test", ttlMs: 1_000 }),
    );
    expect(answer.granted).toBe(true);
  });
});

describe("checks", () => {
  it("send a task back with the output of a failed command and with syntax errors", async () => {
    const write = (directory: string, content: string) => ({
      name: "write",
      args: { filePath: `${directory}/a.ts`, content },
    });
    const check =
      'import { readFileSync } from "node:fs";\nif (!readFileSync("a.ts", "utf8").includes("right")) { console.log("a.ts is not right"); process.exit(3); }\n';
    const play = {
      plans: [
        {
          summary: "one file",
          tasks: [
            {
              id: "T1",
              title: "Write a",
              instructions: "Write a.ts",
              writes: ["a.ts"],
              checks: { commands: ["node check.mjs"] },
            },
          ],
        },
      ],
      workers: {
        T1: {
          attempts: [
            (directory: string) => [write(directory, "export const x = (;\n")],
            (directory: string) => [write(directory, 'export const x = "wrong";\n')],
            (directory: string) => [write(directory, 'export const x = "right";\n')],
          ],
        },
      },
    };
    const show = await stage.project(play, { "check.mjs": check });
    await show.command("task", "one file");
    const { mission, tasks } = await show.view();
    expect(mission.state).toBe("sealed");
    expect(tasks[0]?.attempt).toBe(3);
    const rework = show.requests
      .map((request) => request.lastUserText)
      .filter((text) => text.startsWith("Attempt "));
    expect(rework.some((text) => text.includes("a.ts:1:") && text.includes("syntax error"))).toBe(true);
    expect(rework.some((text) => text.includes("exit code 3") && text.includes("a.ts is not right"))).toBe(
      true,
    );
    // What did not pass its checks never came before a Reviewer.
    const reviews = show.requests.filter((request) => request.lastUserText.startsWith("Review task"));
    expect(new Set(reviews.map((request) => request.conversationKey)).size).toBe(1);
  });

  it("do not let an agent write outside its write set", async () => {
    const show = await stage.project({
      plans: [{ summary: "one", tasks: [{ id: "T1", title: "t", instructions: "i", writes: ["in/**"] }] }],
      workers: {
        T1: {
          attempts: [
            (directory) => [
              { name: "write", args: { filePath: `${directory}/out.ts`, content: "x" } },
              { name: "write", args: { filePath: `${directory}/../escape.ts`, content: "x" } },
              { name: "write", args: { filePath: `${directory}/in/ok.ts`, content: "export {};\n" } },
            ],
          ],
        },
      },
    });
    await show.command("task", "stay inside");
    await expect(access(show.project.path("out.ts"))).rejects.toThrow();
    await expect(access(show.project.path("../escape.ts"))).rejects.toThrow();
    await access(show.project.path("in/ok.ts"));
    const refusals = show.requests.at(-1) && show.requests.flatMap((one) => one.toolResults);
    expect(refusals?.some((one) => one.output?.includes("out.ts is outside the write set"))).toBe(true);
    expect(refusals?.some((one) => one.output?.includes("escape.ts is outside the write set"))).toBe(true);
  });
});

describe("two projects on one server", () => {
  it("do not see each other's missions", async () => {
    const [one, two] = await Promise.all([
      stage.project(filesPlay(["A"], { paceMs: 50 })),
      stage.project(filesPlay(["X", "Y"], { paceMs: 50 })),
    ]);
    await Promise.all([one.command("task", "first project"), two.command("task", "second project")]);
    const [first, second] = await Promise.all([one.view(), two.view()]);
    expect(first.mission).toMatchObject({ id: "M1", goal: "first project", state: "sealed" });
    expect(second.mission).toMatchObject({ id: "M1", goal: "second project", state: "sealed" });
    expect(first.tasks.map((task) => task.id)).toEqual(["A", "last"]);
    expect(second.tasks.map((task) => task.id)).toEqual(["X", "Y", "last"]);
    expect(await one.todo()).not.toContain("second project");
    await expect(access(one.project.path("X.ts"))).rejects.toThrow();
    await expect(access(two.project.path("A.ts"))).rejects.toThrow();
    const sessions = new Set(one.requests.map((request) => request.conversationKey));
    expect(two.requests.filter((request) => sessions.has(request.conversationKey))).toEqual([]);
    expect(two.requests.every((request) => workingDirectory(request) === two.directory)).toBe(true);
  });
});
