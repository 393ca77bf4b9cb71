import { describe, expect, it } from "vitest";
import { task } from "../unit/records.js";
import { Desk } from "./desk.js";

const line = (desk: Desk, id: string) =>
  desk.text.split("\n").find((one) => one.endsWith(`<!-- M1/${id} -->`));

describe("an edit that the plan takes", () => {
  it("a title of a task that has not begun", async () => {
    const desk = await Desk.open([task("T1"), task("T10"), task("T1.1", { dependencies: ["T1"] })]);
    await desk.edit("Title of T1 <!-- M1/T1 -->", "Another `title` <b> <!-- M1/T1 -->");
    await desk.edit("Title of T1.1 _(after T1)_", "Nested _(not a note)_ _(after T1)_");
    expect(desk.tasks.map(({ title }) => title)).toEqual([
      "Another `title` <b>",
      "Title of T10",
      "Nested _(not a note)_",
    ]);
    expect(line(desk, "T1.1")).toBe("- [ ] **T1.1** Nested _(not a note)_ _(after T1)_ <!-- M1/T1.1 -->");
    expect(desk.conflicts).toBe("");
  });

  it("a tick that is taken away: the task is done again, with fresh attempts", async () => {
    const desk = await Desk.open([task("T1", { state: "done", attempt: 2 })]);
    await desk.edit("[x]", "[ ]");
    expect(desk.task("T1")).toMatchObject({ state: "ready", attempt: 2, attemptLimit: 5 });
    expect(desk.task("T1").findings).toHaveLength(1);
    expect(line(desk, "T1")).toBe("- [ ] **T1** Title of T1 _(ready)_ <!-- M1/T1 -->");
  });

  it.each(["pending", "ready", "blocked", "failed"] as const)("[-] on a task that is %s", async (state) => {
    const desk = await Desk.open([task("T1", { state }), task("T2")]);
    await desk.edit("- [ ] **T1**", "- [-] **T1**");
    expect(desk.task("T1").state).toBe("cancelled");
    expect(line(desk, "T1")).toBe("- [-] **T1** Title of T1 _(cancelled)_ <!-- M1/T1 -->");
    expect(desk.conflicts).toBe("");
  });

  it("another order", async () => {
    const desk = await Desk.open([task("T1"), task("T2"), task("T10")]);
    const lines = desk.text.trimEnd().split("\n");
    desk.text = [...lines.slice(0, -3), lines.at(-1), lines.at(-3), lines.at(-2), ""].join("\n");
    const edited = desk.text;
    await desk.read();
    expect(desk.tasks.map(({ id }) => id)).toEqual(["T10", "T1", "T2"]);
    expect(desk.text.replace(/@\d+/, "")).toBe(edited.replace(/@\d+/, ""));
  });

  it("a line without a task: a suggestion, told once, which stays where it is", async () => {
    const desk = await Desk.open([task("T1"), task("T2")]);
    await desk.edit("<!-- M1/T1 -->\n", "<!-- M1/T1 -->\n  * [ ] and `its` docs\n- [x] T1.1 more\n");
    expect(desk.suggestions).toEqual(["and `its` docs", "T1.1 more"]);
    const after = desk.text;
    expect(after).toContain(
      "\n  * [ ] <!-- M1 suggested --> and `its` docs\n- [x] <!-- M1 suggested --> T1.1 more\n",
    );
    await desk.change("T2", { title: "new" });
    await desk.read();
    desk.restart();
    await desk.read();
    expect(desk.suggestions).toHaveLength(2);
    expect(desk.text.replace(/@\d+/, "")).toBe(after.replace(/@\d+/, "").replace("Title of T2", "new"));
  });

  it("what is so already, done by the engine meanwhile", async () => {
    const desk = await Desk.open([task("T1", { state: "reviewing" }), task("T2")]);
    await desk.change("T1", { state: "done" });
    await desk.change("T2", { title: "same" });
    desk.text = desk.text.replace("[ ] **T1**", "[x] **T1**");
    await desk.edit("Title of T2", "same");
    expect(desk.conflicts).toBe("");
    expect(line(desk, "T1")).toContain("[x] **T1**");
  });
});

