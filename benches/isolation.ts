import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IsolatedSearch } from "../src/isolation/search.js";
import { type CodeSearch, Searcher } from "../src/native/index.js";

/**
 * What it costs to search in a helper process: each call beside the same call in this process, taking turns, then the
 * start and the memory of a helper. Usage: npm run bench:isolation [rounds]
 */
const rounds = Number(process.argv[2] ?? 60);
const STARTS = 15;

const folder = mkdtempSync(join(tmpdir(), "orchestrator-bench-"));
const one = join(folder, "one");
const many = join(folder, "many");
createTrees();
const pids: number[] = [];
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const log = {
  ...silent,
  info: (_: string, fields?: Readonly<Record<string, unknown>>) => void pids.push(Number(fields?.["pid"])),
};
const here = new Searcher();
const there = new IsolatedSearch({ log });

type Call = (search: CodeSearch) => Promise<unknown>;
/** With a look at the matches: in this process they become objects only then. */
const grepMany = (maxMatches: number) => async (search: CodeSearch) =>
  (await search.grep({ path: many, pattern: "needle", maxMatches })).matches;
const CALLS: readonly (readonly [string, Call])[] = [
  ["grep of 1 file, 1 match", (search) => search.grep({ path: one, pattern: "needle" })],
  ["outline of a small file", (search) => search.outline(join(one, "a.ts"))],
  ["glob, 2,000 paths", (search) => search.glob({ path: many, patterns: ["**/*.ts"] })],
  ["grep of 2,000 files, no match", (search) => search.grep({ path: many, pattern: "nowhere" })],
  ["grep of 2,000 files, 100 matches", grepMany(100)],
  ["grep of 2,000 files, 1,000 matches", grepMany(1_000)],
  ["grep of 2,000 files, 20,000 matches", grepMany(20_000)],
  ["50 greps of 1 file at once", (search) => fifty(() => search.grep({ path: one, pattern: "needle" }))],
];

function createTrees(): void {
  mkdirSync(one);
  writeFileSync(join(one, "a.ts"), "export function needle() {}\n");
  const filler = "  const value = compute(input, options); // and so on\n".repeat(60);
  for (let index = 0; index < 2_000; index++) {
    const parent = join(many, `${index % 50}`);
    mkdirSync(parent, { recursive: true });
    writeFileSync(join(parent, `${index}.ts`), filler + "  needle(found); // here it is\n".repeat(10));
  }
}

function fifty(call: () => Promise<unknown>): Promise<unknown> {
  return Promise.all(Array.from({ length: 50 }, call));
}

async function time(call: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await call();
  return performance.now() - begun;
}

/** Both ways in turn, so that what else the machine does hits both alike. */
async function compare([name, call]: (typeof CALLS)[number]): Promise<string> {
  const answer = JSON.stringify(await call(here)).length;
  for (const search of [here, there]) for (let warm = 0; warm < 3; warm++) await call(search);
  const local: number[] = [];
  const remote: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? ([here, there] as const) : ([there, here] as const);
    for (const search of order) (search === here ? local : remote).push(await time(() => call(search)));
  }
  const ratios = remote.map((value, round) => value / (local[round] ?? Number.NaN));
  const more = median(remote) - median(local);
  return `| ${name} | ${(answer / 1024).toFixed(1)} | ${ms(median(local))} | ${ms(median(remote))} | ${ms(more)} | ${median(ratios).toFixed(2)} |`;
}

async function start(): Promise<number> {
  const search = new IsolatedSearch({ log });
  const call = () => search.outline(join(one, "a.ts"));
  const first = await time(call);
  const second = await time(call);
  await search.close();
  return first - second;
}

/** Of a helper, in MiB: what it has resident, and of that what it shares with nobody. */
function memory(pid: number | undefined): string {
  if (process.platform !== "linux") return "–";
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(rollup)?.[1]);
  const own = kib("Private_Clean") + kib("Private_Dirty");
  return `${(kib("Rss") / 1024).toFixed(0)} MiB resident, ${(own / 1024).toFixed(0)} MiB its own`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const ms = (value: number) => value.toFixed(2);

const runtime = process.versions["bun"] ? `Bun ${process.versions["bun"]}` : `Node ${process.versions.node}`;
const write = (line: string) => process.stdout.write(`${line}\n`);
try {
  await there.outline(join(one, "a.ts"));
  const fresh = memory(pids[0]);
  write(`Search in a helper process beside search in this one (${runtime}), ${rounds} rounds, medians\n`);
  write("| call | answer, KiB | here, ms | helper, ms | more, ms | ratio |");
  write("|---|---|---|---|---|---|");
  for (const call of CALLS) write(await compare(call));
  const used = memory(pids[0]);
  const starts: number[] = [];
  for (let round = 0; round < STARTS; round++) starts.push(await start());
  write(`\nStart of a helper, added to its first call: median ${ms(median(starts))} ms of ${STARTS}, `);
  write(`fastest ${ms(Math.min(...starts))} ms, slowest ${ms(Math.max(...starts))} ms.`);
  write(`Memory of a helper: ${fresh} after its first call, ${used} after all of the above.`);
} finally {
  await there.close();
  await here.close();
  rmSync(folder, { recursive: true });
}
