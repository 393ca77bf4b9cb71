import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../simulation/memory-store.js";
import { simulate } from "../../simulation/run.js";
import { World } from "../../simulation/world.js";
import type { StoreTransaction } from "../../src/ports/index.js";
import { temporaryStore } from "../native/temporary.js";

/** Seeds that once broke a promise, and what each had found. */
const FOUND: readonly (readonly [seed: number, what: string])[] = [
  [3, "an agent that hangs kept its mission waiting for ever"],
  [6, "a notice that the host did not take at once was never told"],
  [11, "a Worker that delegates took up a mission that had been stopped, and nothing ran it"],
];

describe("a simulated run", () => {
  it.each(FOUND)("of seed %d: %s", async (seed) => {
    expect((await simulate(seed, 20)).failures).toEqual([]);
  });

  it("keeps every promise in other weathers", async () => {
    for (let seed = 1_000_000; seed < 1_000_025; seed++) {
      const { failures } = await simulate(seed, 8);
      expect(failures, `seed ${seed}`).toEqual([]);
    }
  });

  it("stops no turn that goes on, however often work is sent back", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { failures, brokenTurns, lives } = await simulate(seed, 12, { rejection: 0.4, failedCheck: 0.3 });
      expect({ failures, brokenTurns, lives }, `seed ${seed}`).toEqual({
        failures: [],
        brokenTurns: 0,
        lives: 1,
      });
    }
  });

  it("is the same again for the same seed", async () => {
    const [first, second] = [await simulate(7, 10), await simulate(7, 10)];
    expect(second).toEqual(first);
    expect((await simulate(8, 10)).log).not.toEqual(first.log);
  });
});

describe("the store of simulations", () => {
  const keys = ["a", "a/", "a/b", "a/c", "b", "é"];
  const key = fc.constantFrom(...keys);
  const prefix = fc.constantFrom("", "a", "a/", "b", "z");
  const transaction = fc.record({
    back: fc.nat(3),
    readKeys: fc.uniqueArray(key, { maxLength: 2 }),
    readPrefixes: fc.uniqueArray(prefix, { maxLength: 1 }),
    writes: fc.uniqueArray(fc.record({ key, value: fc.option(fc.nat(9)) }), {
      maxLength: 3,
      selector: (write) => write.key,
    }),
  });

  it("answers as the real one does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(transaction, { maxLength: 15 }), async (history) => {
        const real = await temporaryStore();
        const model = new MemoryStore(new World(1));
        for (const { back, ...rest } of history) {
          const asked: StoreTransaction = {
            ...rest,
            actor: "test",
            snapshot: Math.max(0, real.snapshot() - back),
          };
          const outcome = async (commit: () => number | Promise<number>) => {
            try {
              return await commit();
            } catch (error) {
              return (error as { code: string }).code;
            }
          };
          expect(await outcome(() => model.commit(asked))).toBe(await outcome(() => real.commit(asked)));
          for (let at = 0; at <= real.snapshot(); at++)
            for (const each of ["", "a", "a/", "b", "z"])
              expect(model.list(each, at)).toEqual(real.list(each, at));
        }
      }),
      { numRuns: 40, seed: 1 },
    );
  });
});
