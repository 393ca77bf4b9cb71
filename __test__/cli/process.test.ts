import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../native/temporary.js";

// Below the repository, where the native core is found.
const repository = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(repository, "node_modules", ".cache", `orchestrator-cli-${process.pid}`);
const program = join(folder, "cli.js");

beforeAll(async () => {
  await build({
    config: false,
    cwd: repository,
    entry: { cli: "src/cli/main.ts" },
    outDir: folder,
    format: "esm",
    platform: "node",
    target: "node20.19",
    deps: { alwaysBundle: ["zod", "jsonc-parser"] },
    alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
    outExtensions: () => ({ js: ".js" }),
    dts: false,
    logLevel: "error",
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(args: readonly string[], cwd: string): ChildProcess {
  return spawn(process.execPath, [program, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
}

/** Everything that a stream gives from now on. */
async function text(stream: NodeJS.ReadableStream | null): Promise<string> {
  let all = "";
  for await (const chunk of stream ?? []) all += chunk;
  return all;
}

async function end(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; err: string }> {
  const closed = once(child, "close") as Promise<[number | null, string | null]>;
  const err = await text(child.stderr);
  const [code, signal] = await closed;
  return { code, signal, err };
}

/** More than any pipe holds: a reader that stops stops the writer. */
const large = () => temporaryFolder({ "a.txt": `needle ${"x".repeat(1_900)}\n`.repeat(2_000) });

describe("the program", () => {
  it.each([
    [["grep", "needle"], 0, "a.txt:1:needle\n"],
    [["grep", "nowhere"], 1, ""],
    [["grep", "a(b"], 2, ""],
    [["--help"], 0, expect.stringContaining("Usage: ")],
  ])("%j ends with %i", async (args, code, out) => {
    const child = start(args, temporaryFolder({ "a.txt": "needle\n" }));
    const [written, ended] = await Promise.all([text(child.stdout), end(child)]);
    expect({ out: written, ...ended }).toEqual({
      out,
      code,
      signal: null,
      err: code === 2 ? expect.stringContaining("unclosed group") : "",
    });
  });

  it("writes no colour into a pipe, and everything that it has found", async () => {
    const child = start(["grep", "-m", "1", "needle", "--json"], large());
    const [written, ended] = await Promise.all([text(child.stdout), end(child)]);
    expect(ended.code).toBe(0);
    expect(JSON.parse(written.trimEnd().split("\n").at(-1) ?? "")).toHaveProperty("summary");
    expect(written).not.toContain("\u001b");
  });

  it("ends quietly when nobody reads any more", async () => {
    const child = start(["grep", "needle"], large());
    await once(child.stdout as NodeJS.ReadableStream, "readable");
    child.stdout?.destroy();
    expect(await end(child)).toEqual({ code: 0, signal: null, err: "" });
  });

  it.skipIf(process.platform === "win32")("ends with 130 by Ctrl-C, also while nobody reads", async () => {
    const child = start(["grep", "needle"], large());
    // It has begun, and now waits: the pipe is full.
    await once(child.stdout as NodeJS.ReadableStream, "readable");
    child.kill("SIGINT");
    expect(await end(child)).toEqual({ code: 130, signal: null, err: "" });
  });

  it("loads nothing but what its command needs", () => {
    const loaded = (file: string): string => {
      const source = readFileSync(join(folder, file), "utf8");
      const imported = [...source.matchAll(/^import .*?"\.\/([^"]+)"|^import "\.\/([^"]+)"/gm)];
      return source + imported.map(([, a, b]) => loaded(a ?? b ?? "")).join("");
    };
    const program = loaded("cli.js");
    // Neither zod, nor the missions, nor the native core, nor the installer.
    expect(program).not.toMatch(/ZodType|renderBoard|createRequire|createScanner/);
    const grep = /import\("\.\/(grep-[^"]+)"\)/.exec(program)?.[1] ?? "";
    expect(dirname(grep)).toBe(".");
    expect(loaded(grep)).toContain("files-with-matches");
    expect(loaded(grep)).not.toMatch(/ZodType|renderBoard/);
  });
});
