import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TaskState } from "../../src/mission/index.js";
import { type BoardState, boardKeys, boardLines, plainBoard } from "../../src/tui/board.js";
import { logLine } from "../../src/tui/feed.js";
import { count, dollars, duration } from "../../src/tui/figures.js";
import { graphRows } from "../../src/tui/graph.js";
import { lineColumns, plain } from "../../src/tui/line.js";
import { missionModel, type SessionFacts } from "../../src/tui/model.js";
import { panelLines } from "../../src/tui/panel.js";
import { SessionUse } from "../../src/tui/session-use.js";
import { columns, safe, safeLines, shortened, wrap } from "../../src/tui/text.js";
import { task, view } from "../unit/records.js";

const SILENT: SessionFacts = { use: () => undefined, waiting: () => [] };
const graph = (plan: Record<string, string[]>) =>
  graphRows(Object.entries(plan).map(([id, dependencies]) => ({ id, dependencies }))).map(
    ({ gutter, node }) => `${gutter} ${node.id}`.trimStart(),
  );
const state = (change: Partial<BoardState> = {}): BoardState => ({
  width: 120,
  height: 30,
  selected: undefined,
  view: "details",
  scroll: 0,
  log: [],
  ...change,
});

/** Whatever a model, a user or a repository may write. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "\u001b[2J",
      "\u001b]0;title\u0007",
      "\u009b1;1H",
      "\u001bPq",
      "\r",
      "\n",
      "\b",
      "\u202e",
      "\u2066",
    ),
    fc.constantFrom("漢", "é", "👩‍👩‍👧", "\u0301", "\ud800", "\u200b", "\t"),
    fc.string({ minLength: 1, maxLength: 3 }),
  ),
});
const MOVES = /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;

describe("text", () => {
  it("is safe, whatever it was", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const line of [safe(text), ...safeLines(text)]) expect(line).not.toMatch(MOVES);
      }),
    );
    expect(safe("\u001b[31mred\u001b[0m \u001b]8;;http://x\u001b\\link\u001b]8;;\u0007 \u009b2Jend")).toBe(
      "red link end",
    );
    expect(safe("a\u202eb\u0000c\nd")).toBe("abc d");
  });

  it("is cut and wrapped by the columns that it takes", () => {
    expect(columns("漢字 ok")).toBe(7);
    expect(shortened("漢字漢字", 5)).toBe("漢字…");
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 30 }), (text, width) => {
        for (const line of [shortened(safe(text), width), ...wrap(safe(text), width)])
          expect(columns(line)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it("of figures is short", () => {
    expect([0, 999, 1_200, 34_000, 1_500_000].map(count)).toEqual(["0", "999", "1.2k", "34k", "1.5M"]);
    expect([0.004, 0.125, 3.4].map(dollars)).toEqual(["$0.004", "$0.13", "$3.40"]);
    expect([4_000, 65_000, 3_900_000].map(duration)).toEqual(["4 s", "1:05 min", "1:05 h"]);
  });
});

describe("the graph", () => {
  it("draws a line from a task to each that waits for it", () => {
    expect(graph({ a: [], b: ["a"], c: ["a"] })).toEqual(["╭─ a", "├─ b", "╰─ c"]);
    expect(graph({ a: [], b: ["a"], c: ["b"] })).toEqual(["╭─── a", "╰─┬─ b", "╰─ c"]);
    expect(graph({ a: [], b: [], c: ["a", "b"] })).toEqual(["╭─── a", "│ ╭─ b", "╰─┴─ c"]);
    expect(graph({ a: [], b: [], c: ["b"], d: ["a"] })).toEqual(["╭─── a", "│ ╭─ b", "│ ╰─ c", "╰─── d"]);
  });

  it("puts every task once, below what it waits for, and draws or names each dependency", () => {
    const plans = fc.array(fc.array(fc.nat(40), { maxLength: 4 }), { maxLength: 40 }).map((all) =>
      all.map((before, index) => ({
        id: `t${index}`,
        dependencies: [...new Set(before.filter((one) => one < index).map((one) => `t${one}`))],
      })),
    );
    fc.assert(
      fc.property(plans, (plan) => {
        const rows = graphRows(plan.toReversed());
        expect(new Set(rows.map((row) => row.node.id)).size).toBe(plan.length);
        const at = new Map(rows.map((row, index) => [row.node.id, index]));
        for (const { node, gutter, undrawn } of rows) {
          for (const id of node.dependencies) expect(at.get(id)).toBeLessThan(at.get(node.id) ?? -1);
          const drawn = node.dependencies.filter((id) => !undrawn.includes(id));
          if (drawn.length > 0) expect(gutter).toMatch(/[├╰┼┴]/);
          expect(gutter.length).toBeLessThanOrEqual(20);
        }
      }),
    );
  });
});

const EVIDENCE = {
  attempt: 1,
  summary: "it is done",
  changedFiles: ["a.ts"],
  commands: [
    { command: "npm test", exitCode: 1, durationMs: 2_000, timedOut: false, output: "one\n\u001b[31mtwo" },
  ],
  verdict: "reject" as const,
  findings: ["a test fails"],
  inputTokens: 1_000,
  outputTokens: 200,
  cost: 0.5,
};

describe("the panel", () => {
  it("shows state, progress, tasks with agent, model and use, and what waits for the user", () => {
    const tasks = [
      task("A", { state: "done", evidence: [EVIDENCE] }),
      task("B", { state: "running", attempt: 2, workSession: "b" }),
    ];
    const facts: SessionFacts = {
      use: (session) => (session === "b" ? { tokens: 3_000, cost: 0.25, model: "gpt" } : undefined),
      waiting: (session) => (session === "b" ? ["allow bash: rm \u001b[2J"] : []),
    };
    const lines = panelLines(missionModel(view(tasks), facts), 36, "ctrl+x o").map(plain);
    expect(lines).toEqual([
      "Mission M1                 executing",
      "the goal",
      `${"━".repeat(16)}${"─".repeat(16)} 1/2`,
      "✓ A Title of A            1.2k $0.50",
      "▶ B Title of B            3.0k $0.25",
      "  worker · gpt · attempt 2",
      "used 4.2k $0.75",
      "Waits for you",
      "B: allow bash: rm",
      "ctrl+x o board",
    ]);
  });

  it("shows what is left of a budget where there is one, and nothing where there is none", () => {
    const budget = { budget: { tokens: 1_000, cost: 2 }, spent: { tokens: 900, cost: 1 } } as object;
    const text = (more: object) =>
      panelLines(missionModel(view([], more), SILENT), 36, undefined)
        .map(plain)
        .join("\n");
    expect(text(budget)).toMatch(/tokens 100 left ━+─+\ncost \$1\.00 left ━+─+/);
    expect(text({})).not.toMatch(/left/);
  });

  it("keeps tasks at work in view when there are many", () => {
    const states: TaskState[] = [
      ...Array<TaskState>(20).fill("done"),
      "running",
      ...Array<TaskState>(9).fill("pending"),
    ];
    const tasks = states.map((one, index) => task(`T${index}`, { state: one }));
    const text = panelLines(missionModel(view(tasks), SILENT), 36, undefined)
      .map(plain)
      .join("\n");
    expect(text).toMatch(/▶ T20 /);
    expect(text).toMatch(/and 18 more/);
  });
});

describe("the board", () => {
  const tasks = [
    task("A", { state: "done", evidence: [{ ...EVIDENCE, verdict: "accept" }] }),
    task("B", { state: "failed", dependencies: ["A"], reason: "not accepted", evidence: [EVIDENCE] }),
  ];
  const model = missionModel(view(tasks), SILENT);

  it("shows the evidence of the selected task: checks with their end, verdict and findings", () => {
    const text = plainBoard(boardLines(model, state({ selected: "B" }))).join("\n");
    for (const part of [
      /╰─ ✗ B Title of B/,
      /Attempt 1 rejected/,
      /✗ \$ npm test {2}exit 1, 2 s/,
      /• a test fails/,
    ])
      expect(text).toMatch(part);
    expect(text).toMatch(/ {2}one\n.* {2}two/);
    expect(text).toMatch(/t retry task/);
  });

  it("shows the log", () => {
    const entry = { timeMs: 0, actor: "engine", changes: [{ key: "task/M1/B", value: { state: "failed" } }] };
    const log = [
      logLine(entry),
      logLine({ ...entry, changes: [{ key: "mission/M1", value: { state: "blocked" } }] }),
    ];
    const text = plainBoard(boardLines(model, state({ view: "log", log }))).join("\n");
    expect(text).toMatch(/engine B failed/);
    expect(text).toMatch(/engine M1 blocked/);
  });

  it("offers the keys that do something", () => {
    const keys = (change: object) => boardKeys(missionModel(view(tasks, change), SILENT)).map(([key]) => key);
    expect(keys({ state: "executing" })).toEqual(["↑↓", "enter", "tab", "p", "t", "c", "esc"]);
    expect(keys({ state: "paused" })).toContain("r");
    expect(keys({ state: "sealed" })).toEqual(["↑↓", "enter", "tab", "esc"]);
    expect(boardKeys(undefined).map(([key]) => key)).toEqual(["esc"]);
  });

  it("fills every terminal exactly, whatever the records hold", () => {
    const any = fc.record({
      title: hostile,
      reason: hostile,
      instructions: hostile,
      findings: fc.array(hostile, { maxLength: 3 }),
      state: fc.constantFrom<TaskState>("pending", "running", "reviewing", "done", "failed", "blocked"),
      before: fc.array(fc.nat(5), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(any, { maxLength: 8 }),
        hostile,
        fc.integer({ min: 20, max: 160 }),
        fc.integer({ min: 6, max: 40 }),
        fc.constantFrom<"details" | "log">("details", "log"),
        fc.nat(50),
        (all, goal, width, height, shown, scroll) => {
          const records = all.map(({ before, ...change }, index) =>
            task(`T${index}`, {
              ...change,
              dependencies: before.filter((one) => one < index).map((one) => `T${one}`),
              evidence: [{ ...EVIDENCE, summary: change.title, findings: change.findings }],
            }),
          );
          const shownModel = missionModel(view(records, { goal, reason: goal }), SILENT);
          const log = [{ time: "00:00:00", actor: goal, what: goal }];
          const lines = boardLines(shownModel, state({ width, height, view: shown, scroll, log }));
          expect(lines).toHaveLength(height);
          for (const line of [...lines, ...panelLines(shownModel, width, "x")]) {
            expect(lineColumns(line)).toBeLessThanOrEqual(width);
            expect(plain(line)).not.toMatch(MOVES);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("what sessions use", () => {
  it("is the sum of their answers, each counted once as it stands last", () => {
    const use = new SessionUse();
    const answer = (id: string, output: number) => ({
      info: {
        id,
        sessionID: "s",
        role: "assistant",
        modelID: "gpt",
        cost: 0.5,
        tokens: { input: 10, output },
      },
    });
    expect(use.heard(answer("1", 0))).toBe(true);
    expect(use.heard(answer("1", 5))).toBe(true);
    expect(use.heard(answer("1", 5))).toBe(false);
    use.heard(answer("2", 1));
    use.heard({ info: { id: "3", sessionID: "s", role: "user" } });
    use.heard("nonsense");
    expect(use.of("s")).toEqual({ tokens: 26, cost: 1, model: "gpt" });
    use.forget("s");
    expect(use.of("s")).toBeUndefined();
  });
});
