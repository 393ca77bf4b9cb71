import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { carryOut, judge, key, MissionDraft, readMission, type Task } from "../../src/mission/index.js";
import { systemClock } from "../../src/node/index.js";
import { transact } from "../../src/state/index.js";
import { FileProjection, TodoFile } from "../../src/todo/index.js";
import { readOrNothing, replaceFile } from "../../src/todo/replace.js";
import { put, temporaryFolder, temporaryStore } from "../native/temporary.js";
import { keptLog, mission, task } from "../unit/records.js";

const EDITORS = 50;
const numbers = Array.from({ length: EDITORS }, (_, index) => index + 1);

/** A todo.md on the disk, followed as the plugin does. */
async function projected(tasks: readonly Task[]) {
  const folder = temporaryFolder();
  const path = join(folder, "todo.md");
  const conflictPath = join(folder, "todo.conflict.md");
  const store = await temporaryStore(join(folder, "state.db"));
  const log = keptLog();
  await put(store, {
    [key.mission("M1")]: mission(),
    ...Object.fromEntries(tasks.map((one, order) => [key.task("M1", one.id), { ...one, order }])),
  });
  const ports = { store, clock: systemClock, random: { next: Math.random } };
  const todo = new TodoFile({
    ...ports,
    log,
    keep: async (text) => appendFileSync(conflictPath, text),
    tell: () => undefined,
    amend: (id, edits) =>
      transact(ports, { actor: "todo.md" }, (transaction) => {
        const draft = new MissionDraft(transaction, id);
        return edits.map((edit) => {
          const verdict = judge(draft, edit);
          if (verdict.kind === "allowed") carryOut(draft, edit, 3);
          return verdict;
        });
      }),
  });
  const file = new FileProjection(path, { clock: systemClock, log, bring: (text) => todo.bring(text) });
  file.refresh();
  await file.settled();
  return {
    folder,
    path,
    file,
    log,
    store,
    tasks: () => new Map(readMission(store, "M1").tasks.map((one) => [one.id, one])),
    conflicts: () => (existsSync(conflictPath) ? readFileSync(conflictPath, "utf8") : ""),
  };
}

type Projected = Awaited<ReturnType<typeof projected>>;

/** Reads, changes one line and renames into place, with nothing that keeps others out. */
async function editOnce(path: string, id: string, change: (line: string) => string): Promise<void> {
  let text: string | undefined;
  // For the moment between two system calls there may be no file.
  while (text === undefined) text = await readFile(path, "utf8").catch(() => undefined);
  const lines = text.split("\n").map((line) => (line.endsWith(`<!-- M1/${id} -->`) ? change(line) : line));
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, lines.join("\n"));
  await rename(temporary, path);
}

/** The engine at work: other tasks change all the time, and so the file is written all the time. */
async function engineAtWork({ store, file }: Projected, until: () => boolean): Promise<void> {
  const ports = { store, clock: systemClock, random: { next: Math.random } };
  for (let round = 0; !until(); round++) {
    await transact(ports, { actor: "engine" }, (transaction) =>
      new MissionDraft(transaction, "M1").setTask("E", { title: `round ${round}` }),
    );
    file.refresh();
    await delay(3);
  }
  file.refresh();
  await file.settled();
}

/** What each editor does to its own task; the odd ones ask for what only the engine may do. */
const ticks = (number: number) => number % 2 === 1;
const started = () =>
  numbers.map((number) =>
    ticks(number) ? task(`T${number}`) : task(`T${number}`, { state: "done", attempt: 1 }),
  );
const tick = (number: number) => (line: string) =>
  ticks(number) ? line.replace("[ ]", "[x]") : line.replace("[x]", "[ ]");

function isRead(number: number, { tasks, conflicts }: Pick<Projected, "tasks" | "conflicts">): boolean {
  const id = `T${number}`;
  if (ticks(number)) return conflicts().includes(`the mark of ${id} was changed from [ ] to [x]`);
  return tasks().get(id)?.state === "ready" || conflicts().includes(`the mark of ${id} was changed`);
}

async function expectAllRead(all: Projected): Promise<void> {
  expect(numbers.filter((number) => !isRead(number, all))).toEqual([]);
  const tasks = all.tasks();
  for (const number of numbers)
    expect(tasks.get(`T${number}`)?.state).toBe(ticks(number) ? "pending" : "ready");
  const text = readFileSync(all.path, "utf8");
  for (const number of numbers) expect(text.split(`<!-- M1/T${number} -->`)).toHaveLength(2);
  expect(readdirSync(all.folder).filter((name) => name.startsWith("todo.md"))).toEqual(["todo.md"]);
}

describe("fifty editors at once, while the engine writes the file over and over", () => {
  it("lose nothing when they take turns, each with one edit that is never repeated", async () => {
    const all = await projected([task("E"), ...started()]);
    let isOver = false;
    const engine = engineAtWork(all, () => isOver);
    let turn = Promise.resolve();
    await Promise.all(
      numbers.map((number) => {
        // As the host's editing tools: one at a time, and nobody tells us before the file is read for other reasons.
        turn = turn.then(() => editOnce(all.path, `T${number}`, tick(number)));
        return turn;
      }),
    );
    isOver = true;
    await engine;
    await expectAllRead(all);
  });

  it("lose nothing when nobody takes turns, and each looks whether its edit was read", async () => {
    const all = await projected([task("E"), ...started()]);
    let isOver = false;
    const engine = engineAtWork(all, () => isOver);
    await Promise.all(
      numbers.map(async (number) => {
        // Editors overwrite each other here before anybody else could have read them.
        while (!isRead(number, all)) {
          await editOnce(all.path, `T${number}`, tick(number));
          await delay(20 + Math.random() * 60);
        }
      }),
    );
    isOver = true;
    await engine;
    await expectAllRead(all);
  });
});

it("no rename is swallowed, however close it comes to ours", async () => {
  const path = join(temporaryFolder(), "todo.md");
  const seen = new Set<string>();
  let isOver = false;
  const ours = (async () => {
    for (let round = 0; !isOver; round++) {
      const found = readOrNothing(path);
      if (found !== undefined) seen.add(found);
      const { lost } = await replaceFile(path, `ours ${round}`, found);
      if (lost !== undefined) seen.add(lost);
    }
  })();
  const missed: string[] = [];
  for (let number = 0; number < 1_000; number++) {
    const edit = `edit ${number}`;
    await writeFile(`${path}.edit`, edit);
    await rename(`${path}.edit`, path);
    for (let look = 0; look < 500 && !seen.has(edit); look++) await delay(1);
    if (!seen.has(edit)) missed.push(edit);
  }
  isOver = true;
  await ours;
  expect(missed).toEqual([]);
});
