import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject, waitUntil } from "../../harness/index.js";
import { key, type Mission } from "../../src/mission/index.js";
import { openStore } from "../../src/native/index.js";
import { stateFile, stateFolder } from "../../src/node/index.js";
import { filesPlay, type Performance, Stage, write } from "./stage.js";

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
});

/** One task with these acceptance commands. */
const withCommands = (...commands: string[]) => ({
  plans: [
    {
      summary: "one",
      tasks: [{ id: "T1", title: "t", instructions: "i", writes: ["a.ts"], checks: { commands } }],
    },
  ],
  workers: { T1: { attempts: [(directory: string) => [write(directory, "a.ts", "export {};\n")]] } },
});

/** Answers every permission question of the project; resolves with what was asked. */
async function answering(
  show: Performance,
  reply: "once" | "reject",
  during: Promise<unknown>,
): Promise<string[]> {
  const asked: string[] = [];
  const events = await stage.host.events(show.directory);
  const listening = (async () => {
    for await (const event of events) {
      if (event.type !== "permission.asked") continue;
      const { id, permission, patterns } = event.properties as {
        id: string;
        permission: string;
        patterns: string[];
      };
      asked.push(`${permission}: ${patterns.join(" | ")}`);
      await fetch(
        `${stage.host.baseURL}/permission/${id}/reply?directory=${encodeURIComponent(show.directory)}`,
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ reply }),
        },
      );
    }
  })();
  await during;
  events.close();
  await listening;
  return asked;
}

describe("acceptance commands", () => {
  it("run under the user's rules for the shell, each part by itself", async () => {
    const show = await stage.project(withCommands("test -s a.ts && rm -f victim.txt"), {
      "opencode.json": JSON.stringify({ permission: { bash: { "*": "allow", "rm *": "deny" } } }),
      "victim.txt": "here",
    });
    await show.command("task", "delete something");
    const { mission, tasks } = await show.view();
    expect(tasks[0]).toMatchObject({ state: "blocked" });
    expect(mission.reason).toContain("the user did not allow");
    await access(show.project.path("victim.txt"));
  });

  it("are asked about when they cannot be taken apart, and once is enough", async () => {
    const show = await stage.project(withCommands("test -n $(cat a.ts | wc -l)"));
    const asked = await answering(show, "once", show.command("task", "something clever"));
    expect(asked).toEqual(["mission_commands: test -n $(cat a.ts | wc -l)"]);
    expect((await show.view()).mission.state).toBe("sealed");
  });

  it("that the user refuses block the task with that reason, without a second question", async () => {
    const show = await stage.project(withCommands("echo $(id)"));
    const asked = await answering(show, "reject", show.command("task", "something clever"));
    expect(asked).toHaveLength(1);
    const { mission, tasks } = await show.view();
    expect(mission.state).toBe("blocked");
    expect(tasks[0]?.reason).toContain(
      "the user did not allow the commands that check this task (echo $(id))",
    );
  });
});

describe("a Worker that has reported", () => {
  it("can change nothing any more", async () => {
    const show = await stage.project({
      ...withCommands("test -s a.ts"),
      override: {
        worker: ({ toolResults }) => {
          const content = toolResults.length === 0 ? "export const good = 1;\n" : "export const evil = 1;\n";
          if (toolResults.length === 1)
            return { calls: [{ name: "task_report", args: { state: "done", summary: "done" } }] };
          if (toolResults.length > 3) return { text: "Fine." };
          return toolResults.length === 3
            ? { calls: [{ name: "bash", args: { command: "echo evil >> a.ts", description: "x" } }] }
            : { calls: [write(show.directory, "a.ts", content)] };
        },
      },
    });
    await show.command("task", "be honest");
    await expect.poll(() => show.busy(), { timeout: 10_000 }).toEqual([]);
    const results = show.requests.flatMap((request) => request.toolResults);
    const refused = new Set(
      results.filter((one) => one.output?.includes("your report stands")).map((one) => one.name),
    );
    expect(refused).toEqual(new Set(["write", "bash"]));
    expect(
      await show.project.git("diff", "--no-index", "/dev/null", "a.ts").catch((e) => String(e.stdout)),
    ).toContain("+export const good");
  });
});

