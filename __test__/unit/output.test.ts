import { expect, it } from "vitest";
import { BoundedOutput, count } from "../../src/tools/output.js";

it("output keeps whole entries until the space is used up, and counts the others", () => {
  const output = new BoundedOutput();
  for (let i = 0; i < 100; i++) output.add(`entry ${i}`, "x".repeat(1_000));
  const shown = output.text().match(/^entry/gm)?.length ?? 0;
  expect(shown).toBeGreaterThan(30);
  expect(shown + output.omitted).toBe(100);
  expect(Buffer.byteLength(output.text())).toBeLessThanOrEqual(40 * 1024);
});

it("a first entry that is too large is cut, and not left out without a word", () => {
  const output = new BoundedOutput();
  output.add("x".repeat(100_000));
  expect(output.text()).toContain("… cut here");
  expect(output.omitted).toBe(1);
});

it("counts are in words", () => {
  expect([count(1, "match", "matches"), count(2, "match", "matches"), count(0, "file")]).toEqual([
    "1 match",
    "2 matches",
    "0 files",
  ]);
});
