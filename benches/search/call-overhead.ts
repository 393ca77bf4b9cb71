import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cell, timeQuery } from "./comparison.js";
import type { Query } from "./engines/engine.js";
import type { EngineName } from "./engines/names.js";
import { HostPool } from "./hosts/host-pool.js";

const SCHEDULE = { rounds: 500, budgetMs: 5_000 };

/** What is left of a search where there is almost nothing to search: a folder of one file of one line. */
export async function measureCallOverhead(engines: readonly EngineName[]): Promise<Cell[]> {
  const root = await mkdtemp(join(tmpdir(), "bench-one-file-"));
  await mkdir(join(root, ".git"));
  await writeFile(join(root, "one.ts"), "export const one = 1;\n");
  try {
    await using hosts = new HostPool(root);
    const query: Query = { kind: "text", name: "one-line", pattern: "export", literal: true };
    return await timeQuery({ section: "call", tree: "one file" }, query, engines, hosts, SCHEDULE);
  } finally {
    await rm(root, { recursive: true });
  }
}
