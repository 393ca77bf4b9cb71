import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelRequest, Reply } from "../../harness/index.js";
import { MARKER } from "../../src/context/index.js";
import { memoryFile } from "../../src/node/index.js";
import { filesPlay, fileTask, fileWorker, Stage, write } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open({ plugin: { pruning: { keepSteps: 1, batchTokens: 500, hugeTokens: 1_500 } } });
});
afterAll(() => stage?.[Symbol.asyncDispose]());

const isWorker = (request: ModelRequest) => request.purpose === "turn" && /^# Worker/m.test(request.system);
const isOf = (task: string) => (request: ModelRequest) =>
  isWorker(request) && (request.userTexts[0] ?? "").startsWith(`Task ${task} of`);
const sealed = "the mission's seal";

describe("what reaches the model", () => {
  it("are an agent's notes in the sessions of others, unchanged from request to request, and in memory.md", async () => {
    const note = { action: "remember", tier: "project", text: "all dates are UTC" };
    const project = await stage.project({
      plans: [{ summary: "two", tasks: [fileTask("a"), fileTask("b", ["a"])], finalCommands: [] }],
      workers: {
        a: {
          attempts: [
            (directory) => [
              { name: "memory", args: note },
              write(directory, "a.ts", "export const x = 1;\n"),
            ],
          ],
        },
        b: fileWorker("b"),
      },
    });
    await project.command("task", "write files");
    await project.until(sealed, ({ mission }) => mission.state === "sealed");
    const ofB = project.requests.filter(isOf("b"));
    expect(ofB.length).toBeGreaterThan(1);
    for (const request of ofB) expect(request.systemParts.at(-1)).toContain("- N1 all dates are UTC");
    expect(new Set(ofB.map((request) => request.systemParts.join("\0"))).size).toBe(1);
    expect(await readFile(memoryFile(project.directory), "utf8")).toContain(
      "- all dates are UTC <!-- N1 -->",
    );
    // A chat beside the mission gets none of it.
    const { data } = await project.client.session.create({ body: { title: "chat" }, throwOnError: true });
    project.play(() => ({ text: "Hello." }));
    await project.client.session.prompt({
      path: { id: data.id },
      body: { parts: [{ type: "text", text: "hello" }] },
      throwOnError: true,
    });
    const chat = project.requests.filter(
      (request) => request.lastUserText === "hello" && request.purpose === "turn",
    );
    expect(chat.map((request) => request.system.includes("# Notes"))).toEqual([false]);
  });

  it("is a conversation without what was superseded, every call with its result", async () => {
    const run = (description: string) => ({ name: "bash", args: { command: "seq 1 1500", description } });
    const project = await stage.project(
      filesPlay(["a"], {
        workers: {
          a: {
            attempts: [
              (directory) => [
                run("once"),
                run("twice"),
                run("again"),
                write(directory, "a.ts", "export const x = 1;\n"),
              ],
            ],
          },
          last: fileWorker("last"),
        },
      }),
    );
    await project.command("task", "write files");
    await project.until(sealed, ({ mission }) => mission.state === "sealed");
    const last = project.requests.filter(isOf("a")).at(-1);
    const outputs = last?.toolResults.map((result) => result.output);
    expect(outputs).not.toContain(undefined);
    expect(outputs?.slice(0, 2).map((output) => output?.startsWith(MARKER))).toEqual([true, true]);
    expect(outputs?.[2]).toMatch(/^1\n2\n3\n[\s\S]*characters of this output[\s\S]*1500\n*$/);
  });

  it("has the open task in it again when a compaction has lost it", async () => {
    const seen: ModelRequest[] = [];
    const compactions: ModelRequest[] = [];
    stage.compaction.script = (request) => {
      compactions.push(request);
      return { text: "The agent did something." };
    };
    const project = await stage.project(
      filesPlay(["a"], {
        workers: { last: fileWorker("last") },
        override: {
          worker: (request) => {
            seen.push(request);
            return workerOf(request, seen.length);
          },
        },
      }),
    );
    /** The first step fills the window, the next reports; the rest is text. The second task is done at once. */
    function workerOf(request: ModelRequest, turn: number): Reply {
      const file =
        request.system.includes("last.ts") || request.userTexts.join().includes("Task last") ? "last" : "a";
      const called = request.freshToolResults.map((result) => result.name);
      if (turn === 1)
        return {
          calls: [write(project.directory, "a.ts", "export const x = 1;\n")],
          usage: { input: 99_000 },
        };
      if (called.includes("task_report")) return { text: "Reported." };
      if (file === "last" && !called.includes("write"))
        return { calls: [write(project.directory, "last.ts", "export const x = 1;\n")] };
      return { calls: [{ name: "task_report", args: { state: "done", summary: "done" } }] };
    }
    await project.command("task", "write files");
    await project.until(sealed, ({ mission }) => mission.state === "sealed");
    expect(compactions.length).toBe(1);
    expect(JSON.stringify(compactions[0]?.raw)).toContain("Keep this word for word, it is the open task");
    const [before, after] = seen;
    expect(before?.system).not.toContain("Put back after a compaction");
    expect(after?.userTexts.join()).not.toContain("Write the file a.ts");
    expect(after?.system).toMatch(
      /# Put back after a compaction\nTask a of mission M1[\s\S]*Write the file a.ts/,
    );
  });
});
