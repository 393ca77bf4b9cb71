import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/native/index.js";
import { stateFile } from "../../src/node/index.js";
import { put, temporaryFolder } from "../native/temporary.js";
import { FakeSearch } from "./fake-search.js";
import { parsed, run } from "./run.js";

describe("glob", () => {
  const tree = () =>
    temporaryFolder({
      ".git/HEAD": "ref: refs/heads/main\n",
      ".gitignore": "ignored/\n",
      ".hidden/d.ts": "",
      "ignored/a.ts": "",
      "b.ts": "",
      "sub/a.ts": "",
      "sub/c.md": "",
    });

  it.each<[string[], string[]]>([
    [["*.ts"], ["b.ts", "sub/a.ts"]],
    [
      ["*.ts", "*.md"],
      ["b.ts", "sub/a.ts", "sub/c.md"],
    ],
    [
      ["**/*", "!*.md"],
      ["b.ts", "sub/a.ts"],
    ],
    [["*.ts", "--path", "sub"], ["sub/a.ts"]],
    [
      ["*", "--no-ignore"],
      ["b.ts", "ignored/a.ts", "sub/a.ts", "sub/c.md"],
    ],
    [["*.ts", "--limit", "1"], ["b.ts"]],
    [
      ["*.ts", "--sort", "modified"],
      ["sub/a.ts", "b.ts"],
    ],
  ])("%j", async (args, paths) => {
    const directory = tree();
    utimesSync(join(directory, "b.ts"), 1_000, 1_000);
    expect((await run(["glob", ...args], { directory })).out).toBe(paths.map((path) => `${path}\n`).join(""));
    const { objects } = parsed((await run(["glob", "--json", ...args], { directory })).out);
    expect(objects).toEqual(paths.map((path) => ({ path })));
  });

  it("sees hidden files when it is told to", async () => {
    expect((await run(["glob", "*", "--hidden"], { directory: tree() })).out).toContain(".hidden/d.ts\n");
  });

  it("says what is left out, and ends with 1 when there is nothing", async () => {
    const directory = tree();
    const { err, code } = await run(["glob", "*.ts", "--limit", "1"], { directory });
    expect({ err, code }).toEqual({ err: "1 more file left out (--limit).", code: 0 });
    const { out } = await run(["glob", "*.ts", "--limit", "1", "--json"], { directory });
    expect(parsed(out).summary).toEqual({ total: 2, totalExact: true, leftOut: 1, unreadable: [] });
    expect(await run(["glob", "*.rb"], { directory })).toEqual({ code: 1, out: "", err: "" });
  });

  it("refuses what it cannot do", async () => {
    const directory = tree();
    for (const [args, message] of [
      [[], "a pattern is missing"],
      [["!*.ts"], "a pattern is missing"],
      [["*", "--path", "b.ts"], "--path takes a folder, and b.ts is a file"],
      [["sub/[a"], "invalid glob: unclosed character class; missing ']'\n  sub/[a\n      ^\n"],
    ] as const) {
      const { code, err } = await run(["glob", ...args], { directory });
      expect(err).toContain(message);
      expect(code).toBe(2);
    }
  });
});

