import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { rgPath } from "@vscode/ripgrep";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../native/temporary.js";
import { parsed, run } from "./run.js";

const tree = () =>
  temporaryFolder({
    ".git/HEAD": "ref: refs/heads/main\n",
    ".gitignore": "ignored/\n",
    "ignored/a.ts": "needle\n",
    ".hidden.ts": "needle\n",
    "a.ts": "one\nthe Needle is here, the needle\nthree\nfour\nfive\nneedle()\n",
    "sub/b.ts": "größe needle\r\nneedles\r\n",
    "sub/deep/c.md": "-x a(b [c] needle.\nno\nneedle\nneedle\n",
    "sub/empty.txt": "",
    "binary.bin": Buffer.from("needle\0needle\n"),
  });

/** What ripgrep prints, and its exit code. */
function ripgrep(args: readonly string[], cwd: string): { out: string; code: number } {
  try {
    const all = ["--no-config", "--no-messages", "--color=never", "--line-number", "--sort=path", ...args];
    return {
      out: execFileSync(rgPath, all, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
      code: 0,
    };
  } catch (error) {
    const { stdout, status } = error as { stdout: string; status: number };
    return { out: stdout, code: status };
  }
}

describe("grep prints what ripgrep prints", () => {
  it.each<[string[]]>([
    [["needle"]],
    [["-i", "NEEDLE"]],
    [["-S", "needle"]],
    [["-S", "Needle"]],
    [["-i", "-s", "Needle"]],
    [["-w", "needle"]],
    [["-F", "a(b"]],
    [["-e", "-x"]],
    [["-e", "three", "-e", "größe"]],
    [["-F", "-e", "a(b", "-e", "needle."]],
    [["-U", "three\\nfour"]],
    [["-U", "one\\n[^z]*?four"]],
    [["-C1", "needle"]],
    [["-A", "1", "-B", "2", "needle"]],
    [["-A1", "-C0", "three"]],
    [["-g", "*.md", "needle"]],
    [["-g", "!*.md", "needle"]],
    [["-g", "*.ts", "-g", "!sub/**", "needle"]],
    [["--hidden", "needle"]],
    [["--no-ignore", "needle"]],
    [["-l", "needle"]],
    [["nowhere"]],
    [["needle", "sub"]],
    [["needle", "sub/"]],
    [["-C1", "needle", "sub/deep"]],
    [["--", "-x"]],
  ])("%j", async (args) => {
    const directory = tree();
    // ripgrep says of a binary file that it matches; we count it in the summary.
    const position = ["-g", "!*.bin", ...args];
    for (const terminal of [false, true]) {
      const mine = await run(["grep", ...position], { directory, terminal });
      const theirs = ripgrep([terminal ? "--heading" : "--no-heading", ...position], directory);
      expect({ out: mine.out.replaceAll("\r", ""), code: mine.code }).toEqual({
        ...theirs,
        out: theirs.out.replaceAll("\r", ""),
      });
    }
  });
});

it("grep -c prints what ripgrep's --count-matches prints", async () => {
  const directory = tree();
  const mine = await run(["grep", "-c", "needle", "sub"], { directory });
  expect({ out: mine.out, code: mine.code }).toEqual(
    ripgrep(["--count-matches", "needle", "sub"], directory),
  );
});

describe("grep's answers", () => {
  it("--json is an object for each match, with the path as seen from here, and then the summary", async () => {
    const { code, out } = await run(["grep", "--json", "needle", "sub/../a.ts"], { directory: tree() });
    const { objects, summary } = parsed(out);
    expect(objects).toEqual([
      {
        path: "sub/../a.ts",
        line: 2,
        column: 25,
        byteStart: 28,
        byteEnd: 34,
        text: "the Needle is here, the needle",
      },
      { path: "sub/../a.ts", line: 6, column: 1, byteStart: 51, byteEnd: 57, text: "needle()" },
    ]);
    expect(summary).toEqual({
      total: 2,
      totalExact: true,
      filesMatched: 1,
      filesSearched: 1,
      leftOut: 0,
      skippedBinary: 0,
      unreadable: [],
    });
    expect(code).toBe(0);
  });

  it("--json has a summary also when there is nothing", async () => {
    const { code, out } = await run(["grep", "--json", "nowhere"], { directory: tree() });
    expect(parsed(out)).toMatchObject({ objects: [], summary: { total: 0, leftOut: 0 } });
    expect(code).toBe(1);
  });

  it("--json has the lines around, and says of a clipped line where its text begins", async () => {
    const directory = temporaryFolder({
      "a.txt": `before\n${"x".repeat(5_000)}needle${"y".repeat(5_000)}\n`,
    });
    const { out } = await run(["grep", "--json", "-B1", "-M", "100", "needle"], { directory });
    const [match] = parsed(out).objects;
    expect(match).toMatchObject({ column: 5_001, clipped: true, before: [{ line: 1, text: "before" }] });
    const { text, textColumn } = match as { text: string; textColumn: number };
    expect(text.indexOf("needle")).toBe(5_001 - textColumn);
  });

  it("says that a long line is clipped", async () => {
    const directory = temporaryFolder({ "a.txt": `${"x".repeat(5_000)}needle\n` });
    const { out } = await run(["grep", "needle"], { directory });
    expect(out).toMatch(/^a\.txt:1:x+needle \[line clipped; match at column 5001\]\n$/);
    expect(out.length).toBeLessThan(2_100);
  });

  it("colours only what is asked to be: path, line and each match", async () => {
    const directory = temporaryFolder({ "a.txt": "größe needle, needle\n" });
    const { out } = await run(["grep", "needle"], { directory, colour: true });
    const [path, line, match, end] = ["\u001b[35m", "\u001b[32m", "\u001b[1;31m", "\u001b[0m"];
    expect(out).toBe(`${path}a.txt${end}:${line}1${end}:größe ${match}needle${end}, ${match}needle${end}\n`);
  });

  it("names a path that the system does not let it read, and ends with 2", async () => {
    const directory = tree();
    // A link to itself: nobody can read it, not even root.
    symlinkSync("x", join(directory, "x"));
    const { code, err } = await run(["grep", "needle", "x"], { directory });
    expect(code).toBe(2);
    expect(err).toMatch(/^opencode-orchestrator grep: cannot read .*x: /);
  });

  it("says when there was no file to search", async () => {
    const { code, err } = await run(["grep", "-g", "*.rb", "needle"], { directory: tree() });
    expect(code).toBe(1);
    expect(err).toContain("No file was searched");
  });
});

describe("errors say what is wrong, where, and the way out", () => {
  it.each<[string[], string]>([
    [
      ["grep", "ä(b"],
      "opencode-orchestrator grep: invalid regular expression: unclosed group\n  ä(b\n   ^\n" +
        "To search for it as it stands, add -F (--fixed-strings).",
    ],
    [["grep", "one\\nthe"], "one\\nthe\n     ^\nA match that spans lines needs -U (--multiline)"],
    [["grep", "-g", "{a", "x"], "opencode-orchestrator grep: invalid glob"],
    [["grep", "x", "none"], "Give an existing path"],
    [["grep"], "opencode-orchestrator grep: the pattern is missing\nopencode-orchestrator grep --help"],
    [["grep", "a", "b", "c"], 'one argument too many: "c"'],
    [["grep", "-C", "many", "x"], '--context takes a whole number from 0, not "many"'],
    [["grep", "-m", "0", "x"], '--max-count takes a whole number from 1, not "0"'],
    [["grep", "--sort", "size", "x"], '--sort is one of path, relevance, not "size"'],
    [["grep", "--frob", "x"], "Unknown option '--frob'"],
    [["grep", "-l", "-c", "x"], "-l and -c exclude each other"],
    [["find", "x"], 'There is no command "find"'],
    [[], "Usage: opencode-orchestrator <command>"],
  ])("%j", async (argv, message) => {
    const { code, out, err } = await run(argv, { directory: tree() });
    expect(err).toContain(message);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });

  it("help is on standard output, for all and for each command", async () => {
    for (const name of ["grep", "glob", "ast", "outline", "status", "audit"]) {
      const { code, out, err } = await run([name, "--help"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toMatch(new RegExp(`^Usage: opencode-orchestrator ${name} [^]*Exit codes`));
      expect((await run(["-h"])).out).toContain(`\n  ${name} `);
    }
    // A pattern is a pattern.
    expect((await run(["grep", "-e", "--help"], { directory: tree() })).code).toBe(1);
  });
});
