import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type CodeSearch, Searcher } from "../../src/native/index.js";
import { searchTools } from "../../src/tools/index.js";
import { FakeSearch, match, matches } from "../cli/fake-search.js";
import { temporaryFolder } from "../native/temporary.js";

/** Calls a tool as the host does. */
function call(
  tool: string,
  search: CodeSearch,
  args: Record<string, unknown>,
  directory = temporaryFolder(),
): Promise<string> {
  const ports = {
    directory,
    search,
    assertWritable: async () => undefined,
    recordChanged: () => undefined,
    editing: async () => undefined,
    edited: async () => undefined,
  };
  const context = {
    sessionID: "s",
    abort: new AbortController().signal,
    ask: async () => Promise.reject(new Error("nothing is to be asked")),
    metadata: () => undefined,
    worktree: "/",
  };
  return searchTools(ports)[tool]?.execute(args, context as never) as Promise<string>;
}
const grep = (search: CodeSearch, args: Record<string, unknown> = {}, directory?: string) =>
  call("grep", search, { pattern: "needle", ...args }, directory);

describe("grep's answer", () => {
  it("is grouped by file, with the number in its first line", async () => {
    expect(await grep(new FakeSearch(matches("a.ts", 2), matches("b.ts", 1)))).toBe(
      "3 matches in 2 files\n\na.ts\n1: needle 1\n2: needle 2\n\nb.ts\n1: needle 1",
    );
  });

  it("has a cursor in its last line when there is more, and says how much there is at least", async () => {
    const files = Array.from({ length: 200 }, (_, i) => matches(`f${i}.ts`, 10));
    const search = new FakeSearch(...files);
    const answer = await grep(search, { limit: 50 });
    expect(answer.split("\n")[0]).toBe(
      "at least 1000 matches in at least 200 files; at least 950 not shown: see cursor",
    );
    expect(answer.split("\n").at(-1)).toBe("cursor: 50");
    expect(search.calls[0]).toMatchObject({ countUpTo: 1_000, maxMatches: 50 });
    const next = await grep(search, { limit: 50, cursor: "50" });
    expect(next).toContain("; from the cursor on;");
    expect(next).toContain("f5.ts\n1: needle 1");
  });

  it.each([1, 2])(
    "loses nothing between pages that are larger than the space: %i match(es) a line",
    async (each) => {
      const text = "x".repeat(390);
      const lines = (path: string) =>
        Array.from({ length: 10 * each }, (_, i) => match(path, Math.floor(i / each) + 1, { text }));
      const search = new FakeSearch(...Array.from({ length: 30 }, (_, i) => lines(`f${i}.ts`)));
      const seen = new Set<string>();
      let answer = "";
      for (let cursor: string | undefined, pages = 0; pages < 20; pages++) {
        answer = await grep(search, { limit: 200, ...(cursor && { cursor }) });
        expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(40 * 1024);
        let file = "";
        for (const line of answer.split("\n")) {
          if (/^f\d+\.ts$/.test(line)) file = line;
          else if (/^\d+: x/.test(line)) seen.add(`${file}:${line.split(":")[0]}`);
        }
        cursor = /^cursor: (.*)$/m.exec(answer)?.[1];
        if (!cursor) break;
      }
      const all = Array.from({ length: 300 }, (_, i) => `f${Math.floor(i / 10)}.ts:${(i % 10) + 1}`);
      expect([...seen]).toEqual(all);
      expect(answer).not.toContain("not shown");
    },
  );

  it("lets no file eat the page, and says what of it is left out", async () => {
    const search = new FakeSearch(matches("big.ts", 200), matches("small.ts", 3));
    const answer = await grep(search);
    expect(answer).toContain("203 matches in 2 files\n");
    expect(answer).toContain(
      "25: needle 25\n… 175 more in this file: search it by its path\n\nsmall.ts\n1: needle",
    );
    expect(answer).not.toContain("26: needle");
    // A file alone has the whole page.
    const directory = temporaryFolder({ "big.ts": "" });
    const alone = await grep(search, { path: "big.ts" }, directory);
    expect(alone).toContain("100: needle 100");
    expect(alone).toContain("200 matches in 1 file; 100 not shown: see cursor");
  });

  it("shows each part of a clipped line with its true column, and an ordinary line once", async () => {
    const clipped = { clipped: true, text: "…needle…" };
    const search = new FakeSearch([
      match("min.js", 1, { ...clipped, column: 5_000, textColumn: 4_900 }),
      match("min.js", 1, { ...clipped, column: 90_000, textColumn: 89_900 }),
      match("min.js", 2, { text: "needle needle" }),
      match("min.js", 2, { text: "needle needle", column: 8 }),
    ]);
    expect(await grep(search)).toBe(
      "4 matches in 1 file\n\nmin.js\n1: …needle… [column 5000; line clipped]\n1: …needle… [column 90000; line clipped]\n2: needle needle",
    );
  });

  it("merges the lines around matches: each once, in order, and a match as a match", async () => {
    const line = (number: number) => ({ line: number, text: `line ${number}`, clipped: false });
    const search = new FakeSearch([
      match("a.ts", 3, { before: [line(1), line(2)], after: [line(4), line(5)] }),
      match("a.ts", 4, { before: [line(2), line(3)], after: [line(5), line(6)] }),
      match("a.ts", 9, { before: [line(7), line(8)] }),
    ]);
    expect((await grep(search, { context: 2 })).split("\n\n")[1]).toBe(
      "a.ts\n1- line 1\n2- line 2\n3: needle 3\n4: needle 4\n5- line 5\n6- line 6\n7- line 7\n8- line 8\n9: needle 9",
    );
  });

  it("names what could not be read", async () => {
    const search = new FakeSearch(matches("a.ts", 1));
    Object.assign(search.extra, { unreadable: [{ path: "secret", message: "Permission denied" }] });
    expect(await grep(search)).toMatch(/\n\nCould not be read: secret \(Permission denied\)$/);
  });

  it("tells nothing found from nothing searched", async () => {
    const search = new FakeSearch();
    Object.assign(search.extra, { noneSelected: false, skippedBinary: 2 });
    expect(await grep(search)).toBe("No matches; 2 binary files passed over.");
    Object.assign(search.extra, { noneSelected: true, skippedBinary: 0 });
    expect(await grep(search, { include: "*.rb" })).toBe(
      "No matches; no file was searched: see include; hidden and ignored files are left out.",
    );
  });

  it("lists files, or their counts", async () => {
    const search = new FakeSearch(matches("a.ts", 2), matches("b.ts", 40), matches("c.ts", 1));
    expect(await grep(search, { mode: "files" })).toBe("3 files\n\na.ts\nb.ts\nc.ts");
    expect(await grep(search, { mode: "counts", limit: 2 })).toBe(
      "43 matches in 3 files; 1 not shown: see cursor\n\na.ts: 2\nb.ts: 40\n\ncursor: 2",
    );
    expect(search.calls.every((call) => call.maxPerFile === undefined)).toBe(true);
  });

  it("hands its arguments on", async () => {
    const search = new FakeSearch();
    await grep(search, {
      word: true,
      hidden: true,
      sort: "relevance",
      ignoreCase: true,
      include: "!*.md",
      cursor: "",
    });
    expect(search.calls[0]).toMatchObject({
      word: true,
      hidden: true,
      sort: "relevance",
      case: "insensitive",
      include: [],
      exclude: ["*.md"],
      multiline: false,
    });
    expect(search.calls[0]).not.toHaveProperty("cursor");
    await grep(search, { pattern: "a\\nb" });
    await grep(search, { pattern: "a\\\\n" });
    expect(search.calls.slice(1).map((call) => call.multiline)).toEqual([true, false]);
  });

  it("refuses arguments that it does not have", async () => {
    await expect(grep(new FakeSearch(), { mode: "all" })).rejects.toThrow(/mode/);
    await expect(grep(new FakeSearch(), { maxCount: 3 })).rejects.toThrow(/maxCount/);
  });
});

