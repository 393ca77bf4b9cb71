import { appendFileSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { widen } from "../../src/engine/index.js";
import { TreeSnapshots } from "../../src/git/index.js";
import { systemClock } from "../../src/node/index.js";
import { repository } from "../git/repository.js";
import { failureOf } from "../native/temporary.js";
import { accepts, type Cast, hangs, planOf, plans, Stage, task, works } from "./stage.js";

const FILES = { "A/a.ts": "a\n", "B/b.ts": "b\n", "docs/x.md": "x\n", "C/c.ts": "c\n" };

/** A mission in a real repository, whose Workers run what a test gives them as shell commands. */
async function inRepository(cast: Cast, options = {}) {
  const directory = repository(FILES);
  const stage = await Stage.open();
  const boot = () => {
    const tree = new TreeSnapshots(directory, join(directory, ".opencode/orchestrator/tree"));
    onTestFinished(() => tree.close());
    return stage.boot(cast, options, { tree, clock: systemClock });
  };
  const at = (path: string) => join(directory, path);
  const put = (path: string, content: string) => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  };
  return { directory, stage, boot, at, put };
}

type Turn = Parameters<NonNullable<Cast["worker"]>>[0];
let calls = 0;

/** As the host runs a shell command for an agent: what it is told when the command is over. */
async function shell({ engine, session }: Turn, command: () => unknown): Promise<string> {
  const call = `call_${++calls}`;
  await engine.writes.begin(session.id, call);
  await command();
  return (await engine.writes.end(session.id, call)) ?? "";
}

it("sends a task back whose command changed what it may not, and takes it once that is back", async () => {
  const told: string[] = [];
  const stage = await inRepository({
    planner: plans(planOf(task("A"))),
    worker: async (turn) => {
      if (turn.attempt === 1)
        told.push(
          await shell(turn, () => {
            appendFileSync(stage.at("A/a.ts"), "more\n");
            appendFileSync(stage.at("docs/x.md"), "oops\n");
            stage.put("new/y.ts", "");
            unlinkSync(stage.at("C/c.ts"));
          }),
        );
      else
        told.push(
          await shell(turn, () => {
            stage.put("docs/x.md", FILES["docs/x.md"]);
            stage.put("C/c.ts", FILES["C/c.ts"]);
            rmSync(stage.at("new"), { recursive: true });
          }),
        );
      return works(turn);
    },
  });
  const process = stage.boot();
  const id = await stage.stage.begin(process);
  const { tasks } = await stage.stage.until(process, id, "sealed");
  expect(told[0]).toContain("outside the write set of task A (A/**)");
  for (const line of [
    "- modified docs/x.md",
    "- added new/y.ts",
    "- deleted C/c.ts",
    "rm -- 'new/y.ts'",
    "task_widen",
  ])
    expect(told[0]).toContain(line);
  expect(told[0]).not.toContain("A/a.ts");
  expect(told[1]).toBe("");
  expect(tasks[0]).toMatchObject({ attempt: 2, state: "done" });
  expect(tasks[0]?.evidence.map((one) => [...one.changedFiles])).toEqual([
    ["A/a.ts", "C/c.ts", "docs/x.md", "new/y.ts"],
    ["A/a.ts"],
  ]);
  expect(tasks[0]?.evidence[1]?.measured).toBe(true);
  const again = stage.stage.host.messagesTo("worker")[1]?.text ?? "";
  expect(again).toContain("changed outside the write set (A/**)");
  expect(again).toContain("- modified docs/x.md");
});

it("fails a task that never puts it back, and the Commander can let it have the file", async () => {
  const stage = await inRepository(
    {
      planner: plans(planOf(task("A"))),
      worker: async (turn) => {
        if (turn.attempt === 1) await shell(turn, () => appendFileSync(stage.at("docs/x.md"), "kept\n"));
        return works(turn);
      },
    },
    { attempts: 2 },
  );
  const process = stage.boot();
  const id = await stage.stage.begin(process);
  await stage.stage.until(process, id, "blocked");
  expect(readFileSync(stage.at("docs/x.md"), "utf8")).toBe("x\nkept\n");
  await widen(process.engine, "ses_root", "A", ["docs/x.md"], "it belongs to it");
  await process.engine.resume(id);
  const { tasks } = await stage.stage.until(process, id, "sealed");
  expect(tasks[0]?.evidence.at(-1)?.changedFiles).toEqual(["docs/x.md"]);
});

