import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderBoard } from "../../src/mission/index.js";
import { FileProjection, renderTodo } from "../../src/todo/index.js";
import { temporaryFolder } from "../native/temporary.js";
import { keptLog, task, view } from "./records.js";

const evidence = {
  attempt: 1,
  changedFiles: [],
  commands: [],
  findings: [],
  inputTokens: 90,
  outputTokens: 10,
  cost: 0,
};

describe("the board", () => {
  it("tells on one line for each task what matters about it now", () => {
    const text = renderBoard(
      view([
        task("T1", { state: "done", evidence: [evidence, evidence] }),
        task("T2", { state: "running", attempt: 2, dependencies: ["T1"] }),
        task("T3", { dependencies: ["T1", "T2"] }),
        task("T4", { state: "blocked", reason: "needs a key" }),
      ]),
    );
    expect(text.split("\n")).toEqual([
      "Mission M1 · executing · 1/4 tasks done",
      "Goal: the goal",
      "[x] T1 Title of T1 · done",
      "[>] T2 Title of T2 · running · attempt 2",
      "[ ] T3 Title of T3 · pending · after T1, T2",
      "[!] T4 Title of T4 · blocked · needs a key",
      "Tokens: 200",
    ]);
  });

  it("stays one line for each, whatever the texts are", () => {
    const text = renderBoard(
      view([task("T1", { title: "a\nb", state: "blocked", reason: "c\n\nd ".repeat(2_000) })], {
        goal: `first\nsecond ${"x".repeat(500)}`,
        reason: "why\nnot",
        state: "blocked",
      }),
    );
    expect(text.split("\n").length).toBe(4);
    expect(text.length).toBeLessThan(800);
    expect(text).toContain("…");
  });

  it("tells the approach of a sealed mission alone", () => {
    expect(renderBoard(view([], { state: "sealed", summary: "by hand" }))).toContain("Approach: by hand");
    expect(renderBoard(view([], { summary: "by hand" }))).not.toContain("by hand");
  });
});

describe("todo.md", () => {
  it("is a task list with the revision, and hidden ids that keep T1.1 and T1.10 apart", () => {
    const text = renderTodo(
      [
        view([
          task("T1.1", { state: "done" }),
          task("T1.10", { title: "two\n  lines", state: "running", dependencies: ["T1.1"] }),
          task("T2", { state: "cancelled" }),
        ]),
      ],
      42,
    );
    expect(text).toBe(
      [
        "<!-- revision 42 -->",
        "",
        "# Missions",
        "",
        "## M1 · executing",
        "",
        "> the goal",
        "",
        "- [x] **T1.1** Title of T1.1 <!-- M1/T1.1 -->",
        "- [ ] **T1.10** two lines _(running; after T1.1)_ <!-- M1/T1.10 -->",
        "- [-] **T2** Title of T2 _(cancelled)_ <!-- M1/T2 -->",
        "",
      ].join("\n"),
    );
  });

  it("keeps a goal of several lines inside its quotation, and says when there is no plan", () => {
    const text = renderTodo([view([], { goal: "one\n\n# two" })], 1);
    expect(text).toContain("> one\n>\n> # two\n");
    expect(text).toContain("_No plan yet._");
  });
});

describe("a file projection", () => {
  const projection = (render: () => string) => {
    const folder = temporaryFolder();
    const path = join(folder, "deep", "todo.md");
    const log = keptLog();
    return { folder: join(folder, "deep"), path, log, file: new FileProjection(path, render, log) };
  };

  it("writes a burst of changes once, with the last state, and leaves nothing else behind", async () => {
    let state = 0;
    let renders = 0;
    const { folder, path, file, log } = projection(() => {
      renders++;
      return `state ${state}`;
    });
    for (; state < 100; state++) file.refresh();
    await file.settled();
    expect(readFileSync(path, "utf8")).toBe("state 100");
    expect(renders).toBe(1);
    expect(readdirSync(folder)).toEqual(["todo.md"]);
    expect(log.lines).toEqual([]);
  });

  it("shows the last of the changes that come while it writes", async () => {
    let state = 0;
    const { path, file } = projection(() => {
      // A change in the middle of a write.
      if (state < 5)
        setImmediate(() => {
          state++;
          file.refresh();
        });
      return `state ${state}`;
    });
    file.refresh();
    await expect.poll(() => state).toBe(5);
    await file.settled();
    expect(readFileSync(path, "utf8")).toBe("state 5");
  });

  it("is never seen half written", async () => {
    let state = 0;
    const { path, file } = projection(() => `${state}`.repeat(200_000));
    file.refresh();
    await file.settled();
    for (state = 1; state < 10; state++) {
      file.refresh();
      for (let look = 0; look < 20; look++) {
        const text = readFileSync(path, "utf8");
        expect([text.length, new Set(text).size]).toEqual([200_000, 1]);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await file.settled();
    }
  });

  it("logs a failure, throws nothing, and writes again at the next change", async () => {
    let fails = true;
    const { folder, path, file, log } = projection(() => {
      if (fails) throw new Error("no such mission");
      return "fine";
    });
    file.refresh();
    await file.settled();
    expect(log.lines).toEqual([["warn", "todo.write", { path, error: "Error: no such mission" }]]);
    expect(readdirSync(folder)).toEqual([]);
    fails = false;
    file.refresh();
    await file.settled();
    expect(readFileSync(path, "utf8")).toBe("fine");
  });

  it("takes away its temporary file when it cannot put it in place", async () => {
    const { folder, path, file, log } = projection(() => "text");
    mkdirSync(path, { recursive: true });
    file.refresh();
    await file.settled();
    expect(log.lines.map(([, event]) => event)).toEqual(["todo.write"]);
    expect(readdirSync(folder)).toEqual(["todo.md"]);
  });
});