describe("ast", () => {
  const tree = () =>
    temporaryFolder({
      "a.ts": "log(1);\nif (a) {\n  log(2);\n}\n",
      "sub/b.ts": 'const s = "log(3)";\nlog(s);\n',
      "c.py": "log(5)\n",
      "rule.yml": "language: typescript\nrule:\n  kind: if_statement\n",
    });

  it("finds code by its shape", async () => {
    const directory = tree();
    expect((await run(["ast", "log($A)", "--lang", "typescript"], { directory })).out).toBe(
      "a.ts:1:log(1)\na.ts:3:log(2)\nsub/b.ts:2:log(s)\n",
    );
    expect((await run(["ast", "log($A)", "sub"], { directory, terminal: true })).out).toBe(
      "sub/b.ts\n2:log(s)\n",
    );
    expect(await run(["ast", "nothing($A)"], { directory })).toMatchObject({ code: 1, out: "" });
  });

  it("finds by a rule's file", async () => {
    const { out, code } = await run(["ast", "--rule", "rule.yml", "a.ts"], { directory: tree() });
    expect({ out, code }).toEqual({ out: "a.ts:2:if (a) {\na.ts:3:  log(2);\na.ts:4:}\n", code: 0 });
  });

  it("--json has the range and the variables", async () => {
    const { out } = await run(["ast", "log($A)", "sub", "--json"], { directory: tree() });
    const { objects, summary } = parsed(out);
    expect(objects).toEqual([
      {
        path: "sub/b.ts",
        line: 2,
        column: 1,
        endLine: 2,
        endColumn: 7,
        byteStart: 20,
        byteEnd: 26,
        language: "typescript",
        text: "log(s)",
        variables: { A: ["s"] },
      },
    ]);
    expect(summary).toMatchObject({
      total: 1,
      totalExact: true,
      filesMatched: 1,
      leftOut: 0,
      unreadable: [],
    });
  });

  it("--limit counts what it leaves out", async () => {
    const { out, err } = await run(["ast", "log($A)", "--limit", "1"], { directory: tree() });
    expect(out).toBe("a.ts:1:log(1)\n");
    expect(err).toBe("3 more matches left out (--limit).");
  });

  it("--rewrite shows the diff and writes nothing; --apply writes it", async () => {
    const directory = tree();
    const args = ["ast", "log($A)", "sub", "--rewrite", "note($A)"];
    const preview = await run(args, { directory });
    expect(preview.out).toContain(
      '--- a/sub/b.ts\n+++ b/sub/b.ts\n@@ -1,2 +1,2 @@\n const s = "log(3)";\n-log(s);\n+note(s);\n',
    );
    expect(preview.err).toBe("1 replacement in 1 file. Nothing is written: add --apply.");
    expect(readFileSync(join(directory, "sub/b.ts"), "utf8")).toContain("\nlog(s);");
    const { objects, summary } = parsed((await run([...args, "--json"], { directory })).out);
    expect(objects).toEqual([
      { path: "sub/b.ts", edits: 1, nested: 0, breaksSyntax: false, diff: preview.out },
    ]);
    expect(summary).toMatchObject({ total: 1, applied: false });
    expect(await run([...args, "--apply"], { directory })).toEqual({
      code: 0,
      out: "sub/b.ts: 1 replacement\n",
      err: "",
    });
    expect(readFileSync(join(directory, "sub/b.ts"), "utf8")).toContain("\nnote(s);");
    expect((await run([...args, "--apply"], { directory })).code).toBe(1);
  });

  it("warns of a rewrite after which a file would not parse", async () => {
    const search = new FakeSearch();
    search.edits = [{ path: "a.ts", diff: "", edits: 1, nested: 0, breaksSyntax: true }];
    expect((await run(["ast", "a", "--rewrite", "b("], { search })).err).toContain(
      "a.ts would not parse after it",
    );
  });

  it("refuses what it cannot do", async () => {
    const directory = tree();
    for (const [args, message] of [
      [[], "the pattern is missing: give one, or --rule"],
      [["a", "--apply"], "--apply goes with --rewrite"],
      [["a", "--rewrite", "b", "--limit", "1"], "--limit does not go with --rewrite"],
      [["--rule", "none.yml"], "--rule none.yml cannot be read"],
      [["--rule", "rule.yml", "a", "b"], 'one argument too many: "b"'],
      [
        ["log(", "--lang", "typescript"],
        "it does not parse as typescript\n  log(\n  ^\nA pattern is whole code",
      ],
      [["log($A)", "--rewrite", "note($B)"], "binds no meta variable `B`\n  note($B)\n       ^\n"],
      [["a", "--lang", "klingon"], "Languages: "],
    ] as const) {
      const { code, err } = await run(["ast", ...args], { directory });
      expect(err).toContain(message);
      expect(code).toBe(2);
    }
  });
});

