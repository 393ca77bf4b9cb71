import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Spending } from "../../src/engine/spending.js";
import type { Budget, Mission } from "../../src/mission/index.js";
import { tokensOf } from "../../src/mission/index.js";
import { view } from "./records.js";

const use = (input: number, output = 0, cost = 0) => ({ input, output, cacheRead: 0, cost });

function spending(budget: Budget, change: Partial<Mission> = {}) {
  const now = { view: view([], { budget, ...change }), ms: 0 };
  const book = (tokens: number, cost = 0) => {
    const { spent } = now.view.mission;
    now.view = view([], {
      ...change,
      budget,
      spent: { ...spent, tokens: spent.tokens + tokens, cost: spent.cost + cost },
    });
  };
  return {
    now,
    book,
    all: new Spending(
      () => now.view,
      () => now.ms,
    ),
  };
}

describe("a budget", () => {
  it("is never passed, whatever calls use, whatever is told of them late, twice or never", () => {
    const call = fc.record({
      session: fc.constantFrom("s1", "s2", "s3"),
      input: fc.integer({ min: 1, max: 5_000 }),
      output: fc.integer({ min: 1, max: 5_000 }),
      used: fc.float({ min: 0, max: 1, noNaN: true }),
      told: fc.constantFrom("now", "twice", "never", "late"),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 60_000 }),
        fc.array(call, { maxLength: 60 }),
        (limit, calls) => {
          const { all, book } = spending({ tokens: limit });
          const really = new Map<string, number>();
          const late: (() => void)[] = [];
          let total = 0;
          let number = 0;
          for (const { session, input, output, used, told, ends } of calls) {
            let most: number | undefined;
            try {
              most = all.admit(session, false, { inputTokens: input, maxOutputTokens: output });
            } catch {
              continue;
            }
            const one = use(Math.floor(input * used), Math.floor((most ?? 0) * used));
            total += tokensOf(one);
            expect(total).toBeLessThanOrEqual(limit);
            really.set(session, (really.get(session) ?? 0) + tokensOf(one));
            const message = `m${String(++number).padStart(4, "0")}`;
            const tell = () => all.seen(session, message, one);
            if (told === "late") late.push(tell);
            else if (told !== "never") tell();
            if (told === "twice") tell();
            if (!ends) continue;
            book(really.get(session) ?? 0);
            really.delete(session);
            all.over(session);
            // The next instruction has a later id than all messages of this turn.
            all.begin(session, `m${String(++number).padStart(4, "0")}`);
            for (const word of late.splice(0)) word();
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("caps what a model may write at what is left, and refuses a call that could not write anything of use", () => {
    const { all } = spending({ tokens: 10_000 });
    expect(all.admit("s", false, { inputTokens: 8_000, maxOutputTokens: 30_000 })).toBe(2_000);
    expect(() => all.admit("s", false, { inputTokens: 1, maxOutputTokens: 30_000 })).toThrow(
      expect.objectContaining({ code: "ERR_BUDGET" }),
    );
  });

  it("limits money by the model's price, and nothing where there is no price", () => {
    const { all } = spending({ cost: 0.1 });
    const price = { input: 10, output: 100 };
    // $0.05 for the input; the agents have 95% of the limit, so $0.045 are left: 450 tokens.
    expect(all.admit("s", false, { inputTokens: 5_000, maxOutputTokens: 9_999, price })).toBe(450);
    expect(() => all.admit("s", false, { inputTokens: 5_000, maxOutputTokens: 9_999, price })).toThrow(
      "cost: $0.1",
    );
    expect(all.admit("s", false, { inputTokens: 5_000, maxOutputTokens: 9_999 })).toBe(9_999);
  });

  it("keeps enough for the Commander to say that it is used up", () => {
    const { all } = spending({ tokens: 20_000 }, { rootSession: "root" });
    all.seen("root", "m1", use(2_000));
    all.over("root");
    expect(all.admit("s", false, { inputTokens: 15_000, maxOutputTokens: 5_000 })).toBe(1_000);
    expect(() => all.admit("s", false, { inputTokens: 100, maxOutputTokens: 5_000 })).toThrow("budget");
    expect(all.admit("root", true, { inputTokens: 2_500, maxOutputTokens: 1_000 })).toBe(1_000);
  });

  it("counts sessions that are being made, and gives a place back when one was not", () => {
    const { all } = spending({ sessions: 2 });
    const first = all.session();
    all.session();
    expect(() => all.session()).toThrow("sessions 2 of 2");
    first[Symbol.dispose]();
    expect(() => all.session()).not.toThrow();
  });

  it("of time runs while the mission is at work, and not while it is paused", () => {
    const spent = { tokens: 0, cost: 0, rounds: 0, sessions: 0, activeMs: 60_000 };
    const running = spending({ minutes: 5 }, { sinceMs: 0, spent });
    running.now.ms = 120_000;
    expect(running.all.lines()).toEqual([{ limit: "minutes", used: 3, most: 5 }]);
    running.now.ms = 240_001;
    expect(running.all.refusal()).toContain("minutes 5 of 5");
    const paused = spending({ minutes: 5 }, { sinceMs: 0, spent, state: "paused" });
    paused.now.ms = 9_999_999;
    expect(paused.all.refusal()).toBeUndefined();
  });

  it("refuses a beginning that its first call could not be part of", () => {
    const { all, book } = spending({ tokens: 10_000, rounds: 3 });
    expect(all.refusal()).toBeUndefined();
    book(6_001);
    expect(all.refusal()).toContain("tokens 6,001 of 10,000");
  });
});
