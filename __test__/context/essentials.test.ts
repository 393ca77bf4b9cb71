import { describe, expect, it } from "vitest";
import { missingFacts } from "../../src/context/index.js";

const message = (text: string, type = "text") => ({ info: { role: "user" }, parts: [{ type, text }] });

describe("what a session must know", () => {
  it("is found in any of its texts, word for word, and nowhere else", () => {
    const facts = ["src/a.ts", "npm test"];
    expect(missingFacts([message("write src/a.ts"), message("run `npm test`")], { facts })).toEqual([]);
    expect(missingFacts([message("write src/a.ts")], { facts })).toEqual(["npm test"]);
    expect(missingFacts([message("src/a.ts npm test", "reasoning")], { facts })).toEqual(facts);
  });
});
