import { describe, expect, it } from "vitest";
import { maskSecrets } from "../../src/log/index.js";
import { Memory, NotesFile } from "../../src/memory/index.js";
import { temporaryStore } from "../native/temporary.js";

const here = { author: "worker:T1", mission: "M1", task: "T1" };

async function stage() {
  const store = await temporaryStore();
  let now = 0;
  const clock = { now: () => ++now, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const told: string[] = [];
  const ports = {
    store,
    clock,
    random: { next: Math.random },
    log,
    mask: maskSecrets,
    tell: (message: string) => told.push(message),
  };
  const memory = new Memory(ports);
  const file = new NotesFile(ports);
  const notes = () =>
    memory
      .recall(here, "")
      .map(({ text }) => text)
      .reverse();
  return { store, memory, file, notes, told };
}

/** The file's text without its first line. */
const body = (text: string) => text.slice(text.indexOf("\n") + 1);

describe("memory.md", () => {
  it("shows the project's notes and no others, and is at rest", async () => {
    const { memory, file } = await stage();
    await memory.remember(here, "project", "dates are UTC");
    await memory.remember(here, "mission", "not here");
    await memory.remember(here, "project", "two lines:\nthe second\n\n  indented");
    const text = await file.bring(undefined);
    expect(body(text)).toBe(
      "# What is known about this project\n\n- dates are UTC <!-- N1 -->\n" +
        "- two lines: <!-- N3 -->\n  the second\n\n    indented\n",
    );
    expect(await file.bring(text)).toBe(text);
    expect(memory.recall(here, "second")[0]?.text).toBe("two lines:\nthe second\n\n  indented");
  });

  it("takes changes, additions and deletions, and leaves the text around alone", async () => {
    const { memory, file, notes } = await stage();
    for (const text of ["one", "two", "three"]) await memory.remember(here, "project", text);
    const shown = await file.bring(undefined);
    const edited = shown
      .replace("- two <!-- N2 -->\n", "")
      .replace("- one <!--", "Some prose.\n\n* one, and more <!--")
      .concat("\n## Mine\n\n- four\n\n```\n- code, no note\n```\n");
    const after = await file.bring(edited);
    expect(notes().sort()).toEqual(["four", "one, and more", "three"]);
    expect(body(after)).toBe(
      "# What is known about this project\n\nSome prose.\n\n- one, and more <!-- N1 -->\n- three <!-- N3 -->\n" +
        "\n## Mine\n\n- four <!-- N4 -->\n\n```\n- code, no note\n```\n",
    );
    expect(await file.bring(after)).toBe(after);
  });

  it("keeps what both sides did: a person's words win, and no missing line deletes what has changed since", async () => {
    const { memory, file, notes } = await stage();
    for (const text of ["one", "two"]) await memory.remember(here, "project", text);
    const old = await file.bring(undefined);
    // Meanwhile: a third note, and the first forgotten.
    await memory.remember(here, "project", "three");
    await memory.forget(here, "N1");
    const after = await file.bring(old.replace("- two", "- two, as a person says"));
    expect(notes()).toEqual(["two, as a person says", "three"]);
    expect(body(after)).toContain("- three <!-- N3 -->");
    expect(body(after)).not.toContain("one");
    // An editor that writes an old copy back changes nothing that is newer, except where it differs from that copy.
    await file.bring(old.replace("- two <!-- N2 -->\n", ""));
    expect(notes()).toEqual(["two, as a person says", "three"]);
  });

  it("takes nothing away when its first line is gone or names a revision that is not of this store", async () => {
    const { memory, file, notes } = await stage();
    await memory.remember(here, "project", "one");
    for (const lines of ["", "- new\n", "<!-- notes@9999: -->\n- newer\n"]) {
      await file.bring(lines);
      expect(notes()).toContain("one");
    }
    expect(notes().sort()).toEqual(["new", "newer", "one"]);
  });

  it("stores no secret: the line stays in the file, goes to nobody, and is told of once", async () => {
    const { file, notes, told } = await stage();
    const secret = `- the key is sk-${"a1".repeat(20)}\n- a plain one\n`;
    const after = await file.bring(secret);
    expect(after).toContain(secret.split("\n")[0]);
    expect(await file.bring(after)).toBe(after);
    expect([notes(), told.length]).toEqual([["a plain one"], 1]);
  });

  it("keeps line ends as they are, and takes a line with the id of another tier as a new one", async () => {
    const { memory, file, notes } = await stage();
    await memory.remember(here, "task", "of the task");
    const after = await file.bring("# Mine\r\n\r\n- stolen <!-- N1 -->\r\n");
    expect(after.replaceAll("\r\n", "")).not.toContain("\n");
    expect(notes()).toEqual(["of the task", "stolen"]);
  });
});
