import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guardCall } from "../../src/opencode/guard.js";
import { failureOf, temporaryFolder } from "../native/temporary.js";
import { hangs, planOf, plans, ROOT, Stage, task, works } from "../simulated/stage.js";

/** A Worker in the middle of task T1, whose write set is `src/**` and more. */
async function workerAtWork() {
  const stage = await Stage.open();
  const directory = temporaryFolder({ "src/a.ts": "", "other/b.ts": "", "..odd/c.ts": "" });
  symlinkSync(join(directory, "other"), join(directory, "src", "link"));
  symlinkSync(join(directory, "nowhere"), join(directory, "src", "broken"));
  mkdirSync(join(directory, ".git", "hooks"), { recursive: true });
  // Globs that reach what no glob may make writable.
  const plan = planOf(task("T1", { writes: ["src/**", "..odd/**", "?git/**", "?GIT/**", "?opencode/**"] }));
  const process = stage.boot({ planner: plans(plan), worker: hangs });
  await stage.begin(process);
  await expect.poll(() => stage.host.messagesTo("worker")[0]?.answer).toBe("running");
  const session = stage.host.messagesTo("worker")[0]?.session ?? "";
  const call = (tool: string, args: unknown, from = session) =>
    guardCall(process.engine, directory, { session: from, tool, args });
  return { stage, process, directory, session, call };
}

describe("a Worker", () => {
  it("may write inside its write set, what is there and what is not", async () => {
    const { directory, call } = await workerAtWork();
    for (const filePath of [
      "src/a.ts",
      "src/new/deep.ts",
      join(directory, "src/a.ts"),
      "other/../src/b.ts",
      "..odd/c.ts",
    ])
      await call("write", { filePath });
    await call("read", { filePath: "other/b.ts" });
    await call("bash", { command: "npm test" });
  });

  it.each([
    ["outside", "other/b.ts"],
    ["above the project", "../x.ts"],
    ["elsewhere", "/etc/hosts"],
    ["through a link that leads out of it", "src/link/b.ts"],
    ["in git's own folder", ".git/hooks/pre-commit"],
    ["in git's own folder of a module", "src/.git/config"],
    ["in git's own folder, spelled otherwise", ".GIT/config"],
    ["in git's own folder, by its short name", "src/GIT~1/config"],
    ["in git's own folder, with what some systems drop", "src/.g\u200cit. /config"],
    ["in git's own folder, by its stream", "src/.git::$INDEX_ALLOCATION/config"],
    ["in the host's own folder", ".opencode/plugin/x.ts"],
  ])("may not write %s", async (_, filePath) => {
    const { call } = await workerAtWork();
    const refusal = (await failureOf(call("edit", { filePath }))) as Error;
    expect(refusal.message).toContain("outside the write set of this task (src/**");
  });

  it("may not have another server's tool write outside, where it names the file", async () => {
    const { call } = await workerAtWork();
    await call("fs_write_file", { path: "src/a.ts" });
    await call("fs_read_file", { path: "other/b.ts" });
    await call("issues_create", { title: "other/b.ts" });
    for (const args of [{ path: "other/b.ts" }, { edits: [{ file_path: "src/link/b.ts" }] }])
      expect(String(await failureOf(call("fs_write_file", args)))).toContain("outside the write set");
  });

  it("may not write through a link that leads nowhere", async () => {
    const { call } = await workerAtWork();
    expect(String(await failureOf(call("write", { filePath: "src/broken" })))).toContain("leads nowhere");
  });

  it("may not apply a patch of which one file is outside, or none can be seen", async () => {
    const { call } = await workerAtWork();
    const patch = (...files: string[]) => ({
      patchText: files.map((file) => `*** Update File: ${file}\n@@\n`).join(""),
    });
    await call("apply_patch", patch("src/a.ts", "src/b.ts"));
    expect(String(await failureOf(call("apply_patch", patch("src/a.ts", "other/b.ts"))))).toContain(
      "other/b.ts",
    );
    expect(String(await failureOf(call("apply_patch", patch())))).toContain("names no file");
  });

  it("may do nothing more once it has reported", async () => {
    const { stage, process, session, call } = await workerAtWork();
    await works({ engine: process.engine, session: stage.host.sessions.get(session) } as never);
    expect(String(await failureOf(call("write", { filePath: "src/a.ts" })))).toContain("your report stands");
    expect(String(await failureOf(call("bash", { command: "true" })))).toContain("your report stands");
  });
});

it("a Planner changes nothing", async () => {
  const { stage, call } = await workerAtWork();
  const planner = stage.host.messagesTo("planner")[0]?.session ?? "";
  for (const tool of ["edit", "write", "apply_patch", "bash", "some_mcp_tool"])
    expect([tool, String(await failureOf(call(tool, { filePath: "src/a.ts" }, planner)))]).toEqual([
      tool,
      expect.stringContaining(`${tool} is not for a planner`),
    ]);
  await call("read", { filePath: "src/a.ts" }, planner);
});

it("the user's own session is left to all agents that the user has there", async () => {
  const { call } = await workerAtWork();
  for (const tool of ["edit", "write", "bash", "some_mcp_tool"])
    await call(tool, { filePath: "anywhere.ts" }, ROOT);
});

it("a session without a mission is none of our business", async () => {
  const { call } = await workerAtWork();
  await call("write", { filePath: "/etc/hosts" }, "ses_ordinary");
});
