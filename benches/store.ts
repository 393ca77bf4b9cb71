import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NativeError, type NativeStore, openStore, WorkStealingLanes } from "../src/native/index.js";

/**
 * The store as JavaScript meets it: reads beside an empty native call, and commits in flight. `npm run bench:store`.
 * Rounds are interleaved; the fastest of each is printed first, because the machine may stall.
 */
const ROUNDS = 30;
const READS = 2_000;
const COMMITS = 1_000;

const folder = mkdtempSync(join(tmpdir(), "store-bench-"));
const task = (n: number) => ({
  id: `T${n}`,
  title: "Parse the options of the command line",
  state: "running",
  attempt: 1,
  dependsOn: ["T1", "T2"],
  writeSet: ["src/options/**"],
  acceptance: [{ command: "npm test -- options", timeoutMs: 60_000 }],
});

const put = (store: NativeStore, key: string, value: unknown) =>
  store.commit({
    actor: "bench",
    mission: "M1",
    snapshot: 0,
    readKeys: [],
    readPrefixes: [],
    writes: [{ key, value }],
  });

async function inFlight(store: NativeStore, count: number): Promise<void> {
  let next = 0;
  const writer = async () => {
    for (let n = next++; n < COMMITS; n = next++) await put(store, `mission/M1/task/T${n % 100}`, task(n));
  };
  await Promise.all(Array.from({ length: count }, writer));
}

try {
  const full = await openStore(join(folder, "full.db"));
  const quick = await openStore(join(folder, "quick.db"), { durability: "process" });
  for (const store of [full, quick]) await inFlight(store, 50);
  const snapshot = quick.snapshot();
  const lanes = new WorkStealingLanes({ worker: 1 });
  const contests: readonly (readonly [string, number, () => void | Promise<void>])[] = [
    ["an empty native call", READS, () => times(() => lanes.cancel("none"))],
    ["snapshot()", READS, () => times(() => quick.snapshot())],
    ["get of a task", READS, () => times((n) => quick.get(`mission/M1/task/T${n % 100}`))],
    [
      "get of a task at a snapshot",
      READS,
      () => times((n) => quick.get(`mission/M1/task/T${n % 100}`, snapshot)),
    ],
    ["get of a key that is not there", READS, () => times((n) => quick.get(`none/${n}`))],
    ["list of 100 tasks", 100, () => times(() => quick.list("mission/M1/task/"), 100)],
    ["commit, full, one after another", COMMITS, () => inFlight(full, 1)],
    ["commit, full, 50 in flight", COMMITS, () => inFlight(full, 50)],
    ["commit, process, one after another", COMMITS, () => inFlight(quick, 1)],
    ["commit, process, 50 in flight", COMMITS, () => inFlight(quick, 50)],
  ];
  const found = contests.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round++)
    for (const [at, [, count, run]] of contests.entries()) {
      const begun = performance.now();
      await run();
      found[at]?.push(((performance.now() - begun) * 1_000) / count);
    }
  print(contests.map(([name], at) => ({ name, us: (found[at] ?? []).sort((a, b) => a - b) })));
  await Promise.all([full.close(), quick.close()]);
} catch (error) {
  if (error instanceof NativeError) process.stderr.write(`${error.code}: `);
  throw error;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function times(run: (n: number) => unknown, count = READS): void {
  for (let n = 0; n < count; n++) run(n);
}

function print(rows: readonly { readonly name: string; readonly us: readonly number[] }[]): void {
  const empty = rows[0]?.us[0] ?? 1;
  const lines = rows.map(({ name, us }) => {
    const [least = 0, quartile = 0, median = 0] = [0, 0.25, 0.5].map(
      (part) => us[Math.floor(part * us.length)],
    );
    return `| ${name} | ${[least, quartile, median].map((each) => each.toFixed(2)).join(" | ")} | ${(least / empty).toFixed(0)} |`;
  });
  process.stdout.write(
    `| µs for each | minimum | first quartile | median | ÷ an empty call |\n|---|---|---|---|---|\n${lines.join("\n")}\n`,
  );
}
