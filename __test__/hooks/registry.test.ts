import { describe, expect, it } from "vitest";
import { type Hook, HookRegistry, MAX_FAILURES_IN_A_ROW } from "../../src/hooks/index.js";

type Points = { readonly call: readonly [string]; readonly other: readonly [] };

function registry(hooks: Hook<Points>[], switches: Record<string, boolean> = {}) {
  const lines: [string, Record<string, unknown>][] = [];
  const disabled: string[] = [];
  let now = 0;
  const write = (event: string, fields = {}) => void lines.push([event, fields]);
  const made = new HookRegistry<Points>(
    hooks,
    {
      log: { info: write, warn: write, error: write },
      elapsed: () => now,
      onDisabled: (name) => disabled.push(name),
    },
    switches,
  );
  return { made, lines, disabled, pass: (ms: number) => (now += ms) };
}

const fails = (name: string, more: Partial<Hook<Points>> = {}): Hook<Points> => ({
  name,
  on: {
    call: () => {
      throw new Error(`${name} is broken`);
    },
  },
  ...more,
});

function notes(name: string, into: string[], more: Partial<Hook<Points>> = {}): Hook<Points> {
  return { name, on: { call: (text) => void into.push(`${name} ${text}`) }, ...more };
}

describe("the registry of hooks", () => {
  it("calls the hooks of a point in their order, one after another", async () => {
    const seen: string[] = [];
    const slow: Hook<Points> = {
      name: "slow",
      phase: "early",
      on: {
        call: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          seen.push("slow");
        },
      },
    };
    const { made } = registry([notes("b", seen), notes("a", seen, { priority: 1 }), slow]);
    await made.run("call", "x");
    await made.run("other");
    expect(seen).toEqual(["slow", "a x", "b x"]);
    expect([made.hangsAt("call"), made.hangsAt("other")]).toEqual([true, false]);
  });

  it("runs through at once where no hook waits for anything", () => {
    const seen: string[] = [];
    const { made } = registry([notes("a", seen), fails("broken"), notes("b", seen)]);
    void made.run("call", "x");
    expect(seen).toEqual(["a x", "b x"]);
  });

  it("ends the operation with what a safety hook throws, and calls nothing behind it", async () => {
    const seen: string[] = [];
    const { made, disabled } = registry([
      notes("first", seen, { phase: "early", priority: 1 }),
      fails("guard", { safety: true, phase: "early" }),
      notes("behind", seen),
    ]);
    for (let call = 0; call < MAX_FAILURES_IN_A_ROW * 2; call++)
      await expect(made.run("call", "x")).rejects.toThrow("guard is broken");
    expect(new Set(seen)).toEqual(new Set(["first x"]));
    expect(disabled).toEqual([]);
    expect(made.times().get("guard")?.failures).toBe(MAX_FAILURES_IN_A_ROW * 2);
  });

  it("skips an isolated hook that throws, and leaves it out after repeated failures, once and visibly", async () => {
    const seen: string[] = [];
    const { made, lines, disabled } = registry([fails("broken"), notes("other", seen)]);
    for (let call = 0; call < MAX_FAILURES_IN_A_ROW + 3; call++) await made.run("call", "x");
    expect(seen).toHaveLength(MAX_FAILURES_IN_A_ROW + 3);
    expect(lines.filter(([event]) => event === "hook.failed")).toHaveLength(MAX_FAILURES_IN_A_ROW);
    expect(lines.filter(([event]) => event === "hook.disabled")).toHaveLength(1);
    expect(disabled).toEqual(["broken"]);
    expect(made.times().get("broken")?.calls).toBe(MAX_FAILURES_IN_A_ROW);
  });

  it("counts failures in a row: a call that goes well starts anew", async () => {
    let calls = 0;
    const flaky: Hook<Points> = {
      name: "flaky",
      on: {
        call: async () => {
          calls += 1;
          if (calls % MAX_FAILURES_IN_A_ROW !== 0) throw new Error("not yet");
        },
      },
    };
    const { made, disabled } = registry([flaky]);
    for (let call = 0; call < MAX_FAILURES_IN_A_ROW * 4; call++) await made.run("call", "x");
    expect(calls).toBe(MAX_FAILURES_IN_A_ROW * 4);
    expect(disabled).toEqual([]);
  });

  it("leaves out what the user has switched off, but no safety hook, and says what it does not know", async () => {
    const seen: string[] = [];
    const { made } = registry(
      [
        notes("off", seen),
        notes("on", seen, { after: ["off"] }),
        fails("guard", { safety: true, phase: "early" }),
      ],
      { off: false, on: true, guard: false, typo: false },
    );
    await expect(made.run("call", "x")).rejects.toThrow("guard is broken");
    expect(made.problems).toEqual([
      "options.hooks.guard: it keeps agents within bounds and stays on",
      "options.hooks.typo: there is no such hook (guard, off, on)",
    ]);
    const { made: unguarded } = registry([notes("off", seen), notes("on", seen)], { off: false });
    await unguarded.run("call", "y");
    expect(seen).toEqual(["on y"]);
  });

  it("measures what each hook costs, failures too, and writes it into the log", async () => {
    const { made, lines, pass } = registry([
      { name: "two", on: { call: () => void pass(2) } },
      {
        name: "one",
        on: {
          call: async () => {
            pass(1);
            throw new Error("no");
          },
        },
      },
      { name: "never", on: { other: () => undefined } },
    ]);
    await made.run("call", "x");
    pass(5_000_000);
    await made.run("call", "x");
    const two = { calls: 2, failures: 0, totalMs: 4, maxMs: 2 };
    const one = { calls: 2, failures: 2, totalMs: 2, maxMs: 1 };
    made.report();
    const reports = lines.filter(([event]) => event === "hooks").map(([, fields]) => fields);
    expect(reports).toHaveLength(2);
    expect(reports.at(-1)).toEqual({ two, one });
  });
});
