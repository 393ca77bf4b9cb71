import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TreeSnapshots } from "../src/git/index.js";

/**
 * What it costs to measure a tree before and after a shell command, beside `git status` and beside a look at every
 * file's stamp. Each figure is the median of its rounds in milliseconds; the order changes from round to round.
 */
const FILES = 20_000;
const ROUNDS = 15;

function makeTree(): string {
  const directory = mkdtempSync(join(tmpdir(), "orchestrator-bench-"));
  for (let folder = 0; folder < FILES / 100; folder++) {
    mkdirSync(join(directory, `d${folder}`));
    for (let file = 0; file < 100; file++)
      writeFileSync(
        join(directory, `d${folder}/f${file}.ts`),
        `export const x${file} = ${folder};\n`.repeat(40),
      );
  }
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=B", "-c", "user.email=b@example.invalid", ...args], {
      cwd: directory,
    });
  git("init", "-q");
  git("add", "-A");
  git("commit", "-qm", "Start");
  return directory;
}

async function time(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function main(): Promise<void> {
  const directory = makeTree();
  const tree = new TreeSnapshots(directory, join(directory, ".opencode/orchestrator/tree"));
  try {
    const first = await time(() => tree.snapshot());
    let round = 0;
    const rows: Record<string, () => Promise<unknown>> = {
      "snapshot, nothing changed": () => tree.snapshot(),
      "snapshot, 10 files changed": () => tree.snapshot(),
      "git status": async () =>
        execFileSync("git", ["--no-optional-locks", "status", "--porcelain=v2", "-z", "-uall"], {
          cwd: directory,
        }),
      "lstat of every path": async () => {
        const paths = Array.from({ length: FILES }, (_, n) => `d${Math.floor(n / 100)}/f${n % 100}.ts`);
        await Promise.all(paths.map((path) => lstat(join(directory, path))));
      },
    };
    const times = new Map<string, number[]>(Object.keys(rows).map((name) => [name, []]));
    for (; round < ROUNDS; round++) {
      const order = Object.entries(rows);
      for (const [name, act] of [
        ...order.slice(round % order.length),
        ...order.slice(0, round % order.length),
      ]) {
        await tree.snapshot();
        if (name.includes("10 files"))
          for (let n = 0; n < 10; n++) appendFileSync(join(directory, `d${n}/f${round}.ts`), "more\n");
        times.get(name)?.push(await time(act));
      }
    }
    const base = median(times.get("git status") ?? []);
    const lines = [...times].map(([name, values]) => {
      const value = median(values);
      return `${name.padEnd(28)} ${value.toFixed(0).padStart(6)} ms  ${(value / base).toFixed(2)} of git status`;
    });
    process.stdout.write(
      `${FILES} files, median of ${ROUNDS} rounds\n${lines.join("\n")}\n${"first snapshot".padEnd(28)} ${first.toFixed(0).padStart(6)} ms\n`,
    );
  } finally {
    await tree.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
