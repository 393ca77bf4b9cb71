import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../native/temporary.js";
import { builtPrograms } from "./built.js";
import { isolated } from "./isolated.js";

const built = builtPrograms();
const tree = () => temporaryFolder({ "a.ts": "needle\n" });

/** An answer of many megabytes. */
const greedy = () => {
  const text = "needle in a line of a file\n".repeat(20_000);
  const path = temporaryFolder(
    Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`f${index}.txt`, text])),
  );
  return { path, pattern: "needle", maxMatches: 1_000_000, before: 3, after: 3 };
};

describe.skipIf(process.platform !== "linux")("a helper that runs out of memory", () => {
  it.each([
    ["its heap's limit", async () => limited("--max-old-space-size=24")],
    ["the system's limit", async () => limitedBySystem((await addressSpace()) + 64 * 1024)],
  ])("dies of %s; its parent lives, and other calls are answered", async (_, runtime) => {
    const one = await runtime();
    const { search } = isolated(built, { runtimes: () => [one], limits: { callsPerHelper: 1 } });
    const small = () => search.grep({ path: tree(), pattern: "needle" });
    expect((await small()).total).toBe(1);
    await expect(search.grep(greedy())).rejects.toMatchObject({ code: "ERR_HELPER_CRASHED" });
    expect((await small()).total).toBe(1);
  });
});

const limited = (...args: string[]) => ({ name: "limited", command: process.execPath, args, env: {} });

const limitedBySystem = (kib: number) => ({
  ...limited(),
  command: "/bin/sh",
  args: ["-c", `ulimit -v ${kib}; exec "$0" "$@"`, process.execPath],
});

/** The most address space that a helper has used after a small search, in KiB. */
async function addressSpace(): Promise<number> {
  const { search, pids } = isolated(built);
  await search.grep({ path: tree(), pattern: "needle" });
  const [, kib] = /^VmPeak:\s+(\d+)/m.exec(readFileSync(`/proc/${pids[0]}/status`, "utf8")) ?? [];
  return Number(kib);
}
