import { describe, expect, it } from "vitest";
import { renderBoard } from "../../src/mission/index.js";
import { task, view } from "./records.js";

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
