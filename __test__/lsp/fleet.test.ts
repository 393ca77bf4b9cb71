import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/node/index.js";
import { until } from "../isolation/isolated.js";
import { groupMembers, never, shown } from "./fleets.js";
import { programs, type Script, scripted, spec } from "./scripted.js";

const WRONG = "a.txt:2:1: wrong (scripted E1)";
const skip = process.platform === "win32";

describe.skipIf(skip)("a language server", () => {
  it.each([
    ["pushes", {}],
    ["pushes late", { delayMs: 300 }],
    ["says everything three times", { times: 3 }],
    ["pushes without versions", { unversioned: true }],
    ["speaks of an earlier text first", { stale: true }],
    ["reports progress, and no errors before it is done", { progress: true, delayMs: 300 }],
    ["is asked", { pull: true }],
    ["is asked, and is busy at first", { pull: true, busyOnce: true }],
  ] satisfies [string, Script][])(
    "that %s is understood: errors only, of the text on the disk",
    async (_, script) => {
      const { fleet, project, pids } = scripted(script);
      const look = async () =>
        (await fleet.diagnose(["a.txt", "b.txt", "gone.txt", "x.unknown"], never)).errors;
      expect((await look()).map(shown)).toEqual([WRONG]);
      writeFileSync(join(project, "a.txt"), "good\n");
      appendFileSync(join(project, "b.txt"), "also\nwrong\n");
      expect((await look()).map(shown)).toEqual(["b.txt:3:1: wrong (scripted E1)"]);
      expect(pids()).toHaveLength(1);
    },
  );

  it("is told what opens, changes and closes, and keeps nothing open", async () => {
    const { fleet, notes } = scripted({ editMeanwhile: true });
    const { errors } = await fleet.diagnose(["a.txt"], never);
    // The file was edited while it was looked at: the answer is about what it is now.
    expect(errors.map(({ line }) => line)).toEqual([2, 3]);
    const heard = () => notes("heard.log").filter((line) => line.startsWith("textDocument/"));
    await until(() => heard().length === 4);
    expect(heard()).toEqual([
      "textDocument/didOpen",
      "textDocument/didChange",
      "textDocument/didSave",
      "textDocument/didClose",
    ]);
  });

  it("is told of files that others have created, changed and deleted", async () => {
    const { fleet, project, notes } = scripted({ pull: true });
    const told = () => notes("heard.log").filter((line) => line === "workspace/didChangeWatchedFiles").length;
    await fleet.diagnose(["a.txt"], never);
    expect(told()).toBe(0);
    for (const [count, change] of [
      () => writeFileSync(join(project, "new.txt"), ""),
      () => writeFileSync(join(project, "new.txt"), "longer"),
      () => rmSync(join(project, "new.txt")),
      () => undefined,
    ].entries()) {
      change();
      await fleet.diagnose(["a.txt"], never);
      expect(told()).toBe(Math.min(count + 1, 3));
    }
  });

  it("may say very much", async () => {
    const { fleet } = scripted({ padding: "x".repeat(8_000_000) });
    const { errors } = await fleet.diagnose(["a.txt"], never);
    expect(errors[0]?.message.length).toBe(8_000_005);
  });

  it("does not start in the project: it may look for its own files where it is", async () => {
    const { fleet, notes } = scripted({});
    await fleet.diagnose(["a.txt"], never);
    expect(notes("starts.log")[0]?.split(" ")[1]).toBe(resolve("__test__/lsp/programs"));
  });
});

describe.skipIf(skip)("a language server that fails", () => {
  const unchecked = async ({ fleet }: ReturnType<typeof scripted>) => {
    const { errors, servers, unchecked } = await fleet.diagnose(["a.txt"], never);
    expect({ errors, servers }).toEqual({ errors: [], servers: [] });
    return unchecked.map(({ server, reason }) => `${server}: ${reason}`);
  };

  it("once is started again, and answers", async () => {
    const { fleet, notes, events } = scripted({ crashOnce: true });
    expect((await fleet.diagnose(["a.txt"], never)).errors.map(shown)).toEqual([WRONG]);
    expect(notes("starts.log")).toHaveLength(2);
    expect(events.map(({ event }) => event)).toEqual(["lsp.started", "lsp.failed", "lsp.started"]);
  });

  it.each([
    [
      "by ending at its start",
      { crashOnStart: true },
      /it ended by itself \(exit code 3\): cannot start: no licence/,
    ],
    ["by ending at each file", { crashOnOpen: true }, /it ended by itself \(exit code 7\)/],
    ["by writing what is no message", { noise: true }, /it ended by itself \(signal SIGKILL\)/],
  ] satisfies [string, Script, RegExp][])(
    "%s is given up, visibly, and does not stop the rest",
    async (_, script, reason) => {
      const tested = scripted(script);
      expect(await unchecked(tested)).toEqual([expect.stringMatching(reason)]);
      expect(await unchecked(tested)).toEqual([
        expect.stringMatching(
          /it failed 3 times within ten minutes, the next try is in \d+ s: it ended by itself/,
        ),
      ]);
      expect(tested.notes("starts.log")).toHaveLength(3);
      expect(tested.events.filter(({ event }) => event === "lsp.unchecked").length).toBeGreaterThan(0);
    },
  );

  it.each([
    ["start", { hangOnStart: true, children: true }, "it did not start within 1 s"],
    ["answer", { silent: true, children: true }, "it did not answer within 1 s"],
  ] satisfies [string, Script, string][])(
    "to %s is not waited for longer than its time limit, and is gone then",
    async (_, script, reason) => {
      const tested = scripted(script, { timeoutMs: 1_000 });
      expect(await unchecked(tested)).toEqual([`scripted-server: ${reason}`]);
      const [group] = tested.notes("starts.log").map((line) => Number(line.split(" ")[0]));
      await until(() => groupMembers(group as number).length === 0);
    },
  );

  it("to end when it is told to is killed, with all that it has started", async () => {
    const tested = scripted({ hangOnEnd: true, children: true });
    await tested.fleet.diagnose(["a.txt"], never);
    const [group] = tested.pids();
    expect(groupMembers(group as number).length).toBeGreaterThan(1);
    await tested.fleet.close();
    expect(groupMembers(group as number)).toEqual([]);
  });

  it("does not keep a call that nobody waits for any more", async () => {
    const { fleet } = scripted({ silent: true });
    const abort = new AbortController();
    const call = fleet.diagnose(["a.txt"], abort.signal);
    abort.abort(new Error("paused"));
    await expect(call).rejects.toThrow("paused");
  });
});

