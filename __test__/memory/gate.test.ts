import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Budgets,
  type GateItem,
  gate,
  MEMORY_TIERS,
  observe,
  RELEVANCE,
  smooth,
  THRESHOLDS,
  tierMoves,
} from "../../src/memory/index.js";

const { enter, exit, margin, promote, promoteUses } = THRESHOLDS;

const budgets: fc.Arbitrary<Budgets> = fc.record({
  task: fc.nat(300),
  mission: fc.nat(300),
  project: fc.nat(300),
});

const drawn = fc.record({
  tier: fc.constantFrom(...MEMORY_TIERS),
  tokens: fc.integer({ min: 1, max: 120 }),
  relevance: fc.double({ min: 0, max: 1, noNaN: true }),
  uses: fc.nat(5),
  isIn: fc.boolean(),
});

/** Notes, and which of them are in the context. */
const situation = fc.array(drawn, { maxLength: 30 }).map((all) => ({
  items: all.map(({ isIn, ...item }, index): GateItem => ({ ...item, id: `N${index}` })),
  before: new Set(all.flatMap(({ isIn }, index) => (isIn ? [`N${index}`] : []))),
}));

const tokensIn = (items: readonly GateItem[], inside: ReadonlySet<string>, tier: string) =>
  items
    .filter((item) => item.tier === tier && inside.has(item.id))
    .reduce((sum, item) => sum + item.tokens, 0);

describe("the gate", () => {
  it("never exceeds a tier's budget", () => {
    fc.assert(
      fc.property(situation, budgets, ({ items, before }, limits) => {
        const { inContext } = gate(items, before, limits);
        for (const tier of MEMORY_TIERS)
          expect(tokensIn(items, inContext, tier)).toBeLessThanOrEqual(limits[tier]);
      }),
    );
  });

  it("is deterministic, whatever the order of the items", () => {
    fc.assert(
      fc.property(situation, budgets, ({ items, before }, limits) => {
        const one = [...gate(items, before, limits).inContext].sort();
        const other = [...gate(items.toReversed(), before, limits).inContext].sort();
        expect(other).toEqual(one);
      }),
    );
  });

  it("comes to rest at once: a second pass over its own answer moves nothing", () => {
    fc.assert(
      fc.property(situation, budgets, ({ items, before }, limits) => {
        const { inContext } = gate(items, before, limits);
        const again = gate(items, inContext, limits);
        expect([...again.inContext].sort()).toEqual([...inContext].sort());
        expect(again.moves).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("does not flap: a relevance that wavers within the band moves nothing", () => {
    const wavering = fc.double({ min: exit, max: enter - 1e-9, noNaN: true });
    fc.assert(
      fc.property(
        situation,
        budgets,
        fc.array(wavering, { minLength: 30, maxLength: 30 }),
        (now, limits, to) => {
          const start = gate(now.items, now.before, limits).inContext;
          const items = now.items.map((item, index) => ({ ...item, relevance: to[index] ?? exit }));
          expect(gate(items, start, limits).moves).toEqual([]);
        },
      ),
    );
  });

  it("lets a newcomer take a place only when it is more relevant by the margin", () => {
    const of = (id: string, relevance: number): GateItem => ({
      id,
      tier: "task",
      tokens: 10,
      relevance,
      uses: 0,
    });
    const limits = { task: 10, mission: 0, project: 0 };
    const inContext = (relevance: number) => [
      ...gate([of("N1", 0.5), of("N2", relevance)], new Set(["N1"]), limits).inContext,
    ];
    expect(inContext(0.5 + margin - 0.01)).toEqual(["N1"]);
    expect(inContext(0.5 + margin + 0.01)).toEqual(["N2"]);
  });

  it("is monotone: what becomes more relevant, all else equal, is not taken out by that", () => {
    fc.assert(
      fc.property(
        situation,
        budgets,
        fc.nat(29),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (now, limits, at, more) => {
          const item = now.items[at];
          const { inContext } = gate(now.items, now.before, limits);
          if (!item || !inContext.has(item.id)) return;
          const raised = { ...item, relevance: item.relevance + (1 - item.relevance) * more };
          const items = now.items.map((one) => (one === item ? raised : one));
          expect(gate(items, now.before, limits).inContext).toContain(item.id);
        },
      ),
    );
  });

  it("tells every move, and no other", () => {
    fc.assert(
      fc.property(situation, budgets, ({ items, before }, limits) => {
        const { inContext, moves } = gate(items, before, limits);
        const after = new Set(before);
        for (const { id, kind } of moves) kind === "enter" ? after.add(id) : after.delete(id);
        expect([...after].sort()).toEqual([...inContext].sort());
      }),
    );
  });
});

describe("tiers", () => {
  it("are climbed by use, one at a time, and left again only by what had climbed", () => {
    fc.assert(
      fc.property(situation, ({ items }) => {
        const promoted = items.map((item, at): GateItem => (at % 2 ? { ...item, origin: "task" } : item));
        for (const { id, kind, to } of tierMoves(promoted)) {
          const item = promoted.find((one) => one.id === id);
          if (kind === "demote") expect([to, (item?.relevance ?? 1) < exit]).toEqual([item?.origin, true]);
          else {
            expect(MEMORY_TIERS.indexOf(to)).toBe(MEMORY_TIERS.indexOf(item?.tier ?? "project") + 1);
            expect((item?.relevance ?? 0) >= promote && (item?.uses ?? 0) >= promoteUses).toBe(true);
          }
        }
      }),
    );
  });
});

describe("relevance", () => {
  const signals = fc.record({ used: fc.nat(9), referenced: fc.nat(9), age: fc.nat(200) });

  it("stays within 0 and 1, and grows with every signal", () => {
    fc.assert(
      fc.property(signals, fc.double({ min: 0, max: 1, noNaN: true }), (one, before) => {
        const next = smooth(before, observe(one));
        expect(next).toBeGreaterThanOrEqual(0);
        expect(next).toBeLessThanOrEqual(1 + 1e-12);
        expect(observe({ ...one, used: one.used + 1 })).toBeGreaterThanOrEqual(observe(one));
        expect(observe({ ...one, age: one.age + 1 })).toBeLessThanOrEqual(observe(one));
      }),
    );
  });

  /** Rounds until the condition holds for a note that has these signals in each round. */
  function rounds(from: number, each: { used: number }, holds: (relevance: number) => boolean): number {
    let relevance = from;
    for (let round = 1; round <= 100; round++) {
      relevance = smooth(relevance, observe({ ...each, referenced: 0, age: round }));
      if (holds(relevance)) return round;
    }
    return Number.POSITIVE_INFINITY;
  }

  it("lets a new note in, keeps it for some rounds without use, and one in use for good: as docs/MEMORY.md says", () => {
    expect(RELEVANCE.start).toBeGreaterThanOrEqual(enter);
    expect(rounds(RELEVANCE.start, { used: 0 }, (now) => now < exit)).toBe(6);
    expect(rounds(RELEVANCE.start, { used: 1 }, (now) => now < exit)).toBe(Number.POSITIVE_INFINITY);
    expect(rounds(0, { used: 1 }, (now) => now >= enter)).toBe(3);
    expect(rounds(RELEVANCE.start, { used: 1 }, (now) => now >= promote)).toBeLessThanOrEqual(6);
  });
});