describe("an edit that the plan refuses is kept, and the plan's value comes back:", () => {
  const refuses = async (desk: Desk, from: string | RegExp, to: string, reason: string) => {
    const before = desk.tasks;
    const text = desk.text;
    await desk.edit(from, to);
    expect(desk.tasks).toEqual(before);
    expect(desk.text.replace(/@\d+/, "")).toBe(text.replace(/@\d+/, ""));
    expect(desk.conflicts).toContain(reason);
    expect(desk.told).toHaveLength(1);
    expect(desk.log.lines.map(([, event]) => event)).toContain("todo.conflict");
    const kept = desk.conflicts;
    await desk.read();
    expect(desk.conflicts).toBe(kept);
  };

  it.each(["pending", "ready", "running", "checking", "reviewing", "blocked", "failed"] as const)(
    "a tick on a task that is %s: a file cannot accept",
    async (state) => {
      const desk = await Desk.open([task("T1", { state }), task("T10", { state })]);
      await refuses(
        desk,
        "- [ ] **T1**",
        "- [x] **T1**",
        `only its checks and its review make T1 done; it is ${state}`,
      );
      expect(desk.conflicts).toMatch(/```markdown\n {2}- \[x\] \*\*T1\*\* Title of T1.*<!-- M1\/T1 -->/);
    },
  );

  it.each(["running", "checking", "reviewing"] as const)("[-] on a task that is %s", async (state) => {
    const desk = await Desk.open([task("T1", { state, attempt: 1 })]);
    await refuses(desk, "- [ ]", "- [-]", `T1 is at work (${state})`);
  });

  it("[-] on a task that another one waits for", async () => {
    const desk = await Desk.open([task("T1"), task("T2", { dependencies: ["T1"] })]);
    await refuses(desk, "- [ ]", "- [-]", "T2 cannot begin without T1");
  });

  it("[-] and a mark of one's own on a task that is done", async () => {
    const desk = await Desk.open([task("T1", { state: "done" })]);
    await refuses(desk, "- [x]", "- [-]", "T1 is done");
    const other = await Desk.open([task("T1", { state: "done" })]);
    await refuses(other, "- [x]", "- [~]", "[~] says nothing about T1, which is done");
  });

  it.each([" ", "x"])("[%s] on a cancelled task", async (mark) => {
    const desk = await Desk.open([task("T1", { state: "cancelled" })]);
    await refuses(desk, "- [-]", `- [${mark}]`, "cancelled");
  });

  it("the title of a task that has begun", async () => {
    const desk = await Desk.open([task("T1", { state: "ready", attempt: 1 })]);
    await refuses(desk, "Title of", "Little of", "T1 has begun under its title (it is ready)");
  });

  it("a title that is empty or too long", async () => {
    await refuses(await Desk.open([task("T1")]), "Title of T1", "", "a title has 1 to 200 characters");
    await refuses(await Desk.open([task("T1")]), "Title of T1", "x".repeat(201), "a title has 1 to 200");
  });

  it("what stands behind a title", async () => {
    const desk = await Desk.open([task("T1"), task("T2"), task("T3", { dependencies: ["T1"] })]);
    await refuses(desk, "_(after T1)_", "_(after T2)_", "states and dependencies are the engine's");
  });

  it("a line that is taken away", async () => {
    const desk = await Desk.open([task("T1"), task("T1.1"), task("T1.10")]);
    await refuses(desk, /- .*<!-- M1\/T1\.1 -->\n/, "", "T1.1 is still in the plan");
  });

  it("another order of a mission that has ended", async () => {
    const desk = await Desk.open([task("T1", { state: "done" }), task("T2", { state: "done" })], {
      state: "sealed",
    });
    await refuses(desk, /(- .*T1 -->)\n(- .*T2 -->)/, "$2\n$1", "mission M1 is sealed");
  });

  it("a tick taken from a task of a mission that has ended", async () => {
    const desk = await Desk.open([task("T1", { state: "done" })], { state: "sealed" });
    await refuses(desk, "[x]", "[ ]", "mission M1 is sealed: it stays as it is");
  });

  it("what the plan itself has changed since", async () => {
    const desk = await Desk.open([
      task("T1"),
      task("T2", { state: "done", attempt: 1 }),
      task("T3"),
      task("T4"),
    ]);
    desk.text = desk.text.replace("Title of T1", "Mine").replace("[x] **T2**", "[ ] **T2**");
    desk.text = desk.text.replace(/(- .*T3 -->)\n(- .*T4 -->)/, "$2\n$1");
    await desk.change("T1", { title: "Theirs" });
    await desk.change("T2", { attempt: 2 });
    await desk.change("T4", { order: -1 });
    await desk.read();
    for (const reason of [
      'changed to "Theirs" meanwhile',
      "T2 has been done again",
      "another order meanwhile",
    ])
      expect(desk.conflicts).toContain(reason);
    expect(desk.tasks.map(({ id, title }) => [id, title])).toEqual([
      ["T4", "Title of T4"],
      ["T1", "Theirs"],
      ["T2", "Title of T2"],
      ["T3", "Title of T3"],
    ]);
    expect(desk.text.match(/M1\/T\d/g)).toEqual(["M1/T4", "M1/T1", "M1/T2", "M1/T3"]);
    expect(desk.told).toEqual([expect.stringContaining("(and 2 more). It is kept in todo.conflict.md.")]);
  });
});

describe("what is not the plan's", () => {
  it("is left alone: headings, prose, marks of one's own, lists elsewhere", async () => {
    const desk = await Desk.open([task("T1"), task("T2")]);
    desk.text = `${desk.text}
Some *prose*.

## My own list

- [ ] not a suggestion
- [x] nor this
`
      .replace("- [ ] **T1**", "- [~] **T1**")
      .replace("# Missions", "# Our work");
    const edited = desk.text;
    await desk.add("T3");
    await desk.read();
    const added = "<!-- M1/T2 -->\n- [ ] **T3** Title of T3 <!-- M1/T3 -->\n";
    expect(desk.text.replace(/@\d+/, "")).toBe(edited.replace(/@\d+/, "").replace("<!-- M1/T2 -->\n", added));
    expect([desk.suggestions, desk.conflicts]).toEqual([[], ""]);
    await desk.change("T1", { state: "done" });
    expect(await desk.read()).toContain("- [x] **T1**");
  });

  it("is not taken for a task inside a fence, a quotation or indented code", async () => {
    const desk = await Desk.open([task("T1")], { goal: "- [ ] quoted <!-- M1/T1 -->" });
    desk.text += [
      "  ```sh",
      "  - [x] **T1** x <!-- M1/T1 -->",
      "  ```",
      "",
      "  ~~~~",
      "  - [ ] no task",
      "  ~~~",
      "  - [ ] no task",
      "  ~~~~",
      "",
      "> - [x] T1 <!-- M1/T1 -->",
      "",
      "    - [ ] code",
      "",
    ].join("\n");
    const edited = desk.text;
    await desk.change("T1", { title: "new" });
    await desk.read();
    expect(desk.text.replace(/@\d+/, "")).toBe(edited.replace(/@\d+/, "").replace("Title of T1", "new"));
    expect([desk.suggestions, desk.conflicts]).toEqual([[], ""]);
  });

  it("keeps the part of a mission that is over while somebody's text is in it, and drops one that is untouched", async () => {
    const desk = await Desk.open([task("T1", { state: "done" })], { state: "sealed" });
    await desk.put([task("T1")], { id: "M2" });
    expect(await desk.read()).not.toContain("M1");
    expect(desk.text).toContain("## M2 · executing <!-- M2 -->");
    await desk.edit("<!-- M2/T1 -->\n", "<!-- M2/T1 -->\n\nRemember this.\n");
    await desk.put([task("T1", { state: "done" })], { id: "M2", state: "sealed" });
    await desk.put([], { id: "M3" });
    await desk.read();
    expect(desk.text).toMatch(
      /## M2 · sealed[\s\S]*\[x\] \*\*T1\*\*[\s\S]*Remember this\.\n\n## M3 · executing[\s\S]*_No plan/,
    );
    await desk.put([task("T1")], { id: "M3" });
    expect(await desk.read()).toMatch(/> the goal\n\n- \[ \] \*\*T1\*\* Title of T1 <!-- M3\/T1 -->\n$/);
    expect(desk.conflicts).toBe("");
  });
});

