import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createProject,
  type MissionPlay,
  missionCast,
  OpenCodeHome,
  openCodeBinary,
  type Project,
  type Script,
  ScriptedModel,
  Terminal,
} from "../../harness/index.js";
import { readMission } from "../../src/mission/index.js";
import { openStore } from "../../src/native/index.js";
import { stateFile } from "../../src/node/index.js";
import { fileTask, fileWorker, PLUGIN } from "./stage.js";

const TUI = new URL("../../dist/tui.js", import.meta.url).href;

let model: ScriptedModel;
let home: OpenCodeHome;
let project: Project;
let terminal: Terminal;
/** Lets go of what the Workers of some tasks are held at. */
let release: () => void;
let script: Script;

const HOSTILE = "\u001b[2J\u001b[1;1HOWNED\u0007\u009b31m";

const play: MissionPlay = {
  plans: [
    {
      summary: "three files",
      tasks: [
        { ...fileTask("base"), title: `Base ${HOSTILE}` },
        fileTask("left", ["base"]),
        fileTask("right", ["base"]),
      ],
      finalCommands: ["test -s left.ts"],
    },
  ],
  workers: { base: fileWorker("base"), left: fileWorker("left"), right: fileWorker("right") },
};

beforeAll(async () => {
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const cast = missionCast(play);
  model = await ScriptedModel.start({
    script: async (request, context) => {
      const brief = request.userTexts.find((text) => /^Task (left|right) of mission/.test(text));
      if (brief) await held;
      return script(request, context);
    },
  });
  script = cast;
  home = await OpenCodeHome.create({
    model: { baseURL: model.baseURL, models: { default: { cost: { input: 3, output: 15 } } } },
    plugin: [PLUGIN],
    config: { snapshot: false },
  });
  await writeFile(join(home.configDirectory, "tui.json"), JSON.stringify({ plugin: [TUI] }));
  project = await createProject();
  terminal = await Terminal.open({
    command: [openCodeBinary()],
    directory: project.directory,
    env: home.environment,
  });
});

afterAll(async () => {
  release();
  await terminal?.[Symbol.asyncDispose]();
  await model?.close();
  await home?.[Symbol.asyncDispose]();
  await project?.[Symbol.asyncDispose]();
});

async function state(): Promise<string> {
  const store = await openStore(stateFile(project.directory));
  try {
    return readMission(store, "M1").mission.state;
  } finally {
    await store.close();
  }
}

describe("the terminal UI, in the real OpenCode", { timeout: 180_000 }, () => {
  it("shows the mission in the sidebar while it goes on, whatever a model writes", async () => {
    await terminal.until("the prompt", /Ask anything/);
    await terminal.type("/task write three files");
    await terminal.until("the command", /\/task write three files/);
    await terminal.press("Enter");
    await terminal.until("the panel", /Mission M1 +(planning|executing)/);
    const screen = await terminal.until("the base to be done", /✓ base Base OWNED/);
    expect(screen).toMatch(/1\/3/);
    expect(screen).toMatch(/\$0\.\d+/);
    await terminal.until("two Workers", (now) => (now.match(/▶ (left|right)/g) ?? []).length === 2);
  });

  it("opens the board by its key: graph, details and log", async () => {
    await terminal.press("C-x", "o");
    const screen = await terminal.until("the board", /pause.*cancel mission/);
    expect(screen).toMatch(/╭─ ✓ base/);
    expect(screen).toMatch(/├─ ▶ left/);
    expect(screen).toMatch(/╰─ ▶ right/);
    expect(screen).toMatch(/To be accepted/);
    await terminal.press("Tab");
    await terminal.until("the log", /Audit log[\s\S]*left running/);
    await terminal.press("Tab", "Up", "Up", "Up");
    await terminal.until("the evidence", /Attempt 1 accepted[\s\S]*✓ \$ test -s base\.ts/);
  });

  it("fits into a narrow terminal", async () => {
    await terminal.resize(60, 30);
    const screen = await terminal.until("it to be redrawn", /─{50}/);
    expect(screen.split("\n").every((line) => line.trimEnd().length <= 60)).toBe(true);
    expect(screen).toMatch(/╰─ ▶ right/);
    await terminal.resize(150, 45);
    await terminal.until("it to be wide again", / │ /);
  });

  it("pauses and resumes by key, through the engine", async () => {
    await terminal.press("p");
    await terminal.until("the pause", /Mission M1 paused[\s\S]*M1: paused[\s\S]*r resume/);
    expect(await state()).toBe("paused");
    await terminal.press("r");
    await terminal.until("the mission to go on", /Mission M1 executing[\s\S]*M1: goes on[\s\S]*p pause/);
    expect(await state()).toBe("executing");
  });

  it("opens a task's session, from where the board is one key away", async () => {
    await terminal.press("Down", "Enter");
    await terminal.until("the Worker's session", /Task left of mission M1/);
    await terminal.press("C-x", "o");
    await terminal.until("the board", /p pause/);
    await terminal.press("Escape");
    await terminal.until("the root session", /Ask anything|Mission M1 +executing/);
  });

  it("sees the mission to its end", async () => {
    release();
    await terminal.until("the seal", /Mission M1 +sealed/);
    expect(await state()).toBe("sealed");
  });
});
