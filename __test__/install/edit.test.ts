import * as fc from "fast-check";
import { parse } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { addEntry, isOurs, ourEntries, removeEntries, type Subject } from "../../src/install/index.js";
import { configurations } from "./configurations.js";

const SPEC = "opencode-orchestrator@1.2.3";
const recognises = (spec: string) => isOurs(spec, "/home/me/opencode.json", () => undefined);
const subject = (body: string): Subject => ({ body, path: "opencode.json", isOurs: recognises });

/** As OpenCode reads it. */
function read(body: string): { plugin: unknown[]; others: unknown } {
  const errors: never[] = [];
  const { plugin = [], ...others } = (parse(body, errors, { allowTrailingComma: true }) ?? {}) as {
    plugin?: unknown[];
  };
  expect(errors).toEqual([]);
  return { plugin, others };
}
const specOf = (entry: unknown) => String(Array.isArray(entry) ? entry[0] : entry);
const isForeign = (entry: unknown) => !recognises(specOf(entry));

const bodies = (withOurs: boolean) => configurations(withOurs).map(({ text }) => text.replace(/^\uFEFF/, ""));

describe("an entry", () => {
  it("that was put in and taken out leaves the same text", () => {
    fc.assert(
      fc.property(bodies(false), (body) => {
        const { body: installed, insertion } = addEntry(subject(body), SPEC);
        expect(installed).not.toBe(body);
        expect(insertion).toBeDefined();
        expect(removeEntries(subject(installed), insertion)).toBe(body);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is there once, however often it was put in, and everything else as it was", () => {
    fc.assert(
      fc.property(bodies(true), (body) => {
        const once = addEntry(subject(body), SPEC).body;
        expect(addEntry(subject(once), SPEC).body).toBe(once);
        const [before, after] = [read(body), read(once)];
        expect(after.plugin.filter((entry) => !isForeign(entry)).map(specOf)).toEqual([SPEC]);
        expect(after.plugin.filter(isForeign)).toEqual(before.plugin.filter(isForeign));
        expect(after.others).toEqual(before.others);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is gone after its removal, without a record too, and every comment is still there", () => {
    const comments = (text: string) => text.match(/c,"\]\} |"x", \]\}|why, so/g)?.length ?? 0;
    fc.assert(
      fc.property(bodies(true), (body) => {
        const removed = removeEntries(subject(body));
        const [before, after] = [read(body), read(removed)];
        expect(after).toEqual({ others: before.others, plugin: before.plugin.filter(isForeign) });
        // Those inside an entry go with it.
        const inside = ourEntries(subject(body)).map(({ entry: { node } }) =>
          comments(body.slice(node.offset, node.offset + node.length)),
        );
        expect(comments(removed)).toBe(comments(body) - inside.reduce((sum, count) => sum + count, 0));
      }),
      { numRuns: 2_000 },
    );
  });

  it("keeps its place and its options when its version changes", () => {
    const body = '{"plugin": [ "a", ["opencode-orchestrator@0.1.0", {"attempts": 2}], "b" ]}';
    expect(addEntry(subject(body), SPEC).body).toBe(body.replace("@0.1.0", "@1.2.3"));
  });

  it("can be taken out exactly after others were changed around it", () => {
    const body = '{\n  "model": "a/b" // mine\n}\n';
    const { body: installed, insertion } = addEntry(subject(body), SPEC);
    const touched = installed.replace("{\n", '{\n  "$schema": "x",\n').replace("a/b", "c/d");
    expect(removeEntries(subject(touched), insertion)).toBe(
      '{\n  "$schema": "x",\n  "model": "c/d" // mine\n}\n',
    );
    const joined = installed.replace(`["${SPEC}"]`, `["${SPEC}", "late"]`);
    expect(read(removeEntries(subject(joined), insertion)).plugin).toEqual(["late"]);
    const options = installed.replace(`"${SPEC}"`, `["${SPEC}", {"attempts": 1}]`);
    expect(removeEntries(subject(options), insertion)).toBe(body);
  });

  it.each([
    ["", '{\n  "plugin": ["S"]\n}\n'],
    ["// nothing yet", '// nothing yet\n{\n  "plugin": ["S"]\n}\n'],
    ["{}", '{\n  "plugin": ["S"]\n}'],
    ['{"plugin":[]}', '{"plugin":["S"]}'],
    ['{"plugin":["a","b"]}', '{"plugin":["a","b","S"]}'],
    ['{"plugin": ["a"]}', '{"plugin": ["a", "S"]}'],
    ['{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"plugin": ["S"]\n}\n'],
    ['{\r\n  "a": 1,\r\n}\r\n', '{\r\n  "a": 1,\r\n  "plugin": ["S"],\r\n}\r\n'],
    [
      '{\n  "plugin": [\n    "a" // first\n  ]\n}\n',
      '{\n  "plugin": [\n    "a", // first\n    "S"\n  ]\n}\n',
    ],
    [
      '{\n  "plugin": [\n    "a", // first\n  ]\n}\n',
      '{\n  "plugin": [\n    "a", // first\n    "S",\n  ]\n}\n',
    ],
  ])("goes into %j as a person would put it", (body, expected) => {
    const { body: installed, insertion } = addEntry(subject(body), "opencode-orchestrator");
    expect(installed).toBe(expected.replace("S", "opencode-orchestrator"));
    expect(removeEntries(subject(installed), insertion)).toBe(body);
  });

  it.each([
    ['{"a": 1 "b": 2}', "opencode.json:1:9: is not valid JSONC: comma expected"],
    ['{\n  "a": 1,\n  b: 2\n}', "opencode.json:3:3: is not valid JSONC: invalid symbol"],
    ["[]", "opencode.json:1:1: must hold an object, not an array"],
    ['{\n "plugin": "a"}', 'opencode.json:2:12: "plugin" must be an array, not a string'],
    ['{"plugin": null}', 'opencode.json:1:12: "plugin" must be an array, not null'],
  ])("is not put into %j", (body, message) => {
    expect(() => addEntry(subject(body), SPEC)).toThrow(message);
  });

  it.each([
    ["opencode-orchestrator", true],
    ["opencode-orchestrator@latest", true],
    ["opencode-orchestrator@^1.0.0", true],
    ["mine@npm:opencode-orchestrator@1", true],
    ["github:somebody/opencode-orchestrator", true],
    ["file:///src/opencode-orchestrator/dist/server.js", true],
    ["../opencode-orchestrator/dist/server.js", true],
    ["opencode-orchestrator-theme", false],
    ["@scope/opencode-orchestrator", false],
    ["file:///src/other/opencode-orchestrator.js", false],
  ])("%s is ours: %s", (spec, expected) => {
    expect(recognises(spec)).toBe(expected);
  });
});