describe("on real files", () => {
  const search = new Searcher({ index: false });
  const tree = () =>
    temporaryFolder({
      ".git/HEAD": "ref: refs/heads/main\n",
      ".gitignore": "ignored/\n",
      "ignored/a.ts": "needle\n",
      "src/a.ts": "one\nneedle\n",
      "src/min.js": `${"x".repeat(50_000)}needle${"y".repeat(50_000)}\n`,
    });

  it.each(["src/a.ts", "./src/a.ts", "src/a.ts/"])("a file is a path: %s", async (path) => {
    expect(await grep(search, { path }, tree())).toBe("1 match in 1 file\n\nsrc/a.ts\n2: needle");
  });

  it("clips a minified line around the match", async () => {
    const answer = await grep(search, { path: "src", include: "*.js" }, tree());
    expect(answer).toContain("xneedley");
    expect(answer).toContain("[column 50001; line clipped]");
    expect(answer.length).toBeLessThan(600);
  });

  it("a glob for everything does not override the ignore files", async () => {
    const directory = tree();
    for (const include of ["**/*", "*", "**"])
      expect(await grep(search, { include }, directory)).not.toContain("ignored");
    expect(await call("glob", search, { pattern: "**/*" }, directory)).not.toContain("ignored");
    expect((await call("glob", search, { pattern: "src/*.ts" }, directory)).trim()).toBe("src/a.ts");
  });

  it("glob names what it leaves out, and takes no file as a folder", async () => {
    const directory = tree();
    expect(await call("glob", search, { pattern: "src/*", limit: 1 }, directory)).toMatch(
      /^src\/\S+\n1 more not shown: narrow the pattern, or raise limit$/,
    );
    expect(await call("glob", search, { pattern: "*.rb" }, directory)).toBe(
      "No files; hidden and ignored ones are left out.",
    );
    await expect(
      call("glob", search, { pattern: "*", path: join("src", "a.ts") }, directory),
    ).rejects.toThrow("src/a.ts is a file: give a folder");
  });
});
