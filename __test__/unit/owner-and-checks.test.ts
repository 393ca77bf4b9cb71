import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeSetCovers } from "../../src/mission/index.js";
import { Searcher } from "../../src/native/index.js";
import { ProjectChecks } from "../../src/node/checks.js";
import { processOwner } from "../../src/node/owner.js";
import { temporaryFolder } from "../native/temporary.js";

const nothing = async () => ({ errors: [], servers: [], unchecked: [] });

const { holder } = processOwner;
const me = holder as { host: string; pid: number; started: string };

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

describe("the owner of a lease", () => {
  it("is told as this host, this process and its start", () => {
    expect(me).toMatchObject({ host: hostname(), pid: process.pid });
    expect(JSON.parse(JSON.stringify(holder))).toEqual(holder);
  });

  it("is not dead while it is this process, or another one that lives", async () => {
    expect(processOwner.isDead(holder)).toBe(false);
    const child = spawn("sleep", ["60"]);
    expect(processOwner.isDead({ ...me, pid: child.pid, started: "unknown" })).toBe(false);
    await ended(child);
  });

  it("is dead when its process was killed", async () => {
    const child = spawn("sleep", ["60"]);
    const other = { ...me, pid: child.pid, started: "unknown" };
    await ended(child);
    expect(processOwner.isDead(other)).toBe(true);
  });

  it.runIf(process.platform === "linux")(
    "is dead when its number has gone to a process that was started later",
    () => {
      expect(processOwner.isDead({ ...me, started: `${me.started}0` })).toBe(true);
    },
  );

  it.each([
    ["of another host", { ...me, host: "elsewhere", pid: 999_999_999 }],
    ["that nobody understands", { pid: 999_999_999 }],
    ["that is nothing", null],
    ["with a broken number", { ...me, pid: 1.5 }],
  ])("is never called dead: one %s", (_, other) => {
    expect(processOwner.isDead(other)).toBe(false);
  });

  it("is not dead when it belongs to somebody else", () => {
    // Process 1 is there, whoever it belongs to.
    expect(processOwner.isDead({ ...me, pid: 1, started: "unknown" })).toBe(false);
  });
});

describe("the checks of a project", () => {
  const FILES = [
    "a",
    "b.ts",
    ".env",
    "src/a.ts",
    "src/.hidden/b.ts",
    "src/deep/er/c.ts",
    "ignored/x.ts",
    "app/[id]/page.tsx",
    "app/i/page.tsx",
    "größe/😀.md",
  ];
  const project = () =>
    temporaryFolder({
      ...Object.fromEntries(FILES.map((file) => [file, "const x = 1;\n"])),
      ".gitignore": "ignored/\n",
      ".git/HEAD": "",
    });
  const { signal } = new AbortController();

  it("see the files that a write set covers, hidden and ignored ones too", async () => {
    const checks = new ProjectChecks(project(), new Searcher(), nothing);
    const part = fc.constantFrom(
      "a",
      "src",
      "*",
      "**",
      "?",
      "*.ts",
      "{a,src}",
      "deep",
      "[id]",
      "app",
      ".env",
      "page.tsx",
    );
    const globs = fc.array(
      fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
      { minLength: 1, maxLength: 2 },
    );
    await fc.assert(
      fc.asyncProperty(globs, async (writes) => {
        const seen = (await checks.files(writes, signal)).filter((path) => FILES.includes(path));
        // `a/**` is taken to cover a file `a` too, which a search does not find: more is allowed than looked at.
        const covered = FILES.filter(
          (path) => writeSetCovers(writes, path) && !writes.some((one) => writeSetCovers([one], `${path}/x`)),
        );
        expect(seen.filter((path) => !writeSetCovers(writes, path))).toEqual([]);
        expect(covered.filter((path) => !seen.includes(path))).toEqual([]);
      }),
      { numRuns: 150 },
    );
    expect(await checks.files(["app/[id]/**", "*.ts"], signal)).toEqual(["app/[id]/page.tsx", "b.ts"]);
  });

  it("find what does not parse, and pass over what nobody can parse", async () => {
    const folder = temporaryFolder({ "bad.ts": "const = 1;\n", "good.ts": "1;\n", "x.unknown": "(" });
    const checks = new ProjectChecks(folder, new Searcher(), nothing);
    const findings = await checks.syntax(["bad.ts", "good.ts", "x.unknown", "gone.ts"], signal);
    expect(new Set(findings.map((one) => one.path))).toEqual(new Set(["bad.ts"]));
    expect(findings[0]).toMatchObject({ line: 1, message: expect.any(String) });
  });

  it("say whether a file is there, and run commands in the project", async () => {
    const checks = new ProjectChecks(project(), new Searcher(), nothing);
    expect([await checks.exists("src/a.ts"), await checks.exists("src/z.ts")]).toEqual([true, false]);
    const result = await checks.command("test -f src/a.ts", { timeoutMs: 5_000, signal });
    expect(result.exitCode).toBe(0);
  });
});
