import { spawn } from "node:child_process";

/**
 * Starts ripgrep for the process of the tests. To start a program, a process is copied, which takes a small one one
 * millisecond and the tests' ten.
 *
 * @typedef {{ id: number, program: string, args: string[], cwd: string, env: Record<string, string>, user?: number | undefined }} Request
 * @typedef {{ id: number, code: number | null, stdout: Buffer, stderr: Buffer }} Reply
 */

process.on("message", (/** @type {Request} */ { id, program, args, cwd, env, user }) => {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], uid: user, gid: user });
  /** @type {Buffer[]} */
  const stdout = [];
  /** @type {Buffer[]} */
  const stderr = [];
  child.stdout.on("data", (chunk) => stdout.push(chunk));
  child.stderr.on("data", (chunk) => stderr.push(chunk));
  child.on("error", (error) => stderr.push(Buffer.from(String(error))));
  child.on("close", (code) => {
    /** @type {Reply} */
    const reply = { id, code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
    process.send?.(reply);
  });
});
process.on("disconnect", () => process.exit());
