import { utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Searcher } from "../../src/native/index.js";
import { temporaryFolder } from "./temporary.js";

const searcher = new Searcher();

const tree = () =>
  temporaryFolder({
    ".git/HEAD": "ref: refs/heads/main\n",
    ".gitignore": "ignored/\n",
    "ignored/a.ts": "needle\n",
    ".hidden/a.ts": "needle\n",
    "src/a.ts": "one\nthe Needle is here, the needle\nthree\n",
    "src/deep/b.ts": "needles\r\nneedle\r\n",
    "src/deep/c.md": "no such thing\n",
    "binary.bin": Buffer.from("needle\0needle\n"),
  });

describe("grep", () => {
  it("gives path, line, column, bytes and text of each match, in path order", async () => {
    const found = await searcher.grep({ path: tree(), pattern: "needle", include: ["*.ts"] });
    expect(found.matches.map(({ path, line, column, text }) => ({ path, line, column, text }))).toEqual([
      { path: "src/a.ts", line: 2, column: 25, text: "the Needle is here, the needle" },
      { path: "src/deep/b.ts", line: 1, column: 1, text: expect.stringMatching(/^needles\r?$/) },
      { path: "src/deep/b.ts", line: 2, column: 1, text: expect.stringMatching(/^needle\r?$/) },
    ]);
    expect(found.matches[0]).toMatchObject({ byteStart: 28, byteEnd: 34, clipped: false });
    expect(found).toMatchObject({ total: 3, totalExact: true, filesMatched: 2, unreadable: [] });
  });

  it.each([
    ["case: insensitive", { pattern: "NEEDLE", case: "insensitive" as const }, 4],
    ["case: smart with a capital", { pattern: "Needle", case: "smart" as const }, 1],
    ["case: smart without one", { pattern: "needle", case: "smart" as const }, 4],
    ["word", { pattern: "needle", word: true }, 2],
    ["exclude", { pattern: "needle", exclude: ["deep/**", "**/deep/**"] }, 1],
    ["hidden", { pattern: "needle", hidden: true }, 4],
    ["noIgnore", { pattern: "needle", noIgnore: true }, 4],
    ["multiline", { pattern: "one\\nthe", multiline: true }, 1],
    ["no match", { pattern: "nowhere" }, 0],
  ])("%s", async (_, options, total) => {
    expect((await searcher.grep({ path: tree(), include: ["*.ts"], ...options })).total).toBe(total);
  });

  it("gives context, and counts what a limit leaves out", async () => {
    const path = tree();
    const around = await searcher.grep({
      path: join(path, "src/a.ts"),
      pattern: "needle",
      before: 1,
      after: 1,
    });
    expect(around.matches[0]).toMatchObject({
      before: [{ line: 1, text: "one" }],
      after: [{ line: 3, text: "three" }],
    });
    const limited = await searcher.grep({ path, pattern: "needle", include: ["*.ts"], maxMatches: 1 });
    expect(limited.matches.length).toBe(1);
    expect(limited).toMatchObject({ total: 3, totalExact: true });
  });

  it("clips a very long line around the match and keeps the column true", async () => {
    const path = temporaryFolder({ "long.txt": `${"x".repeat(100_000)}needle${"y".repeat(100_000)}\n` });
    const [match] = (await searcher.grep({ path, pattern: "needle", maxLineBytes: 80 })).matches;
    expect(match).toMatchObject({ column: 100_001, clipped: true, byteStart: 100_000 });
    expect(match?.text).toContain("needle");
    expect(match?.text.length).toBeLessThanOrEqual(80);
  });

  it("gives up binary files and says so", async () => {
    const found = await searcher.grep({ path: tree(), pattern: "needle", include: ["*.bin"] });
    expect(found).toMatchObject({ skippedBinary: 1 });
  });

  it("reads UTF-16 with a byte order mark", async () => {
    const path = temporaryFolder({ "a.txt": Buffer.from("\uFEFFgröße needle\n", "utf16le") });
    const [match] = (await searcher.grep({ path, pattern: "größe" })).matches;
    expect(match).toMatchObject({ line: 1, text: "größe needle" });
  });
});

describe("glob", () => {
  it("gives paths by name, or the newest first, and counts what a limit leaves out", async () => {
    const path = temporaryFolder({ "a.ts": "", "b.ts": "", "sub/c.ts": "" });
    utimesSync(join(path, "b.ts"), 3_000, 3_000);
    utimesSync(join(path, "sub/c.ts"), 2_000, 2_000);
    utimesSync(join(path, "a.ts"), 1_000, 1_000);
    const byName = await searcher.glob({ path, patterns: ["*.ts"], sort: "name" });
    expect(byName).toEqual({ paths: ["a.ts", "b.ts", "sub/c.ts"], total: 3, leftOut: 0, unreadable: [] });
    expect((await searcher.glob({ path, patterns: ["*.ts"] })).paths).toEqual(["b.ts", "sub/c.ts", "a.ts"]);
    expect(await searcher.glob({ path, patterns: ["*.ts"], limit: 1 })).toMatchObject({
      paths: ["b.ts"],
      total: 3,
      leftOut: 2,
    });
  });

  it("anchors a pattern that has a slash, and follows ignore rules unless told not to", async () => {
    const path = tree();
    const paths = async (patterns: string[], more = {}) =>
      (await searcher.glob({ path, patterns, sort: "name", ...more })).paths;
    expect(await paths(["src/*.ts"])).toEqual(["src/a.ts"]);
    expect(await paths(["/a.ts"])).toEqual([]);
    expect(await paths(["**/*.ts"])).toEqual(["src/a.ts", "src/deep/b.ts"]);
    expect(await paths(["**/*.ts"], { noIgnore: true, hidden: true })).toEqual([
      ".hidden/a.ts",
      "ignored/a.ts",
      "src/a.ts",
      "src/deep/b.ts",
    ]);
    expect(await paths(["**"], { exclude: ["*.md"] })).not.toContain("src/deep/c.md");
  });
});
