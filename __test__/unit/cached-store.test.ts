import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../simulation/memory-store.js";
import { World } from "../../simulation/world.js";
import type { Store, StoreWrite } from "../../src/ports/index.js";
import { CachedStore, keepParsed, parseOnce } from "../../src/state/index.js";

/** A store that answers at once, and counts how often it is read. */
function counted(store: MemoryStore): { store: Store; reads: () => number } {
  let reads = 0;
  return {
    reads: () => reads,
    store: {
      snapshot: () => store.snapshot(),
      get: (key, at) => {
        reads++;
        return store.get(key, at);
      },
      list: (prefix, at) => {
        reads++;
        return store.list(prefix, at);
      },
      commit: async (transaction) => store.commit(transaction),
      acquireLease: async (request) => store.acquireLease(request),
      renewLease: async (name, token, ttlMs) => store.renewLease(name, token, ttlMs),
      releaseLease: async (name, token) => store.releaseLease(name, token),
    },
  };
}

const write = (writes: StoreWrite[], snapshot: number) => ({
  actor: "test",
  snapshot,
  readKeys: [],
  readPrefixes: [],
  writes,
});

const keys = fc.constantFrom("a", "a/1", "a/2", "a/3", "b/1", "b/2");
const step = fc.oneof(
  fc.record({ act: fc.constant("own" as const), key: keys, value: fc.option(fc.nat(9), { nil: null }) }),
  fc.record({ act: fc.constant("other" as const), key: keys, value: fc.option(fc.nat(9), { nil: null }) }),
  fc.record({ act: fc.constant("get" as const), key: keys, back: fc.nat(3) }),
  fc.record({
    act: fc.constant("list" as const),
    key: fc.constantFrom("", "a", "a/", "b/"),
    back: fc.nat(3),
  }),
);

describe("a store whose newest revision is read once", () => {
  it("answers as the store does, whoever commits and whatever is asked for", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const memory = new MemoryStore(new World(1));
        const cached = new CachedStore(counted(memory).store);
        for (const one of steps) {
          if (one.act === "own")
            await cached.commit(write([{ key: one.key, value: one.value }], memory.snapshot()));
          else if (one.act === "other")
            memory.commit(write([{ key: one.key, value: one.value }], memory.snapshot()));
          else {
            const at = Math.max(0, memory.snapshot() - one.back);
            if (one.act === "get") expect(cached.get(one.key, at)).toEqual(memory.get(one.key, at));
            else expect(cached.list(one.key, at)).toEqual(memory.list(one.key, at));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("reads nothing again after its own commits, and keeps what is the same after another's", async () => {
    const memory = new MemoryStore(new World(1));
    const { store, reads } = counted(memory);
    const cached = new CachedStore(store);
    await cached.commit(
      write(
        [
          { key: "a/1", value: { n: 1 } },
          { key: "a/2", value: { n: 2 } },
        ],
        0,
      ),
    );
    const [first] = cached.list("a/");
    const before = reads();
    await cached.commit(write([{ key: "a/2", value: { n: 3 } }], memory.snapshot()));
    expect(cached.list("a/").map((entry) => entry.value)).toEqual([{ n: 1 }, { n: 3 }]);
    expect(cached.get("a/2")?.value).toEqual({ n: 3 });
    expect(reads()).toBe(before);
    memory.commit(write([{ key: "b", value: 1 }], memory.snapshot()));
    expect(cached.list("a/")[0]).toBe(first);
    expect(reads()).toBe(before + 1);
  });

  it("does not carry on over a commit of somebody else that lies between", async () => {
    const memory = new MemoryStore(new World(1));
    const cached = new CachedStore(counted(memory).store);
    await cached.commit(write([{ key: "a", value: 1 }], 0));
    expect(cached.get("a")?.value).toBe(1);
    memory.commit(write([{ key: "a", value: 2 }], memory.snapshot()));
    await cached.commit(write([{ key: "b", value: 3 }], memory.snapshot()));
    expect(cached.get("a")?.value).toBe(2);
  });
});

it("a value is parsed once, and again when it is another", () => {
  let parses = 0;
  const schema = { parse: (value: unknown) => ({ parsed: value, number: ++parses }) };
  const value = { n: 1 };
  expect(parseOnce(schema, value)).toBe(parseOnce(schema, value));
  expect(parseOnce(schema, { n: 1 }).number).toBe(2);
  const own = { n: 2 };
  keepParsed(schema, own, { parsed: own, number: 0 });
  expect(parseOnce(schema, own).number).toBe(0);
  expect(parseOnce(schema, 7).number).toBe(3);
});
