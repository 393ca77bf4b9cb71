import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { waitUntil } from "../../harness/index.js";
import { OwnedProcess } from "../../harness/owned-process.js";

const SLEEP = ["--eval", "setTimeout(() => {}, 60_000)"];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("an owned process", () => {
  it("stops by SIGTERM, and by SIGKILL when it does not listen", async () => {
    const options = { cwd: process.cwd(), env: {} };
    const polite = new OwnedProcess(process.execPath, SLEEP, options);
    expect(await polite.stop(5_000)).toEqual({ code: null, signal: "SIGTERM" });
    const deaf = [
      "--eval",
      "process.on('SIGTERM', () => {}); console.log('up'); setTimeout(() => {}, 60_000)",
    ];
    const stubborn = new OwnedProcess(process.execPath, deaf, options);
    await waitUntil(() => stubborn.stdout.includes("up"), { what: "the process to be up" });
    expect(await stubborn.stop(100)).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("reports a program that does not exist", async () => {
    const missing = new OwnedProcess("/no/such/program", [], { cwd: process.cwd(), env: {} });
    await expect(missing.exited).rejects.toThrow("ENOENT");
  });

  it("does not outlive its parent, even when that is killed with SIGKILL", async () => {
    const directory = await mkdtemp(join(tmpdir(), "orchestrator-owned-"));
    try {
      const parent = spawn(process.execPath, [await parentProgram(directory)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [output] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(output.toString());
      expect(isAlive(pid)).toBe(true);
      parent.kill("SIGKILL");
      await waitUntil(() => !isAlive(pid), { what: "the child to die with its parent", timeoutMs: 5_000 });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

/** A program that owns a sleeping process and prints its id. Node 20 does not run TypeScript: compile it. */
async function parentProgram(directory: string): Promise<string> {
  const source = await readFile(new URL("../../harness/owned-process.ts", import.meta.url), "utf8");
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  await writeFile(join(directory, "owned-process.mjs"), ts.transpile(source, options));
  const program = join(directory, "parent.mjs");
  const lines = [
    `import { OwnedProcess } from "./owned-process.mjs";`,
    `const child = new OwnedProcess(process.execPath, ${JSON.stringify(SLEEP)}, { cwd: ${JSON.stringify(directory)}, env: {} });`,
    `console.log(child.pid);`,
  ];
  await writeFile(program, lines.join("\n"));
  return program;
}
