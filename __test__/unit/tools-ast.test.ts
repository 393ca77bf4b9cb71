import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CodeSearch, type FileEdit, Searcher } from "../../src/native/index.js";
import { searchTools } from "../../src/tools/index.js";
import { FakeSearch } from "../cli/fake-search.js";
import { temporaryFolder } from "../native/temporary.js";

const real = new Searcher({ index: false });

function call(
  tool: string,
  args: Record<string, unknown>,
  directory: string,
  search: CodeSearch = real,
): Promise<string> {
  const ports = {
    directory,
    search,
    assertWritable: async () => undefined,
    recordChanged: () => undefined,
    editing: async () => undefined,
    edited: async () => undefined,
  };
  const signal = new AbortController().signal;
  const context = {
    sessionID: "s",
    abort: signal,
    ask: async () => undefined,
    metadata: () => undefined,
    worktree: "/",
  };
  return searchTools(ports)[tool]?.execute(args, context as never) as Promise<string>;
}

describe("ast_search", () => {
  const tree = () =>
    temporaryFolder({
      "src/a.ts": "log(1);\nif (ready) {\n  log(2);\n  stop();\n}\n",
      "b.py": "log(3)\n",
    });

  it("finds by a pattern; what is one line shows no variables", async () => {
    expect(await call("ast_search", { pattern: "log($A)", language: "typescript" }, tree())).toBe(
      "2 matches in 1 file\n\nsrc/a.ts\n1: log(1)\n3: log(2)",
    );
  });

  it("finds by a rule, and shows the short variables of longer code", async () => {
    const rule = "language: typescript\nrule:\n  pattern: if ($C) { $$$BODY }\n";
    expect(await call("ast_search", { rule }, tree())).toBe(
      "1 match in 1 file\n\nsrc/a.ts\n2: if (ready) {\n3:   log(2);\n4:   stop();\n5: }\n   ($BODY = log(2); stop();, $C = ready)",
    );
  });

  it("cuts long code by lines, clips long lines, and drops long variables", async () => {
    const body = Array.from({ length: 20 }, (_, i) => `  call${i}("${"😀".repeat(150)}");`).join("\n");
    const answer = await call(
      "ast_search",
      { pattern: "if ($C) { $$$BODY }", language: "typescript" },
      temporaryFolder({ "a.ts": `if (x) {\n${body}\n}\n` }),
    );
    expect(answer).toContain("   … 16 more lines");
    expect(answer.match(/ \[line clipped\]$/gm)).toHaveLength(5);
    expect(answer).toMatch(/\n {3}\(\$C = x\)$/);
    expect(answer).not.toContain("\uFFFD");
  });

  it("wants a pattern or a rule, and not both", async () => {
    for (const args of [{}, { pattern: "a", rule: "b" }])
      await expect(call("ast_search", args, tree())).rejects.toThrow("Give either pattern");
  });

  it("says what it has looked at when there is nothing, and what it could not read", async () => {
    const search = new FakeSearch();
    search.astResult = {
      filesSearched: 3,
      filesSkipped: 9,
      unreadable: [{ path: "x.ts", message: "Permission denied" }],
    };
    expect(await call("ast_search", { pattern: "a" }, tree(), search)).toBe(
      "No matches in 3 files; 9 of other languages.\nCould not be read: x.ts (Permission denied)",
    );
  });
});

describe("ast_rewrite", () => {
  const edit = (path: string, lines: number, more: Partial<FileEdit> = {}): FileEdit => ({
    path,
    diff: `--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n${"+😀 line\n".repeat(lines)}`,
    edits: lines,
    nested: 0,
    breaksSyntax: false,
    ...more,
  });
  const preview = (edits: FileEdit[]) => {
    const search = new FakeSearch();
    search.edits = edits;
    return call("ast_rewrite", { pattern: "a", replacement: "b" }, temporaryFolder(), search);
  };

  it("shows small diffs whole", async () => {
    const answer = await preview([edit("a.ts", 1), edit("b.ts", 2)]);
    expect(answer).toBe(
      "3 replacements in 2 files. Nothing is written yet: call again with apply.\n\n" +
        `${edit("a.ts", 1).diff}${edit("b.ts", 2).diff}`.trimEnd(),
    );
  });

  it("clips a huge first diff at a line's end, so that others are seen, and lists the rest with their counts", async () => {
    const answer = await preview([
      edit("huge.ts", 5_000),
      ...Array.from({ length: 500 }, (_, i) => edit(`f${i}.ts`, 10)),
    ]);
    expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(40 * 1024);
    expect(answer.split("\n").length).toBeLessThan(2_000);
    const cut = /… cut here: (\d+) more lines\n--- a\/f0\.ts/.exec(answer);
    const shown = answer.slice(0, cut?.index).match(/^\+😀 line$/gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(400);
    expect(shown + Number(cut?.[1])).toBe(5_000);
    const diffs = answer.match(/^--- a\//gm)?.length ?? 0;
    const listed = answer.match(/^f\d+\.ts: 10 replacements$/gm)?.length ?? 0;
    const rest = Number(/^… and (\d+) more files?$/m.exec(answer)?.[1] ?? 0);
    expect([diffs > 50, listed > 50]).toEqual([true, true]);
    expect(diffs + listed + rest).toBe(501);
    expect(answer).not.toContain("\uFFFD");
  });

  it("warns of a file that would no longer parse", async () => {
    expect(await preview([edit("a.ts", 1, { breaksSyntax: true })])).toContain(
      "\na.ts would no longer parse\n",
    );
  });

  it("names files in its diffs as other tools do, and writes with apply only", async () => {
    const directory = temporaryFolder({ "src/a.ts": "log(1);\n" });
    const args = { pattern: "log($A)", replacement: "note($A)", path: "src" };
    expect(await call("ast_rewrite", args, directory)).toContain("--- a/src/a.ts\n+++ b/src/a.ts\n");
    expect(readFileSync(join(directory, "src/a.ts"), "utf8")).toBe("log(1);\n");
    expect(await call("ast_rewrite", { ...args, apply: true }, directory)).toBe(
      "Written: 1 replacement in 1 file.",
    );
    expect(readFileSync(join(directory, "src/a.ts"), "utf8")).toBe("note(1);\n");
  });
});

describe("outline", () => {
  it("lists symbols, and says what to do about a folder", async () => {
    const directory = temporaryFolder({ "src/a.ts": "export class A {\n  m() {}\n}\n" });
    expect(await call("outline", { path: "src/a.ts/" }, directory)).toBe("class A 1-3\n  method m 2-2");
    await expect(call("outline", { path: "src" }, directory)).rejects.toThrow(
      "src is a folder: give a source file",
    );
  });
});
