import { access } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesPlay, Stage } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

/** Each is a way in which a command's text has been mangled by a template or a shell. */
const GOALS: readonly (readonly [string, string])[] = [
  ["many lines", "first line\n\n  indented second\n\tthird\n\n- a list\n- of two"],
  ["quotes", `say "hello" and 'goodbye' and \`code\` and "unbalanced`],
  ["replacement patterns", "cost is $& and $1 and $$ and $` and $' and $ARGUMENTS and $99999"],
  ["Unicode", "naïve Ünïcödé 日本語 🚀 \u{1F468}\u200D\u{1F469} e\u0301"],
  ["template and shell syntax", "{{x}} $HOME $(id) ; rm -rf x && echo <b> | cat > y"],
];

describe("the text of /task", () => {
  it.each(GOALS)("arrives whole: %s", async (_, goal) => {
    const show = await stage.project(filesPlay([]));
    await show.command("task", goal);
    const [mission] = await show.missions();
    expect(mission?.goal).toBe(goal);
    expect(mission?.state).toBe("sealed");
    const seen = (heading: string) =>
      show.requests.find((request) => request.system.startsWith(heading))?.lastUserText ?? "";
    expect(seen("# Commander")).toContain(`Goal:\n\n${goal}\n`);
    expect(seen("# Planner")).toContain(`Goal:\n${goal}\n`);
  });

  it("is never run as a shell command", async () => {
    const show = await stage.project(filesPlay([]));
    const goal = "look at !`touch pwned` and !`echo hi`";
    await show.command("task", goal);
    expect((await show.missions())[0]?.goal).toBe(goal);
    await expect(access(show.project.path("pwned"))).rejects.toThrow();
  });

  it("keeps the files that the user has attached to it", async () => {
    const show = await stage.project(filesPlay([]), { "notes.txt": "secret notes" });
    await show.client.session.command({
      path: { id: show.root },
      body: {
        command: "task",
        arguments: "improve @notes.txt please",
        // As the terminal sends a file that is mentioned; the published type lags behind the host.
        ...{
          parts: [
            {
              type: "file",
              mime: "text/plain",
              filename: "notes.txt",
              url: `file://${show.directory}/notes.txt`,
            },
          ],
        },
      },
      throwOnError: true,
    });
    expect((await show.missions())[0]?.goal).toBe("improve @notes.txt please");
    const commander = show.requests.find((request) => request.system.startsWith("# Commander"));
    expect(JSON.stringify(commander?.messages)).toContain("secret notes");
  });

  it("must not be empty", async () => {
    const show = await stage.project(filesPlay([]));
    expect(await show.command("task", "  \n ")).toContain("/task needs a goal");
  });
});

describe("opencode run --command task", () => {
  it("carries the mission to its seal before it ends, and the goal whole", async () => {
    const show = await stage.project(filesPlay(["A", "B"], { paceMs: 100 }));
    const goal = 'two files, "quoted" and $& with spaces\nand a line';
    const result = await stage.host.run(["run", "--command", "task", goal], {
      directory: show.directory,
      timeoutMs: 50_000,
    });
    expect(result).toMatchObject({ code: 0, timedOut: false });
    expect(result.stdout).toContain("Mission M1 is sealed");
    expect((await show.missions())[0]).toMatchObject({ goal, state: "sealed" });
  });
});

describe("a session with a mission", () => {
  it("does not open a second one while the first is under way", async () => {
    const show = await stage.project(filesPlay(["A"], { paceMs: 400 }));
    const first = show.command("task", "the first");
    await show.until("planning", ({ mission }) => mission.state !== "sealed");
    // The host queues the answer behind the pending call of the first one; the refusal itself comes at once.
    const second = show.command("task", "the second");
    await first;
    await second;
    const refusals = show.requests.map((request) => request.lastUserText);
    expect(
      refusals.some((text) => /mission M1 of this session is still \w+: \/stop it first/.test(text)),
    ).toBe(true);
    expect((await show.missions()).map((mission) => mission.goal)).toEqual(["the first"]);
  });

  it("may open another one afterwards", async () => {
    const show = await stage.project(filesPlay([]));
    await show.command("task", "the first");
    await show.command("task", "the second");
    expect((await show.missions()).map(({ id, state }) => `${id} ${state}`)).toEqual([
      "M1 sealed",
      "M2 sealed",
    ]);
    expect(await show.command("status")).toContain("Mission M2 · sealed");
  });
});
