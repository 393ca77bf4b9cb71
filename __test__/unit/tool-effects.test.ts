import { describe, expect, it } from "vitest";
import { DENIED_TOOLS, MISSION_TOOLS, READ_ONLY_TOOLS } from "../../src/agents/index.js";
import { effectOf } from "../../src/opencode/tool-effects.js";

const writes = (...paths: string[]) => ({ kind: "writes", paths });
const any = (...names: string[]) => ({ kind: "any", names });

describe("what a call can do to the project", () => {
  it.each([
    ["edit", { filePath: "/p/a.ts" }, writes("/p/a.ts")],
    ["write", { filePath: "b.ts", content: "" }, writes("b.ts")],
    ["edit", { path: "x" }, writes()],
    ["write", undefined, writes()],
    ["apply_patch", { patchText: "*** Begin Patch\n*** Update File:a.ts\n*** End Patch" }, writes("a.ts")],
    ["apply_patch", { patchText: "*** Begin Patch\n*** End Patch" }, { kind: "unreadable" }],
    ["apply_patch", {}, { kind: "unreadable" }],
    [
      "apply_patch",
      {
        patchText:
          "*** Begin Patch\n*** Update File: a.ts\n*** Move to: b.ts\n@@\n-*** Add File: no\n*** Add File: c d.ts\r\n+x\n*** Delete File: e.ts\n*** End Patch",
      },
      writes("a.ts", "b.ts", "c d.ts", "e.ts"),
    ],
    ["read", { filePath: "/p/a.ts" }, { kind: "reads" }],
    ["bash", { command: "rm -rf src", path: "src" }, any()],
    ["filesystem_write_file", { path: "a.ts", content: "path: b.ts" }, any("a.ts")],
    ["fs_moveFile", { source: "a.ts", destination: "b.ts" }, any("a.ts", "b.ts")],
    ["fs_copy_file", { source: "a.ts", destination: "b.ts" }, any("b.ts")],
    ["serena_replace_symbol", { relative_path: "a.ts", body: "x" }, any("a.ts")],
    ["multi_edit", { edits: [{ file_path: "a.ts" }, { file_path: "b.ts" }] }, any("a.ts", "b.ts")],
    ["fs_delete", { paths: ["a", "b"] }, any("a", "b")],
    ["fs_write", { uri: "file:///p/a%20b.ts" }, any("/p/a b.ts")],
    ["fs_write", { uri: "https://example.invalid/a" }, any()],
    ["filesystem_read_file", { path: "/etc/hosts" }, any()],
    ["issues_create", { title: "x", body: "y" }, any()],
    ["fs_write", { path: { a: { b: { c: { d: { path: "deep" } } } } } }, any()],
    ["constructor", null, any()],
  ])("%s of %j", (tool, args, effect) => {
    expect(effectOf(tool, args)).toEqual(effect);
  });

  it("is known for every tool that an agent of ours has by name", () => {
    const ours = [...Object.keys(MISSION_TOOLS), ...Object.values(READ_ONLY_TOOLS).flat()];
    const denied = new Set(Object.values(DENIED_TOOLS).flat());
    for (const tool of ours.filter((one) => one !== "bash" && !denied.has(one)))
      expect([tool, effectOf(tool, {})]).toEqual([tool, { kind: "reads" }]);
  });
});