describe("a file whose revision is not known", () => {
  it.each([
    ["has no first line", (text: string) => text.replace(/^.*\n/, ""), "first line"],
    ["is of the future", (text: string) => text.replace(/@\d+/, "@999999"), "revision 999999"],
    ["names a mission that was not there", (text: string) => text.replace("M1@", "M7@"), "no mission M7"],
    ["is somebody else's", () => "# Shopping\n\n- [ ] ```milk```\n", "first line"],
    ["is nested without end", (text: string) => `${text}${"- ".repeat(5_000)}a\n`, "nested too deeply"],
    ["is very long", (text: string) => text + "x\n".repeat(300_000), "longer than"],
  ])("that %s changes nothing, is kept whole, and is written anew", async (_, edit, reason) => {
    const desk = await Desk.open([task("T1", { state: "done" }), task("T2")]);
    const shown = desk.text;
    desk.text = edit(desk.text.replace("[x]", "[ ]").replace("Title of T2", "Mine"));
    const edited = desk.text;
    await desk.read();
    expect(desk.text).toBe(shown);
    expect(desk.task("T1").state).toBe("done");
    expect(desk.task("T2").title).toBe("Title of T2");
    expect(desk.conflicts).toContain(edited.trimEnd());
    expect(desk.conflicts).toContain(reason);
    expect(desk.told).toHaveLength(1);
  });
});

