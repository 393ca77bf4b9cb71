import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject, OpenCodeHost, type Project, ScriptedModel, waitUntil } from "../../harness/index.js";
import { Searcher } from "../../src/native/index.js";
import { grepFor, session } from "./asking.js";
import { PLUGIN } from "./stage.js";

/**
 * Many sessions search at once in an OpenCode that may take little more memory than it had before, on a tree whose index
 * would be larger than it may be. The system's limit is `RLIMIT_DATA`, set on the running process: one set at its start
 * cannot be tight, since the host's runtime reserves some 70 GiB that it hardly writes to, and a control group takes
 * rights that a test must not ask for.
 */
const MEBIBYTE = 2 ** 20;
const FILES = 1_200;
const LINES = 600;
const SESSIONS = 12;
/**
 * What the process may reserve on top of what it has: some 250 MiB are the sessions themselves, and with no more than that
 * it is killed without an index, too.
 */
const ROOM = 768 * MEBIBYTE;
/** How much more may be resident at most with an index than without one; the runtime's heap differs by 20 MiB and more. */
const ROOM_OF_INDEX = 96 * MEBIBYTE;

const PATTERNS = [
  "unique_17_token",
  "unique_1[0-9]7_token",
  "(?i)UNIQUE_99\\d_TOKEN",
  "shared\\(17\\); // a[a-c]",
  "const word42\\b",
  "nowhere_in_it",
];

const contents = new Map<string, string>();
let project: Project;
let elsewhere: Project;
let model: ScriptedModel;

beforeAll(async () => {
  for (let at = 0; at < FILES; at++) {
    const lines = Array.from({ length: LINES }, (_, line) => {
      const mixed = Math.imul(at * LINES + line + 1, 0x9e3779b1) >>> 0;
      return `const word${mixed % 99_991} = shared(${line}); // ${mixed.toString(36)}`;
    });
    contents.set(`src/part${at % 20}/file${at}.ts`, `${lines.join("\n")}\nunique_${at}_token\n`);
  }
  [project, elsewhere] = await Promise.all([createProject(), createProject()]);
  for (const [path, text] of contents) {
    await mkdir(dirname(project.path(path)), { recursive: true });
    await writeFile(project.path(path), text);
  }
  model = await ScriptedModel.start({ script: grepFor });
});
afterAll(async () => {
  await model?.close();
  await project?.[Symbol.asyncDispose]();
  await elsewhere?.[Symbol.asyncDispose]();
});

describe.skipIf(process.platform !== "linux")("searches under a memory limit", () => {
  it("would make a larger index than they may", async () => {
    const bytes = await Promise.all(
      [64, 1].map(async (mebibytes) => {
        await using searcher = new Searcher({ index: { maxBytes: mebibytes * MEBIBYTE } });
        const status = await searcher.ready(project.directory);
        expect(status?.state).toBe("ready");
        return status?.bytes ?? 0;
      }),
    );
    expect(bytes[0]).toBeGreaterThan(2 * MEBIBYTE);
    expect(bytes[1]).toBeLessThanOrEqual(MEBIBYTE);
  });

  it("answer many sessions at once as files have it, and keep the host within its memory", async () => {
    const expected = PATTERNS.map(answerTo);
    expect(expected.map(({ length }) => length > 0)).toEqual([true, true, true, true, true, false]);
    const growth: number[] = [];
    for (const native of [{ index: false }, { indexMegabytes: 1 }]) {
      const searched = await searchedBySessions(native);
      for (const answers of searched.answers) expect(answers).toEqual(expected);
      growth.push(searched.growth);
    }
    const [without = 0, withIndex = 0] = growth;
    expect(withIndex).toBeLessThan(without + ROOM_OF_INDEX);
  }, 300_000);
});

/** What each of the sessions was answered to each of the patterns, and how far the process's resident memory rose. */
async function searchedBySessions(native: Readonly<Record<string, unknown>>) {
  await using host = await OpenCodeHost.serve({
    model: { baseURL: model.baseURL },
    plugin: [[PLUGIN, { native }]],
    config: { snapshot: false },
  });
  // What the runtime, the plugin and the addon take on their own is there when measuring begins.
  await (await session(host, elsewhere.directory))("find Project");
  const asks = await Promise.all(Array.from({ length: SESSIONS }, () => session(host, project.directory)));
  const before = memoryOf(host.pid);
  const most = before.data + ROOM;
  execFileSync("prlimit", ["--pid", `${host.pid}`, `--data=${most}`]);
  expect(readFileSync(`/proc/${host.pid}/limits`, "utf8")).toMatch(
    new RegExp(`^Max data size +${most} `, "m"),
  );
  // The most it has been resident is counted from here on.
  writeFileSync(`/proc/${host.pid}/clear_refs`, "5");
  const answers = await Promise.all(
    asks.map(async (ask, at) => {
      const found: string[][] = [];
      // Each begins with another pattern.
      for (let turn = 0; turn < PATTERNS.length; turn++) {
        const index = (at + turn) % PATTERNS.length;
        found[index] = linesOf(await ask(`find ${PATTERNS[index]}`));
      }
      return found;
    }),
  );
  expect(host.exit).toBeUndefined();
  const after = memoryOf(host.pid);
  if (native["index"] !== false)
    await waitUntil(() => hasIndexed(host), { what: "the index to be saved", timeoutMs: 60_000 });
  return { answers, growth: after.mostResident - before.resident };
}

/** Whether the host has built an index of the large project: it saves each that it has built. */
async function hasIndexed(host: OpenCodeHost): Promise<true | undefined> {
  const folder = join(host.home.directory, "cache", "opencode-orchestrator", "index");
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.some((size) => size > MEBIBYTE / 2) || undefined;
}

/** Bytes that a process may write to, has in memory, and has had there at most. */
function memoryOf(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
  return { data: bytes("VmData"), resident: bytes("VmRSS"), mostResident: bytes("VmHWM") };
}

/** `path:line: text` of every matching line, by the contents that were written. */
function answerTo(pattern: string): string[] {
  const expression = pattern.startsWith("(?i)") ? new RegExp(pattern.slice(4), "i") : new RegExp(pattern);
  return [...contents]
    .flatMap(([path, text]) =>
      text
        .split("\n")
        .flatMap((line, index) => (expression.test(line) ? [`${path}:${index + 1}: ${line}`] : [])),
    )
    .sort();
}

/** The same out of the tool's answer, which groups the lines by file. */
function linesOf(answer: string): string[] {
  let path = "";
  const lines = answer.split("\n").flatMap((line) => {
    if (line.startsWith("src/")) path = line;
    return /^\d+: /.test(line) ? [`${path}:${line}`] : [];
  });
  expect(answer).toMatch(lines.length === 0 ? /^No matches\./ : `${lines.length} match`);
  return lines.sort();
}
