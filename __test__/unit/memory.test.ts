import { describe, expect, it } from "vitest";
import { Memory } from "../../src/memory/index.js";
import { temporaryStore } from "../native/temporary.js";

async function memory() {
  const store = await temporaryStore();
  let now = 0;
  const clock = { now: () => ++now, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  return { store, memory: new Memory({ store, clock, random: { next: Math.random } }) };
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
