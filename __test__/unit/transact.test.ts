import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/node/clock.js";
import type { Store } from "../../src/ports/index.js";
import { Transaction, transact } from "../../src/state/index.js";
import { failureOf, put, temporaryStore } from "../native/temporary.js";

const slept: number[] = [];
const ports = (store: Store) => ({
  store,
  clock: {
    now: () => 0,
    sleep: async (ms: number) => {
      slept.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  },
  random: { next: Math.random },
});
const ME = { actor: "me" };

describe("a transaction", () => {
  it("sees its own writes and deletions, and the rest as of its snapshot", async () => {
    const store = await temporaryStore();
    await put(store, { "a/1": 1, "a/2": 2, "b/1": 1 });
    const transaction = new Transaction(store);
    await put(store, { "a/3": "later", "a/1": "later" });
    transaction.put("a/0", 0);
    transaction.put("a/2", "mine");
    expect(transaction.get("a/1")).toBe(1);
    expect(transaction.get("a/3")).toBeUndefined();
    expect(transaction.get("a/2")).toBe("mine");
    transaction.delete("a/1");
    expect(transaction.get("a/1")).toBeUndefined();
    expect(transaction.list("a/")).toEqual([
      { key: "a/0", value: 0 },
      { key: "a/2", value: "mine" },
    ]);
  });

  it("counts as read what came from the store, not what it wrote itself", async () => {
    const store = await temporaryStore();
    const transaction = new Transaction(store);
    transaction.put("own", 1);
    transaction.get("own");
    transaction.get("absent");
    transaction.list("range/");
    expect(transaction.reads).toEqual({ keys: ["absent"], prefixes: ["range/"] });
    expect(transaction.writes).toEqual([{ key: "own", value: 1 }]);
  });
});

describe("transact", () => {
  it("loses none of 50 increments at once", async () => {
    const store = await temporaryStore();
    const increment = () =>
      transact({ ...ports(store), clock: systemClock }, ME, (transaction) => {
        const next = Number(transaction.get("counter") ?? 0) + 1;
        transaction.put("counter", next);
        return next;
      });
    const results = await Promise.all(Array.from({ length: 50 }, increment));
    expect(store.get("counter")?.value).toBe(50);
    expect(new Set(results).size).toBe(50);
  });

  it("runs the function again on fresh data after a conflict", async () => {
    const store = await temporaryStore();
    await put(store, { k: "first" });
    const seen: unknown[] = [];
    let interfered: Promise<number> | undefined;
    const meddling: Store = {
      ...bound(store),
      commit: async (transaction) => {
        interfered ??= put(store, { k: "second" });
        await interfered;
        return store.commit(transaction);
      },
    };
    const result = await transact(ports(meddling), ME, (transaction) => {
      seen.push(transaction.get("k"));
      transaction.put("k", `${transaction.get("k")} and mine`);
      return seen.length;
    });
    expect(seen).toEqual(["first", "second"]);
    expect(result).toBe(2);
    expect(store.get("k")?.value).toBe("second and mine");
  });

  it("gives up with ERR_CONFLICT after twelve tries, with waits that grow and are bounded", async () => {
    const store = await temporaryStore();
    slept.length = 0;
    let tries = 0;
    const meddling: Store = {
      ...bound(store),
      commit: async (transaction) => {
        await put(store, { k: tries });
        return store.commit(transaction);
      },
    };
    const hopeless = transact({ ...ports(meddling), random: { next: () => 1 } }, ME, (transaction) => {
      tries++;
      transaction.put("x", transaction.get("k"));
    });
    expect(await failureOf(hopeless)).toMatchObject({ code: "ERR_CONFLICT", details: { keys: ["k"] } });
    expect(tries).toBe(12);
    expect(slept).toEqual([4, 8, 16, 32, 64, 128, 200, 200, 200, 200, 200]);
  });

  it("commits nothing when the function throws, and does not run it again", async () => {
    const store = await temporaryStore();
    let runs = 0;
    const broken = transact(ports(store), ME, (transaction) => {
      runs++;
      transaction.put("k", 1);
      throw new Error("changed my mind");
    });
    expect(await failureOf(broken)).toEqual(new Error("changed my mind"));
    expect([runs, store.snapshot()]).toEqual([1, 0]);
  });

  it("makes no commit of a transaction that only read", async () => {
    const store = await temporaryStore();
    expect(await transact(ports(store), ME, (transaction) => transaction.get("k") ?? "none")).toBe("none");
    expect(store.snapshot()).toBe(0);
  });

  it("does not try again what failed for another reason", async () => {
    const store = await temporaryStore();
    let runs = 0;
    const fenced = transact(ports(store), { ...ME, fence: { lease: "l", token: 1 } }, (transaction) => {
      runs++;
      transaction.put("k", 1);
    });
    expect(await failureOf(fenced)).toMatchObject({ code: "ERR_FENCED" });
    expect(runs).toBe(1);
  });

  it("puts actor and mission into the audit log", async () => {
    const store = await temporaryStore();
    await transact(ports(store), { actor: "worker:T1", mission: "M1" }, (transaction) =>
      transaction.put("k", 1),
    );
    expect(await store.commitsSince(0)).toMatchObject([{ actor: "worker:T1", mission: "M1" }]);
  });
});

/** The methods of a store, free of their object. */
function bound(store: Store): Store {
  return {
    snapshot: () => store.snapshot(),
    get: (key, at) => store.get(key, at),
    list: (prefix, at) => store.list(prefix, at),
    commit: (transaction) => store.commit(transaction),
    acquireLease: (request) => store.acquireLease(request),
    renewLease: (name, token, ttlMs) => store.renewLease(name, token, ttlMs),
    releaseLease: (name, token) => store.releaseLease(name, token),
  };
}
