import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/native/index.js";
import { failureOf, put, temporaryFolder, temporaryStore } from "./temporary.js";

describe("reads", () => {
  it("see one revision, whatever is committed later", async () => {
    const store = await temporaryStore();
    const first = await put(store, { "a/1": "old", "a/2": "old" });
    const second = await put(store, { "a/1": "new", "a/2": null, "a/3": "new" });
    expect(store.list("a/", first)).toEqual([
      { key: "a/1", value: "old", revision: first },
      { key: "a/2", value: "old", revision: first },
    ]);
    expect(store.get("a/3", first)).toBeUndefined();
    expect(store.list("a/")).toEqual([
      { key: "a/1", value: "new", revision: second },
      { key: "a/3", value: "new", revision: second },
    ]);
    expect(store.get("a/2", second)).toBeUndefined();
    expect(store.get("a/1", 0)).toBeUndefined();
  });

  it("list exactly the keys with the prefix, in the order of code points", async () => {
    const store = await temporaryStore();
    await put(store, { "a/b": 1, "a/": 1, a: 1, a0: 1, "a/\u{1F600}": 1, "a/\uFFFD": 1, "a/B": 1, b: 1 });
    expect(store.list("a/").map((entry) => entry.key)).toEqual([
      "a/",
      "a/B",
      "a/b",
      "a/\uFFFD",
      "a/\u{1F600}",
    ]);
    expect(store.list("").length).toBe(8);
    expect(store.list("none")).toEqual([]);
  });

  it("tell a stored null inside a value, an empty value and a deleted key apart", async () => {
    const store = await temporaryStore();
    await put(store, { a: { x: null }, b: "", c: 0, d: false, e: [] });
    await put(store, { c: null });
    expect(store.get("a")?.value).toEqual({ x: null });
    expect(store.get("b")?.value).toBe("");
    expect(store.get("c")).toBeUndefined();
    expect(store.get("d")?.value).toBe(false);
    expect(store.get("e")?.value).toEqual([]);
    expect(store.get("never")).toBeUndefined();
  });

  it("give back any JSON value as it was", async () => {
    const store = await temporaryStore();
    // JSON has no -0; lone surrogates are no text.
    const json = fc
      .jsonValue({ noUnicodeString: false })
      .filter((value) => value !== null)
      .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    let number = 0;
    await fc.assert(
      fc.asyncProperty(json, async (value) => {
        const key = `k${number++}`;
        await put(store, { [key]: value });
        expect(store.get(key)?.value).toEqual(value);
      }),
      { numRuns: 150 },
    );
    expect((await store.verify()).ok).toBe(true);
  });
});

describe("commits", () => {
  it("number themselves one by one, and an empty one takes no number", async () => {
    const store = await temporaryStore();
    expect(store.snapshot()).toBe(0);
    expect(await put(store, { a: 1 })).toBe(1);
    expect(await put(store, {})).toBe(1);
    expect(await put(store, { a: 1 })).toBe(2);
    expect(store.snapshot()).toBe(2);
  });

  it("of several that read the same, the first wins and the others write nothing", async () => {
    const store = await temporaryStore();
    const snapshot = await put(store, { counter: 0 });
    const commits = Array.from({ length: 20 }, (_, n) =>
      store.commit({
        actor: `w${n}`,
        snapshot,
        readKeys: ["counter"],
        readPrefixes: [],
        writes: [
          { key: "counter", value: n + 1 },
          { key: `by/${n}`, value: true },
        ],
      }),
    );
    const results = await Promise.allSettled(commits);
    expect(results.filter((one) => one.status === "fulfilled").length).toBe(1);
    expect(store.list("by/").length).toBe(1);
    expect(store.snapshot()).toBe(snapshot + 1);
  });

  it("do not conflict over keys that were not read", async () => {
    const store = await temporaryStore();
    const snapshot = store.snapshot();
    await put(store, { a: 1 });
    const blind = { actor: "t", snapshot, readKeys: ["b"], readPrefixes: ["aa"] };
    await expect(store.commit({ ...blind, writes: [{ key: "a", value: 2 }] })).resolves.toBe(2);
  });

  it("are seen by another instance on the same file, which conflicts with them", async () => {
    const path = join(temporaryFolder(), "state.db");
    const left = await temporaryStore(path);
    const right = await temporaryStore(path);
    const snapshot = right.snapshot();
    await put(left, { a: 1 });
    expect(right.get("a")?.value).toBe(1);
    const stale = right.commit({
      actor: "right",
      snapshot,
      readKeys: ["a"],
      readPrefixes: [],
      writes: [{ key: "a", value: 2 }],
    });
    expect(await failureOf(stale)).toMatchObject({ code: "ERR_CONFLICT" });
    await put(right, { b: 1 });
    expect(left.list("").map((entry) => entry.key)).toEqual(["a", "b"]);
    expect((await left.verify()).commits).toBe(2);
  });

  it("lose nothing when two instances write at once", async () => {
    const path = join(temporaryFolder(), "state.db");
    const stores = [await temporaryStore(path), await temporaryStore(path)] as const;
    await Promise.all(
      Array.from({ length: 60 }, (_, n) => put(n % 2 ? stores[0] : stores[1], { [`k${n}`]: n })),
    );
    expect(stores[0].list("k").length).toBe(60);
    expect(await stores[1].verify()).toMatchObject({ ok: true, commits: 60 });
  });

  it("are there after the store was closed and opened again", async () => {
    const path = join(temporaryFolder(), "state.db");
    const before = await openStore(path);
    await put(before, { a: { deep: ["ü", 1.5] } });
    await before.close();
    const after = await temporaryStore(path);
    expect(after.get("a")).toEqual({ key: "a", value: { deep: ["ü", 1.5] }, revision: 1 });
  });

  it("are refused without effect when the fence is old, and let through when it is current", async () => {
    const store = await temporaryStore();
    await store.acquireLease({ name: "m", holder: "me", ttlMs: 60_000 });
    const commit = (token: number) =>
      store.commit({
        actor: "me",
        snapshot: 0,
        readKeys: [],
        readPrefixes: [],
        writes: [{ key: "k", value: token }],
        fence: { lease: "m", token },
      });
    await expect(commit(1)).resolves.toBe(1);
    await store.releaseLease("m", 1);
    expect(await failureOf(commit(1))).toMatchObject({ code: "ERR_FENCED", details: { current: null } });
    expect(store.get("k")?.value).toBe(1);
  });
});

