import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NativeError, openStore, Searcher, WorkStealingLanes } from "../../src/native/index.js";
import { failureOf, put, temporaryFolder, temporaryStore } from "./temporary.js";

const searcher = new Searcher();

/** What stays the same of an error when its text is rewritten. */
function stable(error: unknown) {
  expect(error).toBeInstanceOf(NativeError);
  const { name, code, details } = error as NativeError;
  expect(name).toBe("NativeError");
  return { code, details };
}

const thrownBy = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("expected it to throw");
};

describe("the store's errors", () => {
  it("ERR_CONFLICT names every key that has changed, in order, each once", async () => {
    const store = await temporaryStore();
    const snapshot = await put(store, { "task/b": 1, "task/a": 1, other: 1 });
    await put(store, { "task/b": 2 });
    await put(store, { "task/a": 2, "task/c": 1, untouched: 1 });
    const stale = store.commit({
      actor: "late",
      snapshot,
      readKeys: ["task/a", "other"],
      readPrefixes: ["task/"],
      writes: [{ key: "other", value: 2 }],
    });
    expect(stable(await failureOf(stale))).toEqual({
      code: "ERR_CONFLICT",
      details: { keys: ["task/a", "task/b", "task/c"] },
    });
    expect(store.get("other")?.value).toBe(1);
  });

  it("ERR_CONFLICT sees a key that was absent and has been created, and one that was deleted", async () => {
    const store = await temporaryStore();
    const snapshot = await put(store, { old: 1 });
    await put(store, { fresh: 1, old: null });
    for (const key of ["fresh", "old"]) {
      const stale = store.commit({
        actor: "late",
        snapshot,
        readKeys: [key],
        readPrefixes: [],
        writes: [{ key: "x", value: 1 }],
      });
      expect(stable(await failureOf(stale))).toEqual({ code: "ERR_CONFLICT", details: { keys: [key] } });
    }
  });

  it("ERR_FENCED tells the presented token and the current one, for commit, renewal and release", async () => {
    const store = await temporaryStore();
    await store.acquireLease({ name: "m", holder: "a", ttlMs: 60_000 });
    const stolen = await store.acquireLease({ name: "m", holder: "b", ttlMs: 60_000, steal: 1 });
    expect(stolen).toEqual({ granted: true, token: 2 });
    const fenced = { code: "ERR_FENCED", details: { lease: "m", token: 1, current: 2 } };
    const commit = store.commit({
      actor: "a",
      snapshot: 0,
      readKeys: [],
      readPrefixes: [],
      writes: [{ key: "k", value: 1 }],
      fence: { lease: "m", token: 1 },
    });
    expect(stable(await failureOf(commit))).toEqual(fenced);
    expect(stable(await failureOf(store.renewLease("m", 1, 1_000)))).toEqual(fenced);
    expect(stable(await failureOf(store.releaseLease("m", 1)))).toEqual(fenced);
    expect(store.snapshot()).toBe(0);
  });

  it("answers, and does not throw, when the lease is held by a living holder", async () => {
    const store = await temporaryStore();
    const before = Date.now();
    await store.acquireLease({ name: "m", holder: { host: "h", pid: 7 }, ttlMs: 60_000 });
    const refused = await store.acquireLease({ name: "m", holder: "me", ttlMs: 60_000 });
    expect(refused).toMatchObject({ granted: false, holder: { host: "h", pid: 7 }, token: 1 });
    if (refused.granted) throw new Error("unreachable");
    expect(refused.expiresMs).toBeGreaterThanOrEqual(before + 60_000);
    expect(refused.expiresMs).toBeLessThanOrEqual(Date.now() + 60_000);
    // A wrong proof of death breaks no hold.
    expect(await store.acquireLease({ name: "m", holder: "me", ttlMs: 1, steal: 5 })).toMatchObject({
      granted: false,
    });
  });

  it("gives a greater token after a release and after the hold has run out", async () => {
    const store = await temporaryStore();
    await store.acquireLease({ name: "m", holder: 1, ttlMs: 60_000 });
    await store.releaseLease("m", 1);
    expect(await store.acquireLease({ name: "m", holder: 2, ttlMs: 1 })).toEqual({ granted: true, token: 2 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await store.acquireLease({ name: "m", holder: 3, ttlMs: 1 })).toEqual({ granted: true, token: 3 });
  });

  it("ERR_CORRUPT for a file that is no database, which stays as it is", async () => {
    const path = join(temporaryFolder(), "state.db");
    writeFileSync(path, Buffer.alloc(10_000, "garbage!"));
    expect(stable(await failureOf(openStore(path)))).toEqual({
      code: "ERR_CORRUPT",
      details: { detail: expect.stringContaining("not a database") },
    });
  });

  it("ERR_CLOSED after close, for reads at once and for calls that wait; closing twice is not an error", async () => {
    const store = await temporaryStore();
    await put(store, { k: 1 });
    await store.close();
    expect(stable(thrownBy(() => store.get("k"))).code).toBe("ERR_CLOSED");
    expect(stable(thrownBy(() => store.snapshot())).code).toBe("ERR_CLOSED");
    expect(stable(await failureOf(store.verify())).code).toBe("ERR_CLOSED");
    expect(stable(await failureOf(store.commitsSince(0))).code).toBe("ERR_CLOSED");
    await expect(store.close()).resolves.toBeUndefined();
  });

  it.each([
    ["an empty key", [{ key: "", value: 1 }], "ERR_INVALID_KEY", { key: "", reason: "is empty" }],
    [
      "a control character",
      [{ key: "a\n", value: 1 }],
      "ERR_INVALID_KEY",
      { key: "a\n", reason: "has a control character" },
    ],
    [
      "a key that is written twice",
      [
        { key: "a", value: 1 },
        { key: "a", value: 2 },
      ],
      "ERR_DUPLICATE_WRITE",
      { key: "a" },
    ],
    [
      "a long key",
      [{ key: "a".repeat(513), value: 1 }],
      "ERR_TOO_LARGE",
      { what: "a key", size: 513, limit: 512 },
    ],
  ])("refuses %s", async (_, writes, code, details) => {
    const store = await temporaryStore();
    const commit = store.commit({ actor: "t", snapshot: 0, readKeys: [], readPrefixes: [], writes });
    expect(stable(await failureOf(commit))).toEqual({ code, details });
    expect(store.snapshot()).toBe(0);
  });

  it("ERR_FUTURE_REVISION for a read or a transaction at a revision that does not exist", async () => {
    const store = await temporaryStore();
    const future = { code: "ERR_FUTURE_REVISION", details: { requested: 99, head: 0 } };
    expect(stable(thrownBy(() => store.get("a", 99)))).toEqual(future);
    const commit = store.commit({
      actor: "t",
      snapshot: 99,
      readKeys: ["a"],
      readPrefixes: [],
      writes: [{ key: "a", value: 1 }],
    });
    expect(stable(await failureOf(commit))).toEqual(future);
  });
});

describe("the search's and the syntax's errors", () => {
  const tree = () => temporaryFolder({ "a.ts": "foo(1);\n", "b.unknown": "?" });

  it("ERR_PATTERN carries the pattern, the position and the reason", async () => {
    const path = tree();
    expect(stable(await failureOf(searcher.grep({ path, pattern: "a(b" })))).toEqual({
      code: "ERR_PATTERN",
      details: { kind: "regex", pattern: "a(b", position: 1, reason: "unclosed group" },
    });
    expect(stable(await failureOf(searcher.glob({ path, patterns: ["ok", "src/a[b"] })))).toEqual({
      code: "ERR_PATTERN",
      details: {
        kind: "glob",
        pattern: "src/a[b",
        position: 5,
        reason: expect.stringContaining("character class"),
      },
    });
    expect(stable(await failureOf(searcher.grep({ path, pattern: "x", include: ["{a"] })))).toMatchObject({
      code: "ERR_PATTERN",
      details: { pattern: "{a" },
    });
    expect(stable(await failureOf(searcher.astSearch({ path, pattern: "" })))).toMatchObject({
      code: "ERR_PATTERN",
    });
  });

  it("takes as text what is no expression when asked to", async () => {
    const path = temporaryFolder({ "a.txt": "x a(b y\n" });
    expect((await searcher.grep({ path, pattern: "a(b", literal: true })).total).toBe(1);
  });

  it("ERR_NOT_FOUND carries the path", async () => {
    const path = join(tree(), "none");
    const missing = { code: "ERR_NOT_FOUND", details: { path } };
    expect(stable(await failureOf(searcher.grep({ path, pattern: "a" })))).toEqual(missing);
    expect(stable(await failureOf(searcher.glob({ path, patterns: ["*"] })))).toEqual(missing);
    expect(stable(await failureOf(searcher.outline(join(path, "x.ts"))))).toMatchObject({
      code: "ERR_NOT_FOUND",
    });
  });

  it("ERR_LANGUAGE lists what there is, or names the file", async () => {
    const path = tree();
    expect(
      stable(await failureOf(searcher.astSearch({ path, pattern: "foo($A)", language: "klingon" }))),
    ).toMatchObject({
      code: "ERR_LANGUAGE",
      details: { language: "klingon", supported: expect.arrayContaining(["typescript"]) },
    });
    expect(stable(await failureOf(searcher.outline(join(path, "b.unknown")))).code).toBe("ERR_LANGUAGE");
  });

  it("ERR_ARGUMENT when neither a pattern nor a rule is given, or both", async () => {
    const path = tree();
    expect(stable(await failureOf(searcher.astSearch({ path }))).code).toBe("ERR_ARGUMENT");
    expect(stable(await failureOf(searcher.astSearch({ path, pattern: "a", rule: "id: x" }))).code).toBe(
      "ERR_ARGUMENT",
    );
  });

  it("ERR_OUTSIDE_ROOT when a rewrite would leave its root", async () => {
    const path = temporaryFolder({ "in/a.ts": "1;\n", "out/b.ts": "foo(1);\n" });
    const rewrite = searcher.astRewrite({
      path: join(path, "out"),
      root: join(path, "in"),
      pattern: "foo($A)",
      replacement: "bar($A)",
    });
    expect(stable(await failureOf(rewrite.then((preview) => preview.apply()))).code).toBe("ERR_OUTSIDE_ROOT");
  });
});

describe("the lanes' errors", () => {
  it.each<[string, (lanes: WorkStealingLanes) => unknown]>([
    ["ERR_UNKNOWN_LANE", (lanes) => lanes.push("none", "j", "high", undefined, 0)],
    ["ERR_ARGUMENT", (lanes) => lanes.push("a", "j", "urgent" as never, undefined, 0)],
    ["ERR_UNKNOWN_SLOT", (lanes) => lanes.take("a", 7, 0)],
    ["ERR_SLOT_IDLE", (lanes) => lanes.release("a", 1, 0)],
    [
      "ERR_DUPLICATE_JOB",
      (lanes) => {
        lanes.push("a", "j", "high", undefined, 0);
        lanes.push("a", "j", "high", undefined, 0);
      },
    ],
    [
      "ERR_SLOT_BUSY",
      (lanes) => {
        lanes.push("a", "j", "high", undefined, 0);
        lanes.take("a", 0, 0);
        lanes.take("a", 0, 0);
      },
    ],
  ])("%s", (code, call) => {
    const lanes = new WorkStealingLanes({ a: 2 });
    expect(stable(thrownBy(() => call(lanes))).code).toBe(code);
  });

  it("a capacity that cannot be is a NativeError too", () => {
    expect(thrownBy(() => new WorkStealingLanes({ a: 0 }))).toBeInstanceOf(NativeError);
  });
});