describe.skipIf(skip)("a fleet", () => {
  it("ends a server that has had nothing to do for a while, and starts it again", async () => {
    const { fleet, pids, events } = scripted({}, { idleMs: 50 });
    await fleet.diagnose(["a.txt"], never);
    await until(() => events.some(({ event }) => event === "lsp.idle"));
    await until(() => groupMembers(pids()[0] as number).length === 0);
    expect((await fleet.diagnose(["a.txt"], never)).errors.map(shown)).toEqual([WRONG]);
    expect(pids()).toHaveLength(2);
  });

  it("asks one server for one thing at a time, and answers all", async () => {
    const { fleet, pids } = scripted({ delayMs: 20 });
    const all = await Promise.all(Array.from({ length: 8 }, () => fleet.diagnose(["a.txt", "b.txt"], never)));
    expect(all.map(({ errors }) => errors.map(shown))).toEqual(Array.from({ length: 8 }, () => [WRONG]));
    expect(pids()).toHaveLength(1);
  });

  it("refuses more diagnoses than may wait", async () => {
    const { fleet } = scripted({ delayMs: 20 }, { limits: { quietMs: 50, waiting: 2 } });
    const all = await Promise.all(Array.from({ length: 3 }, () => fleet.diagnose(["a.txt"], never)));
    expect(all.map(({ unchecked }) => unchecked.map(({ reason }) => reason))).toEqual([
      [],
      [],
      ["2 diagnoses wait for it already"],
    ]);
  });

  it("runs no more processes than it may: the idle one ends for the next", async () => {
    const names = ["one", "two", "three"] as const;
    const { fleet, project, pids } = scripted(
      {},
      {
        specs: names.map((name) => spec({ id: name as never, languages: { [name]: name } })),
        variables: programs(...names),
        limits: { quietMs: 50, processes: 2 },
      },
    );
    for (const name of names) writeFileSync(join(project, `a.${name}`), "wrong\n");
    const alive = () => pids().filter((pid) => groupMembers(pid).length > 0).length;
    for (let round = 0; round < 2; round++) {
      const { errors } = await fleet.diagnose(
        names.map((name) => `a.${name}`),
        never,
      );
      expect(errors).toHaveLength(3);
      expect(alive()).toBeLessThanOrEqual(2);
    }
  });

  it("starts a server anew when dependencies were installed", async () => {
    const { fleet, project, pids } = scripted({});
    await fleet.diagnose(["a.txt"], never);
    mkdirSync(join(project, "dependencies"));
    await fleet.diagnose(["a.txt"], never);
    await fleet.diagnose(["a.txt"], never);
    expect(pids()).toHaveLength(2);
  });

  it("says of what it has no server, and does not look for one that was switched off", async () => {
    const { fleet } = scripted({}, { variables: { PATH: "/nowhere" } });
    expect((await fleet.diagnose(["a.txt"], never)).unchecked).toEqual([
      { server: "scripted-server", reason: "it is not on the PATH (it comes with the tests)" },
    ]);
    const off = scripted(
      {},
      { options: { timeoutMs: 1_000, idleMs: 1_000, servers: { "scripted-server": false } as never } },
    );
    expect(await off.fleet.diagnose(["a.txt"], never)).toEqual({ errors: [], servers: [], unchecked: [] });
  });

  it("says that there are too many files", async () => {
    const { fleet } = scripted({}, { limits: { files: 1 } });
    expect((await fleet.diagnose(["a.txt", "b.txt"], never)).unchecked).toEqual([
      { server: "scripted-server", reason: "2 files are more than the 1 that are looked at" },
    ]);
  });

  it("fails what is under way when it is closed, and is closed in time", async () => {
    const { fleet, pids } = scripted({ silent: true }, { clock: systemClock });
    const call = fleet.diagnose(["a.txt"], never);
    await until(() => pids().length === 1);
    await fleet.close();
    expect((await call).unchecked).toEqual([
      { server: "scripted-server", reason: "the host is shutting down" },
    ]);
    expect(groupMembers(pids()[0] as number)).toEqual([]);
  });
});
