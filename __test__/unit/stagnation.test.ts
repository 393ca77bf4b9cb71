import { describe, expect, it } from "vitest";
import { workBrief } from "../../src/engine/briefs.js";
import { Repeats } from "../../src/engine/repeats.js";
import { NO_STAGNATION, roundsWithoutProgress } from "../../src/mission/index.js";
import { task, view } from "./records.js";

describe("rounds that come to the same", () => {
  const rounds = (...all: string[][]) =>
    all.reduce<{ digest: string; rounds: number } | undefined>(roundsWithoutProgress, undefined)?.rounds;

  it("are counted over numbers, addresses and white space that differ", () => {
    expect(
      rounds(
        ["a.ts:12:3: x is not defined (took 1.25 s)", "at 0x7f00ab"],
        ["at 0x81ffee", "a.ts:14:9:  x is not defined (took 2 s)"],
        ["a.ts:1:1: x is not defined (took 10 s)\n", "at 0x0"],
      ),
    ).toBe(3);
  });

  it("begin anew with another finding", () => {
    expect(rounds(["a"], ["a"], ["b"])).toBe(1);
    expect(rounds(["a"], ["b"], ["a"], ["a"])).toBe(2);
    expect(rounds(["a"], ["a", "b"])).toBe(1);
  });

  it("begin anew when somebody has decided to go on", () => {
    expect(roundsWithoutProgress(NO_STAGNATION, ["a"]).rounds).toBe(1);
  });
});

describe("the same call", () => {
  it("is counted by its arguments, for each session", () => {
    const repeats = new Repeats();
    expect([1, 2, 3].map(() => repeats.note("s", "grep", { pattern: "x" }, false))).toEqual([1, 2, 3]);
    expect(repeats.note("s", "grep", { pattern: "y" }, false)).toBe(1);
    expect(repeats.note("other", "grep", { pattern: "x" }, false)).toBe(1);
    // A call in between that changes nothing does not hide the circle.
    expect(repeats.note("s", "grep", { pattern: "x" }, false)).toBe(4);
  });

  it("is another one after something was changed, but a change that is made again is a repetition itself", () => {
    const repeats = new Repeats();
    for (let time = 1; time < 4; time++) repeats.note("s", "bash", { command: "npm test" }, false);
    repeats.note("s", "edit", { filePath: "a", text: "1" }, true);
    expect(repeats.note("s", "bash", { command: "npm test" }, false)).toBe(1);
    expect(repeats.note("s", "edit", { filePath: "a", text: "1" }, true)).toBe(2);
    expect(repeats.note("s", "edit", { filePath: "a", text: "1" }, true)).toBe(3);
  });
});

it("a Worker who fails in the same way again has to find the cause first", () => {
  const failed = (rounds: number) =>
    task("A", { attempt: rounds + 1, findings: ["no"], stagnation: { digest: "no", rounds } });
  for (const sameSession of [true, false]) {
    expect(workBrief(view([failed(1)]), failed(1), sameSession)).not.toContain("find the cause");
    expect(workBrief(view([failed(2)]), failed(2), sameSession)).toContain(
      "the same failure 2 times in a row",
    );
  }
});
