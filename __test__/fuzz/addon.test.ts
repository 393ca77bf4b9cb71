import { spawn } from "node:child_process";
import { join } from "node:path";
import { build } from "tsdown";
import { beforeAll, describe, expect, it } from "vitest";
import { FUZZ_INPUTS } from "../differential/size.js";
import { temporaryFolder } from "../native/temporary.js";

/**
 * Random patterns, globs, rules and rewrites: each must end in an answer or a typed error. They are tried in processes
 * of their own, so that one that kills its process is a failure with its input.
 */
const inputs = FUZZ_INPUTS ?? 2_000;
const PER_PROCESS = 500;
/** A process that says nothing for so long hangs. */
const SILENCE_MS = 60_000;
const OUT = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "orchestrator-fuzz");

beforeAll(async () => {
  await build({
    entry: { process: join(import.meta.dirname, "fuzz-process.ts") },
    outDir: OUT,
    format: "esm",
    platform: "node",
    logLevel: "silent",
    config: false,
    outExtensions: () => ({ js: ".mjs" }),
  });
}, 120_000);

const FILES = {
  "a.ts": "export function foo(a: number) { return a + 1; }\nif (foo(1)) { console.log('x'); }\n",
  "b.py": "def foo(a):\n    return a + 1\n\nprint(foo(1))\n",
  "c.rs": "fn foo(a: i32) -> i32 { a + 1 }\n",
  "d/e.html": "<a href='x'>text</a>\n",
  "d/f.json": '{ "a": [1, 2, { "b": null }] }\n',
  "d/g.yaml": "a:\n  - 1\n  - b: c\n",
  "d/binary": Buffer.from([0, 1, 2, 255]),
  "d/latin": Buffer.from("caf\xe9 a\n", "latin1"),
  "empty.ts": "",
  ".hidden/h.css": "a { color: red }\n",
};

/** Runs one process to its end. Answers what is wrong, if anything. */
function run(root: string, seed: number, count: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(OUT, "process.mjs"), root, String(seed), String(count)]);
    let last = "";
    let errors = "";
    let silence: NodeJS.Timeout;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => child.kill("SIGKILL"), SILENCE_MS);
    };
    heard();
    child.stdout.on("data", (chunk: Buffer) => {
      heard();
      last = (last.slice(last.lastIndexOf("\n", last.length - 2) + 1) + chunk.toString()).slice(-20_000);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4_000);
    });
    child.on("close", (code, signal) => {
      clearTimeout(silence);
      const lines = last.trimEnd().split("\n");
      if (code === 0 && lines.at(-1) === "done") resolve(undefined);
      else resolve(`seed ${seed}: exit ${code ?? signal} after ${lines.at(-1)}\n${errors}`);
    });
  });
}

describe("the addon", () => {
  it(`survives ${inputs} random inputs, and answers or refuses each`, async () => {
    const first = FUZZ_INPUTS === undefined ? 1 : Date.now() % 2 ** 30;
    const root = temporaryFolder(FILES);
    const wrong: string[] = [];
    for (let done = 0; done < inputs; done += 2 * PER_PROCESS) {
      const left = Math.min(inputs - done, 2 * PER_PROCESS);
      const [one, other] = [Math.ceil(left / 2), Math.floor(left / 2)];
      const results = await Promise.all([run(root, first + done, one), run(root, first + done + 1, other)]);
      wrong.push(...results.filter((result) => result !== undefined));
    }
    expect(wrong).toEqual([]);
  }, 3_600_000);
});
