import { describe, expect, it } from "vitest";
import { BoundedOutput, clippedLines, clippedText, count, unreadableNote } from "../../src/tools/output.js";

describe("the bounded output", () => {
  it("keeps whole entries until the space is used up, and counts the others", () => {
    const output = new BoundedOutput();
    for (let i = 0; i < 100; i++) output.add(`entry ${i}`, "x".repeat(1_000));
    const shown = output.text().match(/^entry/gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(30);
    expect(shown + output.omitted).toBe(100);
    expect(Buffer.byteLength(output.text())).toBeLessThanOrEqual(40 * 1024);
  });

  it("takes no later entry in where an earlier one did not fit", () => {
    const output = new BoundedOutput(100);
    output.add("first");
    output.add("x".repeat(200));
    output.add("third");
    expect([output.text(), output.omitted]).toEqual(["first", 2]);
  });

  it("stays below the host's 2,000 lines, too", () => {
    const output = new BoundedOutput();
    for (let i = 0; i < 3_000; i++) output.add("a\nb");
    const lines = output.text().split("\n").length;
    expect(lines).toBeGreaterThan(1_800);
    expect(lines).toBeLessThan(2_000);
    expect(lines / 2 + output.omitted).toBe(3_000);
  });

  it("cuts a first entry that is too large, and says how much of it is missing", () => {
    const output = new BoundedOutput();
    const lines = Array.from({ length: 1_000 }, (_, i) => `${i} ${"x".repeat(100)}`);
    output.add(...lines);
    const shown = output.text().split("\n");
    expect(shown.length).toBeGreaterThan(90);
    expect(shown.slice(0, -1)).toEqual(lines.slice(0, shown.length - 1));
    expect(shown.at(-1)).toBe(`… cut here: ${1_000 - shown.length + 1} more lines`);
    expect(output.omitted).toBe(1);
  });
});

describe("cutting", () => {
  it.each([
    ["a😀b", 2, "a"],
    ["a😀b", 4, "a"],
    ["a😀b", 5, "a😀"],
    ["größe", 3, "gr"],
    ["größe", 4, "grö"],
    ["abc", 3, "abc"],
    ["abc", 0, ""],
  ])("%j in %i bytes is %j: no half a character", (text, most, expected) => {
    expect(clippedText(text, most)).toBe(expected);
  });

  it("never splits a surrogate pair, wherever it cuts", () => {
    const text = "😀".repeat(50);
    for (let most = 0; most <= 200; most++) {
      const cut = clippedText(text, most);
      expect(cut).not.toMatch(/[\uD800-\uDBFF]$|\uFFFD/);
      expect(text.startsWith(cut)).toBe(true);
    }
  });

  it("says so when it cuts within a line", () => {
    expect(clippedLines("x".repeat(100), 10)).toBe(`${"x".repeat(10)} … line cut here`);
    expect(clippedLines(`${"x".repeat(100)}\ny\nz`, 10)).toBe(
      `${"x".repeat(10)} … line cut here, and 2 more lines`,
    );
    expect(clippedLines("one\ntwo\nthree", 9)).toBe("one\ntwo\n… cut here: 1 more line");
    expect(clippedLines("one\ntwo", 7)).toBe("one\ntwo");
  });
});

it("names the first paths that could not be read, relative ones below the prefix", () => {
  const unreadable = ["a", "/b", "c", "d", "e"].map((path) => ({ path, message: "denied" }));
  expect(unreadableNote([], "p/")).toEqual([]);
  expect(unreadableNote(unreadable, "p/")).toEqual([
    "Could not be read: p/a (denied), /b (denied), p/c (denied) and 2 more",
  ]);
});

it("counts are in words", () => {
  expect([count(1, "match", "matches"), count(2, "match", "matches"), count(0, "file")]).toEqual([
    "1 match",
    "2 matches",
    "0 files",
  ]);
});
