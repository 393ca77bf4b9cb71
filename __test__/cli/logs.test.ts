import { appendFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { expect, it, onTestFinished, vi } from "vitest";
import { waitUntil } from "../../harness/wait-until.js";
import { temporaryFolder } from "../native/temporary.js";
import { run } from "./run.js";

const NAME = "opencode-orchestrator.log";
const ESC = "\u001b";

function line(event: string, fields: Record<string, unknown> = {}): string {
  return `${JSON.stringify({ time: "2026-01-02T03:04:05.678Z", level: "info", event, pid: 7, ...fields })}\n`;
}

/** A temporary directory with a log in it. */
function stage(content: string) {
  const folder = temporaryFolder({ [NAME]: content });
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv("TMPDIR", folder);
  vi.stubEnv("TEMP", folder);
  return {
    folder,
    file: join(folder, NAME),
    cli: (args: string[], more = {}) => run(["logs", ...args], more),
  };
}

const SOME = [
  line("first", {
    directory: "/p",
    mission: "M1",
    task: "T1",
    session: "ses_1",
    text: `two\nlines ${ESC}[31m\u202e`,
  }),
  line("second", { directory: "/q", mission: "M1", level: "warn", code: 5 }),
  "no event\n",
  '{"half',
].join("");

it("shows a line for each event, and what is in it steers no terminal", async () => {
  const { cli } = stage(SOME);
  expect(await cli([])).toEqual({
    code: 0,
    err: "",
    out:
      '2026-01-02 03:04:05.678 info  first M1 T1 ses_1  text="two\\nlines \\u001b[31m\\u202e"\n' +
      "2026-01-02 03:04:05.678 warn  second M1  code=5\n",
  });
  expect((await cli([], { colour: true })).out).toContain(`${ESC}[33mwarn ${ESC}[0m second M1`);
});

it("picks by mission, project and level, and the last ones", async () => {
  const { cli } = stage(SOME);
  const events = async (...args: string[]) =>
    [...(await cli([...args, "--json"], { directory: "/p" })).out.matchAll(/"event":"(\w+)"/g)].map(
      ([, name]) => name,
    );
  expect(await events()).toEqual(["first", "second"]);
  expect(await events("--mission", "M1")).toEqual(["first"]);
  expect(await events("--mission", "M1", "--project", "/q")).toEqual(["second"]);
  expect(await events("--project", ".")).toEqual(["first"]);
  expect(await events("--level", "warn")).toEqual(["second"]);
  expect(await events("--limit", "1")).toEqual(["second"]);
  expect(await events("--limit", "0")).toEqual([]);
});

it("says so when there is nothing, and ends with 2 for wrong usage", async () => {
  const { folder, cli } = stage("");
  expect(await cli([])).toEqual({ code: 0, out: "", err: `There are no such events in ${folder}.` });
  expect((await cli(["now"])).code).toBe(2);
  expect((await cli(["--level", "all"])).code).toBe(2);
  expect((await cli(["--limit", "some"])).code).toBe(2);
});

it("--follow shows what is written from now on, also when the file is put away, until Ctrl-C", async () => {
  const { folder, file, cli } = stage(line("past"));
  const ctrlC = new AbortController();
  let out = "";
  const stream = new Writable({
    write: (chunk, _, done) => {
      out += chunk;
      done();
    },
  });
  const seen = (what: string) => waitUntil(() => out.includes(what), { what });
  const over = cli(["--follow"], { signal: ctrlC.signal, stream });
  await seen("past");
  appendFileSync(file, line("present").slice(0, 20));
  appendFileSync(file, line("present").slice(20) + line("present2"));
  await seen("present2");
  appendFileSync(file, line("late"));
  renameSync(file, join(folder, `${NAME}.20260102T030405678Z-1`));
  appendFileSync(file, line("anew"));
  await seen("anew");
  ctrlC.abort();
  expect((await over).code).toBe(130);
  expect([...out.matchAll(/info {2}(\w+)/g)].map(([, name]) => name)).toEqual([
    "past",
    "present",
    "present2",
    "late",
    "anew",
  ]);
});
