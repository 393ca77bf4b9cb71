import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitUntil } from "../../harness/index.js";
import { todoFile } from "../../src/node/index.js";
import { filesPlay, type Performance, Stage } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

/** What todo.conflict.md holds; the empty string when there is none. */
function conflicts(show: Performance): Promise<string> {
  return readFile(join(dirname(todoFile(show.directory)), "todo.conflict.md"), "utf8").catch(() => "");
}

it("takes an edit that somebody makes while the mission runs, and keeps what it cannot take", async () => {
  const show = await stage.project(filesPlay(["A"], { paceMs: 700 }));
  const told = show.command("task", "write the files");
  await show.until("A to run", ({ tasks }) => tasks[0]?.state === "running");
  const text = await waitUntil(async () => /.*\(running\)[\s\S]*/.exec(await show.todo())?.input, {
    what: "todo.md to show it",
    timeoutMs: 20_000,
  });
  await writeFile(
    todoFile(show.directory),
    text.replace("Write last", "Write the last of them").replace("- [ ] **A**", "- [x] **A**"),
  );
  expect(await told).toContain("Mission M1 is sealed");
  const brief = show.requests.find((request) => request.lastUserText.startsWith("Task last of mission M1"));
  expect(brief?.lastUserText).toMatch(/^Task last of mission M1: Write the last of them/);
  expect(await conflicts(show)).toContain("only its checks and its review make A done");
  expect(await show.taskStates("A")).toEqual(["ready", "running", "checking", "reviewing", "done"]);
  await waitUntil(async () => (await show.todo()).includes("## M1 · sealed"), {
    what: "todo.md to show the seal",
    timeoutMs: 10_000,
  });
  expect(await show.todo()).toContain("- [x] **last** Write the last of them _(after A)_ <!-- M1/last -->");
  expect(stage.model.scriptErrors).toEqual([]);
});

it("reads an edit of the host's own tools at once: here of a mission that has ended", async () => {
  const show = await stage.project(filesPlay(["A"]));
  await show.command("task", "write the files");
  await waitUntil(async () => (await show.todo()).includes("## M1 · sealed"), {
    what: "todo.md to show the seal",
    timeoutMs: 10_000,
  });
  const path = todoFile(show.directory);
  const replies = [
    { calls: [{ name: "read", args: { filePath: path } }] },
    {
      calls: [{ name: "edit", args: { filePath: path, oldString: "- [x] **A**", newString: "- [ ] **A**" } }],
    },
    { text: "Edited." },
  ];
  let kept = "";
  show.play(async ({ freshToolResults }) => {
    // Before the session is idle again.
    if (freshToolResults.length === 2)
      kept = await waitUntil(async () => (await conflicts(show)) || undefined, {
        what: "todo.conflict.md",
        timeoutMs: 10_000,
      }).catch(() => "");
    return replies[freshToolResults.length] ?? { text: "?" };
  });
  await show.client.session.prompt({
    path: { id: show.root },
    body: { agent: "build", parts: [{ type: "text", text: "untick A" }] },
    throwOnError: true,
  });
  expect(kept).toContain("the mark of A was changed from [x] to [ ]");
  expect(kept).toContain("mission M1 is sealed: it stays as it is");
  await waitUntil(async () => (await show.todo()).includes("- [x] **A**"), {
    what: "the tick to be back",
    timeoutMs: 10_000,
  });
  expect((await show.view()).mission.state).toBe("sealed");
  expect(stage.model.scriptErrors).toEqual([]);
});
