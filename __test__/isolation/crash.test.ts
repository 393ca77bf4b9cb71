import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureOf, temporaryFolder } from "../native/temporary.js";
import { builtPrograms } from "./built.js";
import { isAlive, isolated, signal, until } from "./isolated.js";

// A stopped helper (SIGSTOP) has its calls in flight for as long as a test wants.
const built = builtPrograms();
const tree = () => temporaryFolder({ "a.ts": "log(1); // needle\n" });

/** A helper that ends itself when it is asked for POISON, and writes what is no message when asked for NOISE. */
function poisonable(): string {
  const program = join(built.folder, "poisonable.mjs");
  writeFileSync(
    program,
    `await import("./helper.js");
     console.log("this must not reach the protocol");
     process.stdin.on("data", (chunk) => {
       if (chunk.includes("POISON")) process.kill(process.pid, "SIGKILL");
       if (chunk.includes("NOISE")) process.stdout.write("no header\\r\\n\\r\\n");
     });`,
  );
  return program;
}

describe.skipIf(process.platform === "win32")("a helper that is killed", () => {
  it("fails no read: each is run once more, on a new helper", async () => {
    const { search, pids, events } = isolated(built);
    const path = tree();
    await search.grep({ path, pattern: "needle" });
    signal(pids[0], "SIGSTOP");
    const calls = Promise.all([
      search.grep({ path, pattern: "needle" }),
      search.glob({ path, patterns: ["*.ts"] }),
      search.astSearch({ path, pattern: "log($A)" }),
      search.outline(join(path, "a.ts")),
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    signal(pids[0], "SIGKILL");
    const [grep, glob, ast, outline] = await calls;
    expect([grep.total, glob.total, ast.total, outline]).toEqual([1, 1, 1, []]);
    expect(new Set(pids).size).toBeGreaterThan(1);
    expect(events.find(({ event }) => event === "helper.failed")?.fields["error"]).toContain("SIGKILL");
  });

  it("while it is idle is replaced at the next call", async () => {
    const { search, pids } = isolated(built);
    const path = tree();
    for (let round = 1; round <= 2; round++) {
      expect((await search.grep({ path, pattern: "needle" })).total).toBe(1);
      expect(pids.length).toBe(round);
      signal(pids.at(-1), "SIGKILL");
    }
    expect((await search.grep({ path, pattern: "needle" })).total).toBe(1);
  });

  it("takes its previews with it: applying one fails and writes nothing", async () => {
    const { search, pids } = isolated(built);
    const path = tree();
    const preview = await search.astRewrite({ path, pattern: "log($A)", replacement: "say($A)" });
    signal(pids[0], "SIGKILL");
    await until(() => !isAlive(pids[0] as number));
    await search.grep({ path, pattern: "needle" });
    expect(await failureOf(preview.apply())).toMatchObject({ code: "ERR_PREVIEW_GONE" });
    expect(readFileSync(join(path, "a.ts"), "utf8")).toContain("log(1)");
  });

  it("while it writes a rewrite fails that call, and nobody writes it a second time", async () => {
    const { search, pids } = isolated(built);
    const path = tree();
    const preview = await search.astRewrite({ path, pattern: "log($A)", replacement: "say($A)" });
    signal(pids[0], "SIGSTOP");
    const failure = failureOf(preview.apply());
    await new Promise((resolve) => setImmediate(resolve));
    signal(pids[0], "SIGKILL");
    expect(await failure).toMatchObject({
      code: "ERR_HELPER_CRASHED",
      message: expect.stringContaining("which of its files have changed"),
    });
    expect(pids.length).toBe(1);
    expect(readFileSync(join(path, "a.ts"), "utf8")).toContain("log(1)");
  });
});

describe.skipIf(process.platform === "win32")("a call that brings helpers down", () => {
  it("fails after its second helper, and takes no other call with it", async () => {
    const { search, pids } = isolated(built, { program: poisonable() });
    const path = tree();
    await search.grep({ path, pattern: "needle" });
    signal(pids[0], "SIGSTOP");
    const others = [1, 2, 3].map(() => search.grep({ path, pattern: "needle" }));
    const poison = failureOf(search.grep({ path, pattern: "POISON" }));
    await new Promise((resolve) => setImmediate(resolve));
    signal(pids[0], "SIGCONT");
    expect(await poison).toMatchObject({
      code: "ERR_HELPER_CRASHED",
      details: { how: "signal SIGKILL" },
    });
    expect((await Promise.all(others)).map(({ total }) => total)).toEqual([1, 1, 1]);
  });

  it("by an answer that is none fails too, and does not wait for ever", async () => {
    const { search, pids } = isolated(built, { program: poisonable() });
    const path = tree();
    expect((await search.grep({ path, pattern: "needle" })).total).toBe(1);
    expect(await failureOf(search.grep({ path, pattern: "NOISE" }))).toMatchObject({
      code: "ERR_HELPER_CRASHED",
    });
    expect(pids.length).toBe(2);
  });

  it("again and again makes the pool give up, visibly and at once", async () => {
    const { search, pids, events } = isolated(built, { program: poisonable() });
    const path = tree();
    for (let round = 0; round < 2; round++)
      expect(await failureOf(search.grep({ path, pattern: "POISON" }))).not.toHaveProperty(
        "details.failures",
      );
    expect(await failureOf(search.grep({ path, pattern: "POISON" }))).toMatchObject({
      code: "ERR_HELPER_CRASHED",
      details: { failures: 5, retryInMs: expect.any(Number) },
    });
    expect(pids.length).toBe(5);
    expect(await failureOf(search.grep({ path, pattern: "needle" }))).toMatchObject({
      code: "ERR_HELPER_CRASHED",
      message: expect.stringMatching(/failed 5 times within a minute; the next try is in \d+ s/),
    });
    expect(pids.length).toBe(5);
    expect(events.filter(({ event }) => event === "helper.given-up").length).toBe(1);
  });
});