describe("a state file that comes with a project", () => {
  it("runs nothing when the project is opened", async () => {
    await using project = await createProject();
    await mkdir(stateFolder(project.directory), { recursive: true });
    const store = await openStore(stateFile(project.directory));
    const mission: Mission = {
      id: "M1",
      goal: "harm",
      state: "verifying",
      rootSession: "ses_0123456789abcdefghijklmnop",
      createdMs: 1,
      finalCommands: ["touch pwned"],
      approvedCommands: ["touch pwned"],
      planAttempts: 0,
      planFindings: [],
      verification: 1,
      failedVerifications: 0,
      sinceMs: 0,
      budget: {},
      spent: { tokens: 0, cost: 0, rounds: 0, sessions: 0, activeMs: 0 },
    };
    await store.commit({
      actor: "somebody else",
      snapshot: 0,
      readKeys: [],
      readPrefixes: [],
      writes: [{ key: key.mission("M1"), value: mission }],
    });
    await store.close();
    const client = stage.host.client(project.directory);
    await client.session.list({ throwOnError: true });
    const { data } = await client.session.create({ body: { title: "mine" }, throwOnError: true });
    await client.session
      .command({ path: { id: data.id }, body: { command: "status", arguments: "" } })
      .catch(() => 0);
    await expect(access(project.path("pwned"))).rejects.toThrow();
    const reopened = await openStore(stateFile(project.directory));
    const head = reopened.snapshot();
    await reopened.close();
    expect(head).toBe(1);
  });

  it("that is damaged is set aside and rebuilt, and missions go on", async () => {
    const show = await stage.project(filesPlay([]));
    await mkdir(stateFolder(show.directory), { recursive: true });
    const damaged = "this is not a database, and it is long enough to be read as one".repeat(99);
    await writeFile(stateFile(show.directory), damaged);
    expect(await show.command("status", "")).toContain("this session has no mission");
    const aside = join(`${stateFile(show.directory)}-damaged-1`, "state.db");
    expect(await readFile(aside, "utf8")).toBe(damaged);
  });

  it("of a newer version is answered in words and left alone", async () => {
    const show = await stage.project(filesPlay([]));
    await mkdir(stateFolder(show.directory), { recursive: true });
    await (await openStore(stateFile(show.directory))).close();
    const bytes = await readFile(stateFile(show.directory));
    // SQLite's user_version.
    bytes.writeUInt32BE(99, 60);
    await writeFile(stateFile(show.directory), bytes);
    expect(await show.command("task", "anything")).toMatch(/\/task did not work \(ERR_SCHEMA\)/);
    expect(await readFile(stateFile(show.directory))).toEqual(bytes);
  });
});

describe("the end of a host's instance", () => {
  it("is no pause: the mission goes on afterwards", async () => {
    const show = await stage.project(filesPlay(["A"], { override: { worker: () => ({ hang: true }) } }));
    const command = show.command("task", "go on").catch(() => "aborted");
    await show.until("a running task", ({ tasks }) => tasks.some((task) => task.state === "running"));
    const answer = await fetch(
      `${stage.host.baseURL}/instance/dispose?directory=${encodeURIComponent(show.directory)}`,
      { method: "POST" },
    );
    expect(answer.ok).toBe(true);
    await command;
    show.play(filesPlay(["A"]));
    await waitUntil(async () => (await show.client.session.list()).data, {
      what: "a new instance",
      timeoutMs: 10_000,
    });
    const { tasks } = await show.until("the seal", ({ mission }) => mission.state === "sealed");
    expect(tasks.map((task) => task.attempt)).toEqual([1, 1]);
  });
});
