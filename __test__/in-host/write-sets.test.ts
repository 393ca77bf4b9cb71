import { access, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MissionPlay, ToolCall } from "../../harness/index.js";
import { type Performance, Stage } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

const bash = (command: string): ToolCall => ({ name: "bash", args: { command, description: "work" } });
const task = (id: string, writes: string[]) => ({ id, title: id, instructions: `Do ${id}`, writes });

/** What the model was answered when it called the tool. */
function outputs(show: Performance, tool: string): string[] {
  const seen = new Map(
    show.requests.flatMap((one) => one.toolResults.map((result) => [result.id, result] as const)),
  );
  return [...seen.values()].filter((one) => one.name === tool).map((one) => one.output ?? "");
}

it("tells a Worker what its command changed outside, sends it back, and takes it once that is put back", async () => {
  const play: MissionPlay = {
    plans: [{ summary: "one", tasks: [task("T1", ["in/**"])] }],
    workers: {
      T1: {
        attempts: [
          () => [bash("mkdir in; echo 1 > in/a.txt; echo spoilt > README.md; echo x > out.txt; echo done")],
          () => [bash("git checkout -q README.md && rm out.txt")],
        ],
      },
    },
  };
  const show = await stage.project(play);
  expect(await show.command("task", "stay inside")).toContain("sealed");
  const [first, second] = outputs(show, "bash");
  expect(first).toContain("done");
  expect(first).toContain("This call changed files outside the write set of task T1 (in/**)");
  expect(first).toContain("- modified README.md\n- added out.txt");
  expect(second).not.toContain("outside the write set");
  const [done] = (await show.view()).tasks;
  expect(done?.attempt).toBe(2);
  expect(done?.evidence[0]?.changedFiles).toEqual(["README.md", "in/a.txt", "out.txt"]);
  expect(done?.evidence[1]).toMatchObject({ changedFiles: ["in/a.txt"], measured: true });
  const rework = show.requests.find((one) => one.lastUserText.includes("was not accepted"));
  expect(rework?.lastUserText).toContain("changed outside the write set (in/**)");
  expect(await readFile(show.project.path("README.md"), "utf8")).toBe("# Project\n");
});

it("keeps two Workers apart whose commands run at the same time", async () => {
  const script = (id: string) =>
    bash(`mkdir -p ${id}; for i in 1 2 3 4 5 6 7 8; do echo $i > ${id}/f$i; sleep 0.2; done`);
  const show = await stage.project({
    plans: [{ summary: "two", tasks: [task("A", ["A/**"]), task("B", ["B/**"])] }],
    workers: {
      A: { attempts: [() => [script("A")]] },
      B: { attempts: [() => [script("B")]] },
    },
  });
  expect(await show.command("task", "two at once")).toContain("sealed");
  const { tasks } = await show.view();
  expect(tasks.map((one) => [one.attempt, one.strays ?? [], one.openCalls])).toEqual([
    [1, [], []],
    [1, [], []],
  ]);
  expect(tasks.map((one) => one.evidence[0]?.changedFiles.length)).toEqual([8, 8]);
});

it("grants a Worker a wider write set that nobody holds, and refuses what another task has", async () => {
  const widen = (glob: string): ToolCall => ({
    name: "task_widen",
    args: { globs: [glob], reason: "needed" },
  });
  const show = await stage.project({
    plans: [
      {
        summary: "two",
        tasks: [task("A", ["A/**"]), { ...task("B", ["B/**"]), dependencies: [] }],
      },
    ],
    workers: {
      A: {
        attempts: [
          (directory) => [
            widen("B/x.txt"),
            widen("**"),
            widen(".git/hooks/x"),
            widen("docs/a.md"),
            { name: "write", args: { filePath: `${directory}/docs/a.md`, content: "allowed\n" } },
          ],
        ],
      },
      B: { attempts: [() => [bash("sleep 5; mkdir -p B; echo b > B/x.txt")]] },
    },
  });
  expect(await show.command("task", "widen")).toContain("sealed");
  const [held, wide, reserved, granted] = outputs(show, "task_widen");
  expect(held).toContain("which task B (running) holds");
  expect(wide).toContain("begins with a wildcard");
  expect(reserved).toContain("must not name .git");
  expect(granted).toContain("The write set is now: A/**, docs/a.md");
  expect(await readFile(show.project.path("docs/a.md"), "utf8")).toBe("allowed\n");
  const [first] = (await show.view()).tasks;
  expect(first?.widened).toMatchObject([{ globs: ["docs/a.md"], by: "worker:A", reason: "needed" }]);
  const audit = await show.commits();
  expect(
    audit.some((one) => one.actor === "worker:A" && JSON.stringify(one.changes).includes("docs/a.md")),
  ).toBe(true);
});

it("notices a hook that a Worker's command puts into the repository", async () => {
  const show = await stage.project({
    plans: [{ summary: "one", tasks: [task("T1", ["**"])] }],
    workers: {
      T1: {
        attempts: [
          () => [bash("printf '#!/bin/sh\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit")],
          () => [bash("rm .git/hooks/pre-commit")],
        ],
      },
    },
  });
  expect(await show.command("task", "no hooks")).toContain("sealed");
  expect(outputs(show, "bash")[0]).toContain("- added .git/hooks/pre-commit");
  expect((await show.view()).tasks[0]?.attempt).toBe(2);
  await expect(access(show.project.path(".git/hooks/pre-commit"))).rejects.toThrow();
});
