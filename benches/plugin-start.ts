import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createProject, OpenCodeHost } from "../harness/index.js";

/**
 * Times the plugin's start in real hosts: module import until `server()` has returned, the load of the native addon
 * with it. One new process a round; the baseline is an empty plugin in the same process.
 * Usage: npm run bench:start [rounds]
 */
const rounds = Number(process.argv[2] ?? 15);
const folder = await mkdtemp(join(tmpdir(), "orchestrator-bench-"));
const output = join(folder, "starts.jsonl");
const url = (path: string) => pathToFileURL(resolve(path)).href;

for (let round = 0; round < rounds; round++) {
  const options = {
    plugin: url("dist/server.js"),
    empty: url("benches/empty-plugin.mjs"),
    emptyFirst: round % 2 === 0,
    output,
  };
  await using project = await createProject();
  await using host = await OpenCodeHost.serve({
    model: { baseURL: "http://127.0.0.1:9/v1" },
    plugin: [[url("benches/start-probe.mjs"), options]],
  });
  await host.client(project.directory).session.list();
}

interface Start {
  readonly importMs: number;
  readonly serverMs: number;
  readonly emptyMs: number;
}
const starts = (await readFile(output, "utf8"))
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Start);
await rm(folder, { recursive: true });

function row(name: string, values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(1);
  return `| ${name} | ${at(0)} | ${at(0.25)} | ${at(0.5)} | ${at(1)} |`;
}

const lines = [
  `Plugin start in the host, ${starts.length} processes, milliseconds`,
  "",
  "| | minimum | first quartile | median | maximum |",
  "|---|---|---|---|---|",
  row(
    "start: import and `server()`",
    starts.map((one) => one.importMs + one.serverMs),
  ),
  row(
    "of it: import",
    starts.map((one) => one.importMs),
  ),
  row(
    "of it: `server()`, with the addon's load",
    starts.map((one) => one.serverMs),
  ),
  row(
    "baseline: start of an empty plugin",
    starts.map((one) => one.emptyMs),
  ),
];
process.stdout.write(`${lines.join("\n")}\n`);