describe("the history", () => {
  it("comes in pages without a gap or an overlap, oldest first", async () => {
    const store = await temporaryStore();
    for (let n = 1; n <= 25; n++)
      await store.commit({
        actor: `a${n}`,
        ...(n % 2 && { mission: "M1" }),
        snapshot: store.snapshot(),
        readKeys: [],
        readPrefixes: [],
        writes: [
          { key: "z", value: n },
          { key: "b", value: n % 5 ? { n } : null },
        ],
      });
    const seen = [];
    for (let after = 0; ; ) {
      const page = await store.commitsSince(after, 7);
      expect(page.length).toBeLessThanOrEqual(7);
      if (page.length === 0) break;
      seen.push(...page);
      after = page.at(-1)?.revision ?? 0;
    }
    expect(seen.map((one) => one.revision)).toEqual(Array.from({ length: 25 }, (_, n) => n + 1));
    expect(seen.map((one) => one.actor)).toEqual(Array.from({ length: 25 }, (_, n) => `a${n + 1}`));
    expect(seen[0]).toMatchObject({
      mission: "M1",
      changes: [
        { key: "b", value: { n: 1 } },
        { key: "z", value: 1 },
      ],
    });
    expect(seen[1]).not.toHaveProperty("mission");
    expect(seen[4]?.changes[0]).toEqual({ key: "b" });
    expect(await store.commitsSince(25)).toEqual([]);
  });
});

describe("verify", () => {
  /** A closed store of 20 commits, as bytes. */
  async function closedStore(): Promise<{ path: string; bytes: Buffer }> {
    const path = join(temporaryFolder(), "state.db");
    const store = await openStore(path);
    for (let n = 1; n <= 20; n++)
      await put(store, { [`k${n % 3}`]: { text: `needle-${n}.` } }, `actor-${n}.`);
    expect(await store.verify()).toMatchObject({ ok: true, commits: 20, damage: [], head: { revision: 20 } });
    await store.close();
    return { path, bytes: readFileSync(path) };
  }

  const tampered = async (find: string, replace: string) => {
    const { path, bytes } = await closedStore();
    const at = bytes.indexOf(find);
    expect(at, `${find} is in the file`).toBeGreaterThan(0);
    expect(replace.length).toBe(find.length);
    bytes.write(replace, at);
    writeFileSync(path, bytes);
    const store = await temporaryStore(path);
    return store.verify();
  };

  it("names the first revision whose value was altered", async () => {
    expect(await tampered("needle-7.", "noodle-7.")).toMatchObject({
      ok: false,
      commits: 6,
      firstBad: { revision: 7, reason: expect.stringContaining("hash") },
    });
  });

  it("names the first revision whose actor was altered", async () => {
    expect(await tampered("actor-13.", "actor-31.")).toMatchObject({ ok: false, firstBad: { revision: 13 } });
  });

  it("finds damage of the file itself", async () => {
    const { path, bytes } = await closedStore();
    bytes.fill(0x5a, 4_096, 8_192);
    writeFileSync(path, bytes);
    const found = await openStore(path).then(
      async (store) => store.verify().finally(() => store.close()),
      (error: unknown) => error,
    );
    if (found instanceof Error) expect(found).toMatchObject({ code: "ERR_CORRUPT" });
    else expect(found).toMatchObject({ ok: false, damage: [expect.stringMatching(/malformed|ptrmap/)] });
  });

  it("finds a head that does not belong to the last commit, and a last commit that does not belong to the head", async () => {
    const { path, bytes } = await closedStore();
    const store = await openStore(path);
    const head = Buffer.from((await store.verify()).head.hash, "hex");
    await store.close();
    // Once in the row of the commit, once in the row of the head.
    const places = [bytes.indexOf(head), bytes.lastIndexOf(head)];
    expect(new Set(places).size).toBe(2);
    for (const place of places) {
      const forged = Buffer.from(bytes);
      forged.writeUInt8(forged.readUInt8(place) ^ 1, place);
      writeFileSync(path, forged);
      const tampered = await openStore(path);
      expect((await tampered.verify()).ok).toBe(false);
      await tampered.close();
    }
  });
});

describe("handles", () => {
  const handlesBelow = (folder: string) =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false;
      }
    }).length;

  it.runIf(process.platform === "linux")("200 stores opened and closed leave no file open", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "state.db");
    for (let n = 0; n < 200; n++) {
      const store = await openStore(path, { durability: "process" });
      if (n % 50 === 0) await put(store, { n });
      await store.close();
    }
    expect(handlesBelow(folder)).toBe(0);
    // The measure itself works: an open store shows.
    const open = await temporaryStore(path);
    expect(handlesBelow(folder)).toBeGreaterThan(0);
    await open.close();
    expect(handlesBelow(folder)).toBe(0);
    expect(readdirSync(folder)).toEqual(["state.db", "state.db-locks"]);
  });
});
