import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type AuditEntry, importStore, openStore, recoverStore } from "../../src/native/index.js";
import { collect, failureOf, put, temporaryFolder, temporaryStore } from "./temporary.js";

describe("a watch", () => {
  it("gives every commit once, those of another store on the file too, and ends when it is told to", async () => {
    const path = join(temporaryFolder(), "state.db");
    const [store, other] = [await temporaryStore(path), await temporaryStore(path)];
    for (let n = 0; n < 5; n++) await put(store, { k: n });
    const ending = new AbortController();
    const seen: AuditEntry[] = [];
    const watching = (async () => {
      for await (const commit of store.watch(2, ending.signal)) {
        seen.push(commit);
        if (commit.revision === 205) ending.abort();
      }
    })();
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => put(n % 2 === 0 ? store : other, { [`k${n % 9}`]: n })),
    );
    await watching;
    expect(seen.map(({ revision }) => revision)).toEqual(Array.from({ length: 203 }, (_, n) => n + 3));
  });

  it("ends when the signal is aborted while it waits, and when the store is closed", async () => {
    const store = await temporaryStore();
    const ending = new AbortController();
    const ended = collect(store.watch(0, ending.signal));
    setTimeout(() => ending.abort(), 30);
    expect(await ended).toEqual([]);
    const outlived = collect(store.watch(0, new AbortController().signal));
    setTimeout(() => void store.close(), 30);
    expect(await outlived).toEqual([]);
  });
});

describe("the past", () => {
  it("is there by key, and by revision down to the floor of a compaction", async () => {
    const store = await temporaryStore();
    for (const value of [1, 2, null, 4]) await put(store, { k: value }, `actor-${value}`);
    const history = await store.history("k");
    expect(history.map(({ revision, value, actor }) => [revision, value, actor])).toEqual([
      [4, 4, "actor-4"],
      [3, undefined, "actor-null"],
      [2, 2, "actor-2"],
      [1, 1, "actor-1"],
    ]);
    expect(await store.compact(3, "test")).toMatchObject({ floor: 3, dropped: 2 });
    expect(store.floor()).toBe(3);
    expect(() => store.get("k", 2)).toThrow(expect.objectContaining({ code: "ERR_COMPACTED" }));
    expect(store.get("k", 3)).toBeUndefined();
    expect(store.get("k", 4)?.value).toBe(4);
    expect((await store.history("k")).at(-1)).toMatchObject({
      revision: 1,
      compacted: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await store.verify()).toMatchObject({ ok: true });
  });
});

describe("a damaged store", () => {
  it("is rebuilt from its backup and what can be read behind it, and nothing is deleted", async () => {
    const path = join(temporaryFolder(), "state.db");
    const store = await openStore(path);
    for (let n = 1; n <= 10; n++) await put(store, { [`k${n}`]: `value ${n}` });
    const backup = await store.backup();
    expect(backup).toMatchObject({ revision: 10 });
    expect(await store.backup()).toEqual(backup);
    for (let n = 11; n <= 20; n++) await put(store, { [`k${n}`]: `value ${n}` });
    await store.close();
    expect(await recoverStore(path)).toBeUndefined();

    const bytes = readFileSync(path);
    bytes.write("forged 4", bytes.indexOf("value 4"));
    bytes.write("forged 15", bytes.indexOf("value 15"));
    writeFileSync(path, bytes);
    const recovery = await recoverStore(path);
    expect(recovery).toMatchObject({ backup: backup.path, fromBackup: 10, revision: 14, known: 20 });
    expect(readFileSync(join(recovery?.setAside ?? "", "state.db"))).toEqual(bytes);
    const rebuilt = await temporaryStore(path);
    expect(await rebuilt.verify()).toMatchObject({ ok: true, commits: 14 });
    expect(rebuilt.get("k4")?.value).toBe("value 4");
  });

  it("is not touched while it is open", async () => {
    const path = join(temporaryFolder(), "state.db");
    const store = await temporaryStore(path);
    await put(store, { k: 1 });
    expect(await failureOf(recoverStore(path, { busyTimeoutMs: 50 }))).toMatchObject({ code: "ERR_BUSY" });
  });
});

describe("an export", () => {
  it("makes the same store elsewhere", async () => {
    const store = await temporaryStore();
    for (let n = 0; n < 1_200; n++) await put(store, { [`k${n % 7}`]: { n } });
    const folder = temporaryFolder({
      "export.jsonl": (await collect(store.exportLines())).join("\n"),
    });
    const path = join(folder, "imported.db");
    expect(await importStore(path, join(folder, "export.jsonl"))).toBe(1_200);
    const imported = await temporaryStore(path);
    expect((await imported.verify()).head).toEqual((await store.verify()).head);
    expect(await failureOf(importStore(path, join(folder, "export.jsonl")))).toMatchObject({
      code: "ERR_EXISTS",
    });
  });
});

describe("on a bad day", () => {
  it.runIf(process.platform === "linux" && process.getuid?.() === 0)(
    "a folder that may not be written is said to be so",
    async () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "closed"), { mode: 0o555 });
      process.seteuid?.(65_534);
      try {
        expect(await failureOf(openStore(join(folder, "closed", "state.db")))).toMatchObject({
          code: "ERR_IO",
        });
      } finally {
        process.seteuid?.(0);
      }
    },
  );

  it.runIf(process.platform === "linux" && process.getuid?.() === 0)(
    "a full disk refuses commits, loses nothing, and lets them in again when there is room",
    async () => {
      const folder = join(temporaryFolder(), "disk");
      mkdirSync(folder);
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]);
      } catch {
        // Not even the super user may mount here; the sweep of injected faults covers a full disk, too.
        return;
      }
      try {
        const store = await openStore(join(folder, "state.db"));
        let [committed, refused] = [0, 0];
        for (let n = 0; n < 60 && refused < 3; n++) {
          await put(store, { [`k${n}`]: "v".repeat(40_000) }).then(
            () => committed++,
            (error) => {
              expect(error).toMatchObject({ code: "ERR_IO" });
              refused++;
            },
          );
        }
        expect(committed).toBeGreaterThan(3);
        expect(refused).toBe(3);
        expect(await store.verify()).toMatchObject({ ok: true, commits: committed });
        execFileSync("mount", ["-o", "remount,size=16m", folder]);
        expect(await put(store, { after: 1 })).toBe(committed + 1);
        expect(await store.verify()).toMatchObject({ ok: true, commits: committed + 1 });
        await store.close();
      } finally {
        execFileSync("umount", ["-l", folder]);
      }
    },
  );

  it("an older copy in the store's place is noticed", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "state.db");
    const first = await openStore(path);
    await put(first, { k: 1 });
    await first.close();
    cpSync(path, join(folder, "older"));
    const second = await openStore(path);
    await put(second, { k: 2 });
    await second.close();
    cpSync(join(folder, "older"), path);
    expect(await failureOf(openStore(path))).toMatchObject({
      code: "ERR_CORRUPT",
      message: expect.stringContaining("the commits 2 to 2 are not in it any more"),
    });
    expect(existsSync(path)).toBe(true);
  });
});