it("tells two Workers at once apart by when their commands ran, and both where it cannot", async () => {
  const told: Record<string, string> = {};
  let ready = 0;
  let meet: () => void = () => undefined;
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const stage = await inRepository({
    planner: plans(planOf(task("A"), task("B"))),
    worker: async (turn) => {
      const other = turn.task === "A" ? "B" : "A";
      if (turn.attempt === 1)
        told[turn.task] = await shell(turn, async () => {
          if (++ready === 2) meet();
          // From here on both have a command under way.
          await met;
          appendFileSync(stage.at(`${turn.task}/${turn.task.toLowerCase()}.ts`), "own\n");
          if (turn.task === "A") appendFileSync(stage.at("docs/x.md"), "by A\n");
        });
      expect(told[other] ?? "").not.toContain(`${turn.task}/`);
      return works(turn);
    },
    reviewer: accepts,
  });
  const process = stage.boot();
  const id = await stage.stage.begin(process);
  const { mission, tasks } = await stage.stage.until(process, id, "blocked");
  // Nobody is sent back for what may be another's; but the mission is not sealed over it.
  expect(tasks.map((one) => [one.state, one.attempt])).toEqual([
    ["done", 1],
    ["done", 1],
  ]);
  expect(mission.notice?.text).toContain("docs/x.md: modified outside of every write set by a command of");
  for (const one of ["A", "B"]) {
    expect(told[one]).toContain("docs/x.md");
    expect(told[one]).toContain("It was this call or another one");
    expect(told[one]).not.toContain("a.ts");
    expect(told[one]).not.toContain("b.ts");
  }
  stage.put("docs/x.md", FILES["docs/x.md"]);
  await process.engine.resume(id);
  await stage.stage.until(process, id, "sealed");
});

it("holds a command against its task though the process died while it ran", async () => {
  let first = true;
  const stage = await inRepository({
    planner: plans(planOf(task("A"))),
    worker: async (turn) => {
      if (!first) return turn.attempt === 1 ? works(turn) : hangs(turn);
      first = false;
      await turn.engine.writes.begin(turn.session.id, "call_lost");
      appendFileSync(stage.at("docs/x.md"), "in the middle\n");
      return hangs(turn);
    },
  });
  const one = stage.boot();
  const id = await stage.stage.begin(one);
  await expect.poll(() => readFileSync(stage.at("docs/x.md"), "utf8")).toContain("middle");
  one.kill();
  const two = stage.boot();
  await two.engine.recover();
  await expect.poll(() => two.engine.view(id).tasks[0]?.attempt, { timeout: 20_000 }).toBe(2);
  const [after] = two.engine.view(id).tasks;
  expect(after?.findings[0]).toContain("- modified docs/x.md");
  expect(after?.openCalls).toEqual([]);
});

it("leaves what the user and editing tools change to them", async () => {
  const stage = await inRepository({
    planner: plans(planOf(task("A"), task("B"))),
    worker: async (turn) => {
      if (turn.task === "A") {
        const told = await shell(turn, () => {
          // An editing tool of another session, and a file that was changed before the command.
          turn.engine.writes.editing("ses_user", "edit_1", ["docs/x.md"]);
          appendFileSync(stage.at("docs/x.md"), "by the user\n");
          turn.engine.writes.edited("ses_user", "edit_1", ["docs/x.md"]);
        });
        expect(told).toBe("");
      }
      return works(turn);
    },
  });
  appendFileSync(stage.at("C/c.ts"), "not committed\n");
  const process = stage.boot();
  const id = await stage.stage.begin(process);
  const { tasks } = await stage.stage.until(process, id, "sealed");
  expect(tasks.map((one) => one.strays ?? [])).toEqual([[], []]);
});

it("widens a Worker's own task alone, step by step, and tells everybody", async () => {
  const refusals: string[] = [];
  const stage = await inRepository({
    planner: plans(planOf(task("A"), task("B", { dependencies: ["A"], writes: ["later/**"] }), task("C"))),
    worker: async (turn) => {
      if (turn.task !== "A") return hangs(turn);
      const ask = (glob: string, id = "A") => widen(turn.engine, turn.session.id, id, [glob], "needed");
      for (const glob of ["**", "*/x", "{docs,*}/x", "C/c.ts", "c/C.TS"])
        refusals.push(String(await failureOf(ask(glob))));
      refusals.push(String(await failureOf(ask("docs/**", "C"))));
      expect(await ask("docs/x.md")).toEqual(["A/**", "docs/x.md"]);
      expect(await shell(turn, () => appendFileSync(stage.at("docs/x.md"), "allowed\n"))).toBe("");
      return works(turn);
    },
  });
  const process = stage.boot();
  const id = await stage.stage.begin(process);
  await expect.poll(() => process.engine.view(id).tasks[0]?.state, { timeout: 20_000 }).toBe("done");
  expect(
    refusals.map((one) =>
      /wildcard|which task C \(\w+\) holds|not yours/.exec(one)?.[0].replace(/ \(\w+\)/, ""),
    ),
  ).toEqual(["wildcard", "wildcard", "wildcard", "which task C holds", "which task C holds", "not yours"]);
  expect(process.engine.view(id).tasks[0]?.widened).toMatchObject([
    { globs: ["docs/x.md"], by: "worker:A", reason: "needed" },
  ]);
  expect(await process.engine.board(id)).toContain("write set widened by docs/x.md");
  expect(stage.stage.host.messagesTo("reviewer")[0]?.text).toContain("docs/x.md by worker:A: needed");
});

it("tells a Reviewer that its command changed something, and does not seal over it", async () => {
  let told = "";
  const stage = await inRepository({
    planner: plans(planOf(task("A"))),
    worker: works,
    reviewer: async (turn) => {
      told = await shell(turn, () => appendFileSync(stage.at("A/a.ts"), "by the reviewer\n"));
      return accepts(turn);
    },
  });
  const process = stage.boot();
  const id = await stage.stage.begin(process);
  await stage.stage.until(process, id, "sealed");
  expect(told).toContain("a Reviewer changes nothing");
});
