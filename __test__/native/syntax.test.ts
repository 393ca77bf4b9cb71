import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RewritePreview, Searcher } from "../../src/native/index.js";
import { failureOf, temporaryFolder } from "./temporary.js";

const searcher = new Searcher();

const tree = () =>
  temporaryFolder({
    "a.ts": "log(1);\nlog(a, b);\n// log(2)\n",
    "sub/b.ts": 'const s = "log(3)"; other(log(4));\n',
    "c.py": "log(5)\n",
  });

describe("astSearch", () => {
  it("finds code by its shape, not text, with what the variables stand for", async () => {
    const found = await searcher.astSearch({ path: tree(), pattern: "log($A)", language: "typescript" });
    expect(found.matches.map(({ path, text, variables }) => ({ path, text, variables }))).toEqual([
      { path: "a.ts", text: "log(1)", variables: { A: ["1"] } },
      { path: "sub/b.ts", text: "log(4)", variables: { A: ["4"] } },
    ]);
    expect(found).toMatchObject({ total: 2, leftOut: 0, filesMatched: 2 });
  });

  it("takes any number of nodes for $$$, and every language of its own accord", async () => {
    const found = await searcher.astSearch({ path: tree(), pattern: "log($$$ALL)" });
    expect(found.matches.map((match) => `${match.path} ${match.text}`)).toEqual([
      "a.ts log(1)",
      "a.ts log(a, b)",
      "c.py log(5)",
      "sub/b.ts log(4)",
    ]);
  });

  it("counts what its limit leaves out", async () => {
    const found = await searcher.astSearch({ path: tree(), pattern: "log($$$ALL)", maxMatches: 1 });
    expect([found.matches.length, found.total, found.leftOut]).toEqual([1, 4, 3]);
  });
});

describe("astRewrite", () => {
  const rewrite = (path: string) =>
    searcher.astRewrite({ path, pattern: "log($A)", replacement: "console.log($A)", language: "typescript" });

  it("shows what would change and changes nothing", async () => {
    const path = tree();
    const preview = await rewrite(path);
    expect(preview).toBeInstanceOf(RewritePreview);
    expect(preview.files.map((file) => [file.path, file.edits])).toEqual([
      ["a.ts", 1],
      ["sub/b.ts", 1],
    ]);
    expect(preview.files[0]?.diff).toContain("-log(1);\n+console.log(1);");
    expect(readFileSync(join(path, "a.ts"), "utf8")).toContain("\nlog(a, b)");
    expect(readFileSync(join(path, "a.ts"), "utf8")).not.toContain("console");
  });

  it("applies exactly the preview", async () => {
    const path = tree();
    expect(await (await rewrite(path)).apply()).toBe(2);
    expect(readFileSync(join(path, "a.ts"), "utf8")).toBe("console.log(1);\nlog(a, b);\n// log(2)\n");
    expect(readFileSync(join(path, "sub/b.ts"), "utf8")).toBe('const s = "log(3)"; other(console.log(4));\n');
  });

  it("writes no file at all when one has changed since: ERR_STALE with its path", async () => {
    const path = tree();
    const preview = await rewrite(path);
    const before = readFileSync(join(path, "a.ts"), "utf8");
    writeFileSync(join(path, "sub/b.ts"), "log(9);\n");
    expect(await failureOf(preview.apply())).toMatchObject({
      code: "ERR_STALE",
      details: { paths: [join(path, "sub/b.ts")] },
    });
    expect(readFileSync(join(path, "a.ts"), "utf8")).toBe(before);
    expect(readFileSync(join(path, "sub/b.ts"), "utf8")).toBe("log(9);\n");
  });
});

it("outline gives the declared symbols with depth and range, in the file's order", async () => {
  const path = temporaryFolder({
    "a.ts": "export class A {\n  m() {}\n}\nexport function f() {}\n",
  });
  const symbols = await searcher.outline(join(path, "a.ts"));
  expect(symbols.map(({ kind, name, depth, span }) => [kind, name, depth, span.line, span.endLine])).toEqual([
    ["class", "A", 0, 1, 3],
    ["method", "m", 1, 2, 2],
    ["function", "f", 0, 4, 4],
  ]);
});

describe("syntaxErrors", () => {
  it("answers each path in turn: where it does not parse, or why it was not parsed", async () => {
    const root = temporaryFolder({
      "bad.ts": "const a = ;\n",
      "good.ts": "const a = 1;\n",
      "open.json": '{"a": [1}',
      "notes.xyz": "(((",
    });
    const found = await searcher.syntaxErrors({
      root,
      paths: ["bad.ts", "good.ts", "notes.xyz", "none.ts", "open.json"],
    });
    expect(found.map((file) => file.path)).toEqual([
      "bad.ts",
      "good.ts",
      "notes.xyz",
      "none.ts",
      "open.json",
    ]);
    const [bad, good, notes, none, open] = found;
    expect(bad?.errors[0]).toMatchObject({ kind: "error", span: { line: 1 } });
    expect(good).toMatchObject({ errors: [], language: "typescript" });
    expect(good).not.toHaveProperty("unchecked");
    expect(notes).toMatchObject({ errors: [], unchecked: expect.any(String) });
    expect(none).toMatchObject({ errors: [], unchecked: expect.any(String) });
    expect(open?.errors.length).toBeGreaterThan(0);
  });
});