it("outline lists what a file declares", async () => {
  const directory = temporaryFolder({
    "a.ts": "export class A {\n  m() {}\n}\n",
    "b.ts": "1;\n",
    "c.zzz": "",
  });
  expect(await run(["outline", "a.ts"], { directory })).toEqual({
    code: 0,
    out: "class A 1-3\n  method m 2-2\n",
    err: "",
  });
  const { objects, summary } = parsed((await run(["outline", "a.ts", "--json"], { directory })).out);
  expect(objects[1]).toMatchObject({ kind: "method", name: "m", depth: 1, line: 2, endLine: 2 });
  expect(summary).toEqual({ total: 2, totalExact: true });
  expect((await run(["outline", "b.ts"], { directory })).code).toBe(1);
  for (const args of [[], ["none.ts"], ["c.zzz"], ["a.ts", "b.ts"]])
    expect((await run(["outline", ...args], { directory })).code).toBe(2);
});

describe("status and audit", () => {
  const project = async () => {
    const directory = temporaryFolder({ ".opencode/orchestrator/.gitignore": "*\n" });
    const store = await openStore(stateFile(directory), { durability: "process" });
    await put(store, { "note/a": 1 }, "first");
    await put(store, { "note/b": 2 }, "second");
    await store.close();
    return directory;
  };

  it("work on --project, which may stand before the command", async () => {
    const directory = await project();
    expect(await run(["--project", directory, "audit", "verify"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^The audit chain holds: 2 commits, head [0-9a-f]{64}\.\n$/),
    });
    const log = await run(["audit", "log", "--json", "--project", directory]);
    const commits = log.out.trimEnd().split("\n");
    expect(commits.map((line) => JSON.parse(line).actor)).toEqual(["first", "second"]);
    expect(await run(["--json", "status"], { directory })).toEqual({ code: 0, out: "[]\n", err: "" });
  });

  it("end with 1 when the check fails, 2 for wrong usage, 3 when they cannot be carried out", async () => {
    const directory = await project();
    const file = stateFile(directory);
    expect((await run(["audit", "frob"], { directory })).code).toBe(2);
    expect((await run(["audit"], { directory })).err).toContain("give verify, log or export");
    expect((await run(["status", "all"], { directory })).code).toBe(2);
    const nowhere = await run(["status"], { directory: temporaryFolder() });
    expect(nowhere).toMatchObject({ code: 3, out: "" });
    expect(nowhere.err).toContain("There is no mission state at ");
    writeFileSync(file, Buffer.alloc(10_000, "garbage!"));
    const damaged = await run(["audit", "verify"], { directory });
    expect(damaged.code).toBe(3);
    expect(damaged.err).toContain("state recover");
  });

  it("back up, compact, export, import and recover the state", async () => {
    const directory = await project();
    expect((await run(["state"], { directory })).err).toContain("give backup, compact, recover, import");
    expect((await run(["state", "backup", "--keep", "0"], { directory })).code).toBe(2);
    const backup = JSON.parse((await run(["state", "backup", "--json"], { directory })).out);
    expect(backup).toMatchObject({ revision: 2 });
    expect(await run(["state", "recover"], { directory })).toMatchObject({
      code: 0,
      out: "The state is sound; nothing was changed.\n",
    });
    const exported = await run(["audit", "export"], { directory });
    const elsewhere = temporaryFolder({ "state.jsonl": exported.out });
    expect(await run(["state", "import", "state.jsonl"], { directory: elsewhere })).toEqual({
      code: 0,
      out: "Imported 2 commits; the chain holds.\n",
      err: "",
    });
    expect((await run(["audit", "export"], { directory: elsewhere })).out).toBe(exported.out);
    expect((await run(["state", "import", "state.jsonl"], { directory: elsewhere })).code).toBe(3);
    expect((await run(["state", "compact", "--revisions", "1"], { directory })).out).toBe(
      "0 values of 0 bytes were dropped; revisions from 1 on can be read.\n",
    );
    writeFileSync(stateFile(directory), "no database");
    const recovered = await run(["state", "recover"], { directory });
    expect(recovered.out).toContain(`Rebuilt: 2 commits, 2 of them from ${backup.path}`);
    expect((await run(["audit", "verify"], { directory })).code).toBe(0);
  });
});
