import { describe, expect, it } from "vitest";
import { maskSecrets } from "../../src/log/index.js";
import { Memory, NotesSection } from "../../src/memory/index.js";
import { temporaryStore } from "../native/temporary.js";

async function memory() {
  const store = await temporaryStore();
  let now = 0;
  const clock = { now: () => ++now, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  return { store, memory: new Memory({ store, clock, random: { next: Math.random }, mask: maskSecrets }) };
}

const worker = (mission: string, task: string) => ({ author: `worker:${task}`, mission, task });
const texts = (items: readonly { text: string }[]) => items.map((one) => one.text);

describe("memory", () => {
  it("keeps a task's items from other tasks, a mission's from other missions, and the project's from nobody", async () => {
    const { memory: notes } = await memory();
    const here = worker("M1", "T1");
    await notes.remember(here, "task", "of the task");
    await notes.remember(here, "mission", "of the mission");
    await notes.remember(here, "project", "of the project");
    const sight = (mission: string, task: string) => texts(notes.recall(worker(mission, task), "of")).sort();
    expect(sight("M1", "T1")).toEqual(["of the mission", "of the project", "of the task"]);
    expect(sight("M1", "T2")).toEqual(["of the mission", "of the project"]);
    expect(sight("M1", "T1.1")).toEqual(["of the mission", "of the project"]);
    expect(sight("M2", "T1")).toEqual(["of the project"]);
  });

  it("recalls what shares the most words, in any script and case, and nothing that shares none", async () => {
    const { memory: notes } = await memory();
    const here = worker("M1", "T1");
    await notes.remember(here, "project", "The parser uses Größe as its unit");
    await notes.remember(here, "project", "the parser is slow");
    await notes.remember(here, "project", "logs go to stderr");
    expect(texts(notes.recall(here, "parser größe"))).toEqual([
      "The parser uses Größe as its unit",
      "the parser is slow",
    ]);
    expect(notes.recall(here, "nowhere")).toEqual([]);
  });

  it("recalls the newest ten where nothing is asked for", async () => {
    const { memory: notes } = await memory();
    const here = worker("M1", "T1");
    for (let n = 1; n <= 12; n++) await notes.remember(here, "mission", `item ${n}`);
    expect(texts(notes.recall(here, ""))).toEqual(Array.from({ length: 10 }, (_, n) => `item ${12 - n}`));
  });

  it("gives each item an id of its own, also to many at once", async () => {
    const { memory: notes } = await memory();
    const items = await Promise.all(
      Array.from({ length: 8 }, (_, n) => notes.remember(worker("M1", `T${n}`), "project", `item ${n}`)),
    );
    expect(new Set(items.map((one) => one.id)).size).toBe(8);
    expect(notes.recall(worker("M1", "T1"), "item").length).toBe(8);
  });

  it("forgets only what is in sight", async () => {
    const { memory: notes, store } = await memory();
    const { id } = await notes.remember(worker("M1", "T1"), "task", "secret");
    expect(await notes.forget(worker("M1", "T2"), id)).toBe(false);
    expect(await notes.forget(worker("M2", "T1"), id)).toBe(false);
    expect(await notes.forget(worker("M1", "T1"), "N99")).toBe(false);
    expect(notes.recall(worker("M1", "T1"), "secret").length).toBe(1);
    expect(await notes.forget(worker("M1", "T1"), id)).toBe(true);
    expect(notes.recall(worker("M1", "T1"), "secret")).toEqual([]);
    // The audit log still says who noted it.
    expect((await store.commitsSince(0))[0]?.actor).toBe("worker:T1");
  });
});

describe("what belongs into a context", () => {
  const budgets = { task: 100, mission: 100, project: 100 };

  it("are new notes, until rounds have passed without use; what is used stays, and everything is recalled", async () => {
    const { memory: notes } = await memory();
    const here = worker("M1", "T1");
    await notes.remember(here, "mission", "never looked at");
    await notes.remember(here, "mission", "looked at again and again");
    const shown = (before: Set<string>) => new Set(notes.select(here, before, budgets).inContext);
    let inContext = shown(new Set());
    expect([...inContext].sort()).toEqual(["N1", "N2"]);
    for (let round = 0; round < 8; round++) {
      notes.recall(here, "again");
      await notes.round();
      inContext = shown(inContext);
    }
    expect([...inContext]).toEqual(["N2"]);
    expect(texts(notes.recall(here, "never"))).toEqual(["never looked at"]);
  });

  it("is the same for a session that begins some rounds later: what has not left the context is still in it", async () => {
    const { memory: notes } = await memory();
    await notes.remember(worker("M1", "T1"), "project", "all dates are UTC");
    const first = new NotesSection();
    expect(first.next(notes, worker("M1", "T1"), budgets)).toContain("all dates are UTC");
    for (let round = 0; round < 4; round++) await notes.round();
    expect(first.next(notes, worker("M1", "T1"), budgets)).toContain("all dates are UTC");
    expect(new NotesSection().next(notes, worker("M1", "T9"), budgets)).toContain("all dates are UTC");
  });

  it("moves a note up that keeps being used, with its text, and back when it is not", async () => {
    const { memory: notes } = await memory();
    const [here, elsewhere] = [worker("M1", "T1"), worker("M1", "T2")];
    await notes.remember(here, "task", "the port is 8080");
    for (let round = 0; round < 6; round++) {
      notes.recall(here, "port");
      await notes.round();
    }
    const [found] = notes.recall(elsewhere, "port");
    expect([found?.tier, found?.text, found?.origin?.tier]).toEqual(["mission", "the port is 8080", "task"]);
    for (let round = 0; round < 12; round++) await notes.round();
    expect(notes.recall(elsewhere, "port")).toEqual([]);
    expect(texts(notes.recall(here, "port"))).toEqual(["the port is 8080"]);
  });

  it("stores no secret", async () => {
    const { memory: notes, store } = await memory();
    for (const text of [
      `use ghp_${"a1B2".repeat(9)}`,
      "postgres://admin:hunter22@db/app",
      'api_key = "abc123def456"',
      "-----BEGIN RSA PRIVATE KEY-----",
    ])
      await expect(notes.remember(worker("M1", "T1"), "project", text)).rejects.toMatchObject({
        code: "ERR_SECRET",
      });
    expect(store.snapshot()).toBe(0);
    await notes.remember(
      worker("M1", "T1"),
      "project",
      "tokens: see src/token.ts; the password is in the vault",
    );
  });

  it("changes a section in batches, but at once where a note was forgotten", async () => {
    const { memory: notes } = await memory();
    const here = worker("M1", "T1");
    const section = new NotesSection();
    const next = () => section.next(notes, here, { task: 400, mission: 400, project: 400 });
    expect(next()).toBeUndefined();
    await notes.remember(here, "mission", "first");
    expect(next()).toBeUndefined();
    for (const text of ["second", "third", "fourth"]) await notes.remember(here, "project", text);
    const full = next();
    expect(full).toMatch(/This project:\n- N2 second\n- N3 third\n- N4 fourth\nThis mission:\n- N1 first$/);
    await notes.remember(here, "mission", "fifth");
    expect(next()).toBe(full);
    await notes.forget(here, "N3");
    expect(next()).toMatch(/- N4 fourth\nThis mission:\n- N1 first\n- N5 fifth$/);
    await notes.remember(here, "mission", "sixth");
    section.renew();
    expect(next()).toContain("sixth");
  });
});
