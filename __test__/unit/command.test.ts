import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand } from "../../src/node/command.js";
import { failureOf, temporaryFolder } from "../native/temporary.js";

const run = (command: string, change: { timeoutMs?: number; signal?: AbortSignal; cwd?: string } = {}) =>
  runCommand(command, {
    cwd: change.cwd ?? temporaryFolder(),
    timeoutMs: change.timeoutMs ?? 20_000,
    signal: change.signal ?? new AbortController().signal,
  });

/** Whether a process runs; one that nobody has waited for yet does not. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return false;
  }
}

async function pidIn(file: string): Promise<number> {
  await expect
    .poll(() => existsSync(file) && readFileSync(file, "utf8").trim(), { interval: 5 })
    .toMatch(/^\d+$/);
  return Number(readFileSync(file, "utf8"));
}

const pipes = () =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return /^(pipe|socket):/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;

describe.runIf(process.platform === "linux")("a command", () => {
  it.each([
    ["true", 0],
    ["exit 7", 7],
    ["no-such-program-anywhere", 127],
    ["kill -9 $$", null],
  ])("%s ends with %s", async (command, exitCode) => {
    expect(await run(command)).toMatchObject({ command, exitCode, timedOut: false });
  });

  it("runs in the given folder, without a terminal's colours and input", async () => {
    const cwd = temporaryFolder();
    const { output } = await run('pwd; echo "$CI $NO_COLOR"; cat', { cwd });
    expect(output).toBe(`${cwd}\n1 1\n`);
  });

  it("that cannot be started says why", async () => {
    const result = await run("true", { cwd: "/no/such/folder" });
    expect(result.exitCode).toBeNull();
    expect(result.output).toContain("ENOENT");
  });

  it("keeps the end of what it prints, on both streams", async () => {
    const { output } = await run("seq 1 50000; echo last >&2");
    expect(output.length).toBe(8_192);
    expect(output).toContain("\n50000\n");
    expect(output).toContain("last");
    expect(output).not.toContain("\n40000\n");
  });

  it("keeps no secret, also where the beginning of one is cut off", async () => {
    const secret = `ghp_${"a1B2".repeat(9)}`;
    const shown = await run(`printf 'token ${secret} end'`);
    expect(shown.output).toBe("token [masked] end");
    // The end that is kept begins in the middle of it.
    const long = await run(`printf '${secret} %08170d' 0`);
    expect(long.output).not.toContain("a1B2");
  });

  it("prints characters of several bytes unbroken", async () => {
    // The three bytes of a euro sign, in two pieces.
    const { output } = await run("printf 'a\\342'; sleep 0.1; printf '\\202\\254b'");
    expect(output).toBe("a€b");
  });

  it("that is too slow is ended with its whole group, also a grandchild that ignores SIGTERM", async () => {
    const cwd = temporaryFolder();
    const deaf = `sh -c 'trap "" TERM; echo $$ > pid; while :; do sleep 0.05; done'`;
    const started = performance.now();
    const result = await run(`${deaf} & ${deaf.replace("pid", "pid2")}; wait`, { cwd, timeoutMs: 300 });
    expect(result).toMatchObject({ exitCode: null, timedOut: true });
    expect(performance.now() - started).toBeLessThan(10_000);
    for (const file of ["pid", "pid2"]) {
      const pid = await pidIn(join(cwd, file));
      await expect.poll(() => isAlive(pid)).toBe(false);
    }
  });

  it("that ignores SIGTERM itself is killed after a grace", async () => {
    const started = performance.now();
    const result = await run(`trap "" TERM; while :; do sleep 0.05; done`, { timeoutMs: 100 });
    expect(result).toMatchObject({ exitCode: null, timedOut: true });
    const tookMs = performance.now() - started;
    expect(tookMs).toBeGreaterThan(2_000);
    expect(tookMs).toBeLessThan(10_000);
  });

  it("that is aborted is ended, and the reason is the signal's", async () => {
    const cwd = temporaryFolder();
    const abort = new AbortController();
    const running = failureOf(run("echo $$ > pid; sleep 60", { cwd, signal: abort.signal }));
    const pid = await pidIn(join(cwd, "pid"));
    abort.abort(new Error("cancelled"));
    expect(await running).toEqual(new Error("cancelled"));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it("is not started when the signal was aborted before", async () => {
    const cwd = temporaryFolder();
    const signal = AbortSignal.abort(new Error("too late"));
    expect(await failureOf(run("touch started", { cwd, signal }))).toEqual(new Error("too late"));
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("that leaves a child behind does not hang, and the child is ended", async () => {
    const cwd = temporaryFolder();
    const started = performance.now();
    const result = await run("sleep 60 & echo $! > pid; echo over", { cwd });
    expect(result).toMatchObject({ exitCode: 0, output: "over\n" });
    expect(performance.now() - started).toBeLessThan(12_000);
    const pid = await pidIn(join(cwd, "pid"));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it("whose child has left the group keeps nothing of ours open", async () => {
    const cwd = temporaryFolder();
    const before = pipes();
    const result = await run(
      `setsid sh -c 'echo $$ > pid; sleep 20' & until test -s pid; do sleep 0.02; done`,
      { cwd },
    );
    expect(result.exitCode).toBe(0);
    const runaway = await pidIn(join(cwd, "pid"));
    try {
      expect(isAlive(runaway)).toBe(true);
      await expect.poll(pipes).toBeLessThanOrEqual(before);
    } finally {
      process.kill(-runaway, "SIGKILL");
    }
  });
});
