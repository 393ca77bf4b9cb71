import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { parseOptions, UsageError } from "../../harness/demo/options.js";
import { clip, harmless, palette, plain, seconds, wantsColour, width } from "../../harness/demo/palette.js";
import { withPlugin } from "../../harness/demo/served-host.js";

describe("the command line", () => {
  it("plays the sample without arguments", () => {
    expect(parseOptions([])).toEqual({ kind: "sample", paceMs: 900, remove: false });
    expect(parseOptions(["--pace", "0", "--remove"])).toEqual({ kind: "sample", paceMs: 0, remove: true });
  });

  it("takes a project, a model with slashes in its name, and a goal with or without quotes", () => {
    expect(parseOptions(["--project", tmpdir(), "--model", "openrouter/a/b", "add", "a thing"])).toEqual({
      kind: "project",
      directory: tmpdir(),
      goal: "add a thing",
      model: "openrouter/a/b",
    });
  });

  it.each([
    ["a folder that is not there", ["--project", "/no/such/folder", "goal"], /there is no such folder/],
    ["a file for a folder", ["--project", import.meta.filename, "goal"], /there is no such folder/],
    ["no goal", ["--project", tmpdir()], /the goal is missing/],
    ["an empty goal", ["--project", tmpdir(), "  "], /the goal is missing/],
    ["a goal without a project", ["do it"], /a goal needs a project/],
    ["a model without a provider", ["--project", tmpdir(), "--model", "gpt", "goal"], /provider\/model/],
    ["a model for the sample", ["--model", "a/b"], /needs --project/],
    ["the sample's options for a project", ["--project", tmpdir(), "--pace", "5", "goal"], /for the sample/],
    ["a pace that is no number", ["--pace", "fast"], /milliseconds/],
    ["an unknown option", ["--frobnicate"], /frobnicate/],
  ])("refuses %s", (_name, argv, message) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
    expect(() => parseOptions(argv)).toThrow(message);
  });
});

describe("the plugin in OPENCODE_CONFIG_CONTENT", () => {
  it("comes beside what is there", () => {
    expect(JSON.parse(withPlugin(undefined, "file:///p.js"))).toEqual({ plugin: ["file:///p.js"] });
    const present = JSON.stringify({ model: "a/b", plugin: [["other", { x: 1 }]] });
    expect(JSON.parse(withPlugin(present, "file:///p.js"))).toEqual({
      model: "a/b",
      plugin: [["other", { x: 1 }], "file:///p.js"],
    });
  });

  it.each(["{", "[]", '"text"', '{"plugin": "one"}'])(
    "refuses to drop a value that it cannot merge: %s",
    (value) => {
      expect(() => withPlugin(value, "p")).toThrow(/OPENCODE_CONFIG_CONTENT/);
    },
  );
});

describe("text for a terminal", () => {
  it("clips by columns, with wide characters and whole colours", () => {
    expect(clip("abcdef", 4)).toBe("abc…");
    expect(clip("abcd", 4)).toBe("abcd");
    expect(clip("漢字漢字", 5)).toBe("漢字…");
    const red = palette(true).red("abcdef");
    expect(width(red)).toBe(6);
    expect(clip(red, 4)).toBe("\x1b[31mabc…\x1b[0m");
  });

  it("makes one harmless line of foreign text", () => {
    expect(plain("a\r\n\x1b]0;title\x07b\u202ec")).toBe("a ]0;title b c");
  });

  it("keeps colours and tabs of a coloured line, and nothing else that a terminal obeys", () => {
    expect(harmless("\x1b[32m+\tx\x1b[m\x1b[2J\r")).toBe("\x1b[32m+\tx\x1b[m [2J ");
  });

  it("writes durations", () => {
    expect([seconds(49), seconds(12_340), seconds(125_000)]).toEqual(["0.0 s", "12.3 s", "2 min 05 s"]);
  });

  it("colours a terminal, unless NO_COLOR is set", () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: "1", FORCE_COLOR: "1" })).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
    expect(wantsColour({}, { FORCE_COLOR: "1" })).toBe(true);
  });
});
