#!/usr/bin/env node
import { homedir } from "node:os";
import { confirm } from "./confirm.js";
import { main } from "./dispatch.js";
import { EXIT } from "./environment.js";
import { Output } from "./output.js";

/** How long a command has to end by itself after Ctrl-C. */
const GRACE_MS = 1_000;

const interruption = new AbortController();
// Only once: a second Ctrl-C ends the process as it always does, and so does work that does not stop.
process.once("SIGINT", () => {
  interruption.abort();
  setTimeout(() => process.kill(process.pid, "SIGINT"), GRACE_MS).unref();
});
// Who reads no errors is not told of this one.
process.stderr.on("error", () => undefined);

const { stdin, stdout, stderr, env } = process;
const code = await main(process.argv.slice(2), {
  out: new Output(stdout, interruption.signal),
  warn: (line) => stderr.write(line.endsWith("\n") ? line : `${line}\n`),
  directory: process.cwd(),
  terminal: stdout.isTTY === true,
  colour: stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb",
  signal: interruption.signal,
  openSearch: async () => {
    const { Searcher } = await import("../native/index.js");
    // One search does not pay for an index.
    return new Searcher({ index: false });
  },
  surroundings: { variables: env, home: homedir() },
  confirm: stdin.isTTY ? (question) => confirm(question, interruption.signal) : undefined,
});
process.exitCode = code;
// What nobody waits for any more need not be written out.
if (code === EXIT.interrupted) process.exit();
