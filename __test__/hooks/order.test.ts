import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HookConfigurationError, type Ordered, orderHooks, PHASES } from "../../src/hooks/index.js";

const names = (hooks: readonly Ordered[]) => hooks.map((hook) => hook.name);

/** Hooks whose constraints follow their numbers, so that there is an order; given in any order. */
const solvable = fc
  .array(
    fc.record({
      phase: fc.constantFrom(...PHASES, undefined),
      priority: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
      after: fc.array(fc.nat(11), { maxLength: 3 }),
      before: fc.array(fc.nat(11), { maxLength: 3 }),
    }),
    { maxLength: 12 },
  )
  .map((drawn) =>
    drawn.map((one, index): Ordered => {
      const samePhase = (other: number) => drawn[other]?.phase === one.phase;
      const named = (numbers: number[]) => numbers.filter(samePhase).map((number) => `h${number}`);
      return {
        name: `h${index}`,
        phase: one.phase,
        priority: one.priority,
        after: named(one.after.filter((other) => other < index)),
        before: named(one.before.filter((other) => other > index && other < drawn.length)),
      };
    }),
  )
  .chain((hooks) => fc.shuffledSubarray(hooks, { minLength: hooks.length, maxLength: hooks.length }));

const rank = (hook: Ordered) => PHASES.indexOf(hook.phase ?? "normal");

describe("the order of hooks", () => {
  it("holds every hook once, by phase, with all constraints kept", () => {
    fc.assert(
      fc.property(solvable, (hooks) => {
        const order = orderHooks(hooks);
        expect(names(order).sort()).toEqual(names(hooks).sort());
        expect(order.map(rank)).toEqual(order.map(rank).sort());
        const at = new Map(order.map((hook, index) => [hook.name, index]));
        for (const hook of hooks) {
          const own = at.get(hook.name) ?? -1;
          for (const name of hook.after ?? []) expect(at.get(name)).toBeLessThan(own);
          for (const name of hook.before ?? []) expect(at.get(name)).toBeGreaterThan(own);
        }
      }),
    );
  });

  it("goes by priority, and is stable, wherever no constraint says otherwise", () => {
    fc.assert(
      fc.property(solvable, (hooks) => {
        const free = hooks.map(({ name, phase, priority }): Ordered => ({ name, phase, priority }));
        const expected = free
          .map((hook, given) => ({ hook, given }))
          .sort(
            (a, b) =>
              rank(a.hook) - rank(b.hook) ||
              (b.hook.priority ?? 0) - (a.hook.priority ?? 0) ||
              a.given - b.given,
          );
        expect(names(orderHooks(free))).toEqual(expected.map(({ hook }) => hook.name));
      }),
    );
  });

  it("swaps two neighbours only where a third one, or themselves, demand it", () => {
    // Of the hooks that nothing holds back, the next is always the best: checked against the definition, step by step.
    fc.assert(
      fc.property(solvable, (hooks) => {
        const order = orderHooks(hooks);
        const earlier = new Map<string, Set<string>>(hooks.map((hook) => [hook.name, new Set(hook.after)]));
        for (const hook of hooks) for (const name of hook.before ?? []) earlier.get(name)?.add(hook.name);
        const done = new Set<string>();
        for (const next of order) {
          const free = hooks.filter(
            (hook) =>
              !done.has(hook.name) &&
              rank(hook) === rank(next) &&
              [...(earlier.get(hook.name) ?? [])].every((name) => done.has(name)),
          );
          const best = Math.max(...free.map((hook) => hook.priority ?? 0));
          expect(next.name).toBe(free.find((hook) => (hook.priority ?? 0) === best)?.name);
          done.add(next.name);
        }
      }),
    );
  });

  it("spells a cycle out", () => {
    const hooks: Ordered[] = [
      { name: "alone" },
      { name: "a", before: ["b"] },
      { name: "b", before: ["c"] },
      { name: "c", before: ["a"] },
      { name: "behind", after: ["c"] },
    ];
    const error = failure(() => orderHooks(hooks));
    expect(error).toBeInstanceOf(HookConfigurationError);
    expect(error.message).toBe("hooks wait for one another: a before b before c before a");
    expect(failure(() => orderHooks([{ name: "a", after: ["a"] }])).cycle).toEqual(["a", "a"]);
  });

  it("finds a cycle in whatever hooks have one, and every step of it is a constraint", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(7), { maxLength: 2 }), { minLength: 8, maxLength: 8 }),
        (drawn) => {
          const hooks = drawn.map(
            (after, index): Ordered => ({ name: `h${index}`, after: after.map((other) => `h${other}`) }),
          );
          let cycle: readonly string[] = [];
          try {
            orderHooks(hooks);
          } catch (error) {
            cycle = (error as HookConfigurationError).cycle;
            expect(cycle.length).toBeGreaterThan(1);
          }
          expect(cycle.at(0)).toBe(cycle.at(-1));
          for (const [index, name] of cycle.slice(1).entries())
            expect(hooks.find((hook) => hook.name === name)?.after).toContain(cycle[index]);
        },
      ),
    );
  });

  it("refuses two of one name, unknown names and constraints against the phases", () => {
    expect(failure(() => orderHooks([{ name: "a" }, { name: "a" }])).message).toMatch(
      /two hooks are called a/,
    );
    expect(failure(() => orderHooks([{ name: "a", after: ["z"] }])).message).toMatch(/names z/);
    const late: Ordered[] = [
      { name: "a", phase: "late", before: ["b"] },
      { name: "b", phase: "early" },
    ];
    expect(failure(() => orderHooks(late)).message).toMatch(/later phase \(late, early\)/);
  });
});

function failure(call: () => unknown): HookConfigurationError {
  try {
    call();
  } catch (error) {
    return error as HookConfigurationError;
  }
  throw new Error("it was accepted");
}