it("keeps two tasks that CommonMark takes for one text, and writes each on a line of its own again", async () => {
  const desk = await Desk.open([task("T1"), task("T2")]);
  const before = desk.tasks;
  await desk.edit(/- (.*T1 -->)\n- (.*) Title of (.*T2 -->)/, "2. $1\n   3. $2 Mine $3");
  expect(desk.tasks).toEqual(before);
  expect(desk.text).toContain("Mine");
  expect(desk.text).toMatch(/^- \[ \] \*\*T1\*\*.*\n- \[ \] \*\*T2\*\* Title of T2 <!-- M1\/T2 -->$/m);
  const { conflicts } = desk;
  expect(conflicts).toMatch(/the line of T1 was removed[\s\S]*the line of T2 was removed/);
  await desk.read();
  expect(desk.conflicts).toBe(conflicts);
});

it("a title may hold what looks like the id of a task", async () => {
  const desk = await Desk.open([task("T1", { title: "a <!-- M1/T2 --> b" }), task("T2")]);
  await desk.edit(" b <!-- M1/T1 -->", " <!-- c <!-- M1/T1 -->");
  expect(desk.tasks.map(({ title }) => title)).toEqual(["a <!-- M1/T2 --> <!-- c", "Title of T2"]);
  await desk.edit("Title of T2", "d");
  expect(desk.tasks.map(({ title }) => title)).toEqual(["a <!-- M1/T2 --> <!-- c", "d"]);
  expect(desk.conflicts).toBe("");
});

it("is reported once when the file comes back with it, as it does when somebody writes while it is read", async () => {
  const desk = await Desk.open([task("T1"), task("T2", { state: "done", attempt: 1 })]);
  const edited = desk.text.replace("[ ]", "[x]").replace("[x] **T2**", "[ ] **T2**").concat("- [ ] new\n");
  desk.text = edited;
  await desk.read();
  const { conflicts } = desk;
  await desk.change("T2", { state: "done", attempt: 2 });
  desk.text = edited.concat("- [ ] newer\n");
  await desk.read();
  expect(desk.conflicts).toBe(conflicts);
  expect(desk.suggestions).toEqual(["new", "newer"]);
  expect(desk.task("T2")).toMatchObject({ state: "done", attempt: 2 });
});

it("the base survives a restart: it is in the file and in the store's history", async () => {
  const desk = await Desk.open([task("T1"), task("T2")]);
  desk.text = desk.text.replace("Title of T1", "Mine");
  await desk.change("T2", { title: "Theirs" });
  await desk.add("T3");
  desk.restart();
  await desk.read();
  expect(desk.tasks.map(({ title }) => title)).toEqual(["Mine", "Theirs", "Title of T3"]);
  expect(desk.conflicts).toBe("");
});

it("an edit of a mission that another process has stays in the file, for that process to read", async () => {
  const desk = await Desk.open([task("T1")]);
  await desk.put([task("T1")], { id: "M2" });
  await desk.read();
  desk.elsewhere.add("M1");
  desk.text = desk.text.replace("T1** Title of T1 <!-- M1", "T1** Mine <!-- M1");
  await desk.put([task("T1"), task("T2")], { id: "M2" });
  await desk.change("T1", { priority: "low" });
  await desk.read();
  expect(desk.text).toMatch(/Mine <!-- M1\/T1[\s\S]*<!-- M2\/T2/);
  const [, first, second] = /M1@(\d+) M2@(\d+)/.exec(desk.text) ?? [];
  expect(Number(first)).toBeLessThan(Number(second));
  desk.elsewhere.clear();
  await desk.read();
  expect(desk.task("T1").title).toBe("Mine");
});
