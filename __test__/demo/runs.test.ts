import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createProject,
  type MissionPlay,
  missionCast,
  OpenCodeHome,
  type Project,
  ScriptedModel,
} from "../../harness/index.js";

const DEMO = fileURLToPath(new URL("../../build/demo.js", import.meta.url));

/** Runs the built demo without a terminal. `whenPrinted` sends Ctrl-C once the output matches. */
function demo(args: readonly string[], env: NodeJS.ProcessEnv, whenPrinted?: RegExp) {
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [DEMO, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let interrupt = whenPrinted;
    const read = (piece: Buffer) => {
      output += piece.toString("utf8");
      if (!interrupt?.test(output)) return;
      interrupt = undefined;
      child.kill("SIGINT");
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

describe("npm start, on the sample", () => {
  it("repairs the sample: a rejection, parallel Workers, passing tests, a chain that holds", async () => {
    const { code, output } = await demo(["--pace", "0", "--remove"], process.env);
    expect(output).toMatch(/csv +rejected by the Reviewer: .*it answers \["say hi"\]/);
    expect(output).toMatch(/csv +a Worker begins attempt 2/);
    expect(output).toMatch(/before: 2 pass, 8 fail\n +after: {2}11 pass, 0 fail/);
    expect(Number(/at the same time\n +(\d+)/.exec(output)?.[1])).toBeGreaterThanOrEqual(2);
    expect(output).toContain("it holds:");
    expect(output).not.toContain("\x1b");
    expect(code).toBe(0);
  }, 90_000);
});

describe("npm start -- --project", () => {
  let project: Project;
  let model: ScriptedModel;
  let home: OpenCodeHome;

  const plan = {
    summary: "one file",
    tasks: [
      {
        id: "T1",
        title: "Write a",
        instructions: "Write a.txt",
        writes: ["a.txt"],
        checks: { files: ["a.txt"] },
      },
    ],
  };
  const work = (...before: { name: string; args: unknown }[]): MissionPlay => ({
    plans: [plan],
    workers: {
      T1: {
        attempts: [
          (directory) => [
            ...before,
            { name: "write", args: { filePath: `${directory}/a.txt`, content: "from the mission\n" } },
          ],
        ],
      },
    },
  });

  async function prepare(play: MissionPlay, config: Record<string, unknown> = {}) {
    model = await ScriptedModel.start({ script: missionCast(play) });
    home = await OpenCodeHome.create({ model: { baseURL: model.baseURL }, config });
  }

  beforeEach(async () => {
    project = await createProject({ files: { "README.md": "# Theirs\n", "draft.txt": "v1\n" } });
  });
  afterEach(async () => {
    await model?.close();
    await home?.[Symbol.asyncDispose]();
    await project[Symbol.asyncDispose]();
  });

  const args = () => ["--project", project.directory, "write", "a file"];

  it("runs with the user's own OpenCode, shows only the mission's changes and edits no configuration", async () => {
    // The host writes this key into a configuration that lacks it.
    await prepare(work(), { $schema: "https://opencode.ai/config.json" });
    const configuration = join(home.configDirectory, "opencode.json");
    const before = await readFile(configuration, "utf8");
    await project.git("rm", "--quiet", "--cached", "draft.txt");
    const { code, output } = await demo(args(), home.environment);
    expect(output).toContain("1 file changed, 1 insertion(+)");
    expect(output).not.toMatch(/draft\.txt|\.opencode.* \|/);
    expect(output).toContain("it holds:");
    expect(code).toBe(0);
    expect(await readFile(configuration, "utf8")).toBe(before);
    expect(await project.git("status", "--short")).toBe("D  draft.txt\n?? a.txt\n?? draft.txt\n");
  }, 60_000);

  it("rejects what OpenCode asks where nobody can answer, and says so", async () => {
    const bash = { name: "bash", args: { command: "touch b.txt", description: "Make a file" } };
    await prepare(work(bash), { permission: { bash: "ask" } });
    const { output } = await demo(args(), home.environment);
    expect(output).toMatch(/The Worker of T1 asks for permission: bash\n {2}touch b\.txt\n {2}Rejected:/);
    expect(await project.git("status", "--short")).not.toContain("b.txt");
  }, 60_000);

  it("names the models that there are when the one that was asked for is not among them", async () => {
    await prepare(work());
    const { code, output } = await demo(["--model", "scripted/none", ...args()], home.environment);
    expect(output).toContain("your OpenCode has no model scripted/none; it has scripted/default");
    expect(code).toBe(1);
  }, 60_000);

  it("stops the mission before OpenCode on Ctrl-C", async () => {
    await prepare({ ...work(), paceMs: 2_000 });
    const { code, output } = await demo(args(), home.environment, /a Worker begins/);
    expect(output).toContain("Mission M1 has stopped (cancelled)");
    expect(output).toContain("it holds:");
    expect(code).toBe(130);
  }, 60_000);
});
