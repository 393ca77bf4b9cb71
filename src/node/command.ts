import { type ChildProcess, spawn } from "node:child_process";
import { maskSecrets } from "../log/index.js";
import type { CommandResult } from "../ports/index.js";

/** How much of a command's output is kept: its end, where failures are. */
const KEPT_OUTPUT = 8_192;
/** Until it is over: a secret of which the beginning has been cut off could not be told from other text. */
const HELD_OUTPUT = 4 * KEPT_OUTPUT;
/** Between the polite signal and the last one. */
const GRACE_MS = 2_000;
/** For the last output of a command that has ended. */
const CLOSE_MS = 200;

/**
 * Runs a shell command in its own process group and ends the whole group with it: on a time limit, on abort, and
 * when the command itself leaves children behind.
 */
export async function runCommand(
  command: string,
  options: { readonly cwd: string; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<CommandResult> {
  options.signal.throwIfAborted();
  const started = performance.now();
  const child = spawn(command, {
    cwd: options.cwd,
    shell: true,
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
    env: { ...process.env, CI: "1", NO_COLOR: "1" },
  });
  let output = "";
  const keep = (chunk: string) => {
    output = (output + chunk).slice(-HELD_OUTPUT);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);

  const closed = new Promise((resolve) => child.once("close", resolve));
  let timedOut = false;
  const stop = () => endGroup(child);
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, options.timeoutMs);
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    const exitCode = await new Promise<number | null>((resolve) => {
      child.once("error", (error) => {
        output += error.message;
        resolve(null);
      });
      child.once("exit", (code) => {
        // Children that hold the pipes would keep us waiting for a command that is over.
        signalGroup(child, "SIGKILL");
        resolve(code);
      });
    });
    options.signal.throwIfAborted();
    // What the pipes still hold; a descendant that left the group may keep them open, so not for ever.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
    // It becomes evidence in the state, and part of what agents are told.
    const kept = maskSecrets(output).slice(-KEPT_OUTPUT);
    return { command, exitCode, durationMs: performance.now() - started, timedOut, output: kept };
  } finally {
    clearTimeout(timer);
    // A descendant that left the group could hold the other ends for as long as it lives.
    child.stdout.destroy();
    child.stderr.destroy();
    options.signal.removeEventListener("abort", stop);
  }
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, "SIGTERM");
  const last = setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
  child.once("exit", () => clearTimeout(last));
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32")
      spawn("taskkill", ["/pid", String(child.pid), "/T", "/F"], { windowsHide: true });
    else process.kill(-child.pid, signal);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}
