import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Concurrency, type ConcurrencyToken, type Outcome } from "../../src/dispatch/index.js";
import type { Finalizer } from "../../src/ports/index.js";

const NO_FINALIZER: Finalizer = { register: () => undefined, unregister: () => undefined };

function limits(ceiling: number, finalizer = NO_FINALIZER) {
  const told = { room: 0, dropped: [] as (readonly string[])[] };
  const concurrency = new Concurrency(
    () => ceiling,
    () => told.room++,
    finalizer,
    (keys) => told.dropped.push(keys),
  );
  const report = (outcome: Outcome, times = 1) => {
    for (let time = 0; time < times; time++) concurrency.report(["k"], outcome);
    return concurrency.state("k").limit;
  };
  return { concurrency, told, report };
}

describe("limits of what runs at once", () => {
  it("shrink by half on a failure of the API, by one on a failed task, and grow by one after three successes in a row", () => {
    const { report } = limits(8);
    expect(report("apiFailure")).toBe(4);
    expect(report("taskFailure")).toBe(3);
    expect(report("success", 2)).toBe(3);
    expect(report("success")).toBe(4);
    // A failure in between begins the row anew.
    expect(report("success", 2)).toBe(4);
    expect(report("taskFailure")).toBe(3);
    expect(report("success", 2)).toBe(3);
    expect(report("success")).toBe(4);
  });

  it("never leave what the user set, and never reach nothing", () => {
    const { report } = limits(3);
    expect(report("success", 30)).toBe(3);
    expect(report("apiFailure", 10)).toBe(1);
    expect(report("taskFailure", 10)).toBe(1);
  });

  it("take a place under every key, or none at all", () => {
    const { concurrency } = limits(1);
    const token = concurrency.tryAcquire(["a", "b"]);
    expect(concurrency.tryAcquire(["b", "c"])).toBeUndefined();
    expect(concurrency.state("c").used).toBe(0);
    token?.release();
    expect(concurrency.tryAcquire(["b", "c"])).toBeDefined();
  });

  it("let holders over a lowered limit keep their places, and nobody else in", () => {
    const { concurrency, report } = limits(4);
    const tokens = [1, 2, 3, 4].map(() => concurrency.tryAcquire(["k"]));
    report("apiFailure");
    expect(concurrency.state("k")).toMatchObject({ used: 4, limit: 2 });
    tokens[0]?.release();
    tokens[1]?.release();
    expect(concurrency.tryAcquire(["k"])).toBeUndefined();
    tokens[2]?.release();
    expect(concurrency.tryAcquire(["k"])).toBeDefined();
  });

  it("are told of a token that its holder dropped, and have its place again", () => {
    const drops: (() => void)[] = [];
    const { concurrency, told } = limits(1, {
      register: (_, drop) => void drops.push(drop),
      unregister: () => undefined,
    });
    concurrency.tryAcquire(["k"]);
    for (const drop of drops) drop();
    expect(told.dropped).toEqual([["k"]]);
    expect(concurrency.state("k").used).toBe(0);
    // Whatever comes late counts once.
    for (const drop of drops) drop();
    expect(concurrency.state("k").used).toBe(0);
  });

  it("conserve their places, whatever is taken, given back twice, succeeds and fails", () => {
    const step = fc.oneof(
      fc.record({ act: fc.constant("take" as const), keys: fc.subarray(["a", "b", "c"], { minLength: 1 }) }),
      fc.record({ act: fc.constant("release" as const), at: fc.nat(20) }),
      fc.record({
        act: fc.constantFrom("success" as const, "apiFailure" as const, "taskFailure" as const),
        key: fc.constantFrom("a", "b", "c"),
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 100 }), (ceiling, steps) => {
        const { concurrency } = limits(ceiling);
        const held: { token: ConcurrencyToken; keys: readonly string[] }[] = [];
        for (const one of steps) {
          if (one.act === "take") {
            const before = one.keys.map((key) => concurrency.state(key));
            const token = concurrency.tryAcquire(one.keys);
            expect(token !== undefined).toBe(before.every(({ used, limit }) => used < limit));
            if (token) held.push({ token, keys: one.keys });
          } else if (one.act === "release") held[one.at]?.token.release();
          else concurrency.report([one.key], one.act);
          for (const key of ["a", "b", "c"]) {
            const { used, limit } = concurrency.state(key);
            const open = held.filter(({ token, keys }) => !token.isReleased && keys.includes(key)).length;
            expect(used).toBe(open);
            expect(used).toBeLessThanOrEqual(ceiling);
            expect(limit).toBeGreaterThanOrEqual(1);
            expect(limit).toBeLessThanOrEqual(ceiling);
          }
        }
      }),
    );
  });

  it("are given back by `using` and `await using`, also when the work throws", async () => {
    const { concurrency } = limits(1);
    const fails = async () => {
      await using _token = concurrency.tryAcquire(["k"]);
      throw new Error("no");
    };
    await expect(fails()).rejects.toThrow("no");
    expect(() => {
      using _token = concurrency.tryAcquire(["k"]);
      throw new Error("no");
    }).toThrow("no");
    expect(concurrency.state("k").used).toBe(0);
  });
});
