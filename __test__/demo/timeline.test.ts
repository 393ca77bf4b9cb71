import { describe, expect, it } from "vitest";
import { agentsAtWork, type FrameContext, renderFrame } from "../../harness/demo/frame.js";
import { palette, width } from "../../harness/demo/palette.js";
import { readTap, renderTimes, renderVerification, shorten } from "../../harness/demo/report.js";
import { Timeline, timeIn } from "../../harness/demo/timeline.js";
import type { Mission, Task } from "../../src/mission/index.js";
import type { AuditEntry } from "../../src/native/index.js";
import { mission as missionRecord, task as taskRecord } from "../unit/records.js";

const ROOT = "ses_root";

const mission = (change: Partial<Mission> = {}) => missionRecord({ rootSession: ROOT, ...change });
const task = (id: string, change: Partial<Task> = {}) =>
  taskRecord(id, { order: id.charCodeAt(0), ...change });

/** A timeline after these commits: each is a time and the records that it writes. */
function timelineOf(...commits: [timeMs: number, ...records: (Mission | Task)[]][]): Timeline {
  const timeline = new Timeline(ROOT);
  commits.forEach(([timeMs, ...records], index) => {
    const changes = records.map((value) => ({
      key: "goal" in value ? `mission/${value.id}` : `task/${value.mission}/${value.id}`,
      value,
    }));
    const commit: AuditEntry = {
      revision: index + 1,
      timeMs,
      actor: "engine",
      mission: "M1",
      changes,
      hash: "",
    };
    timeline.add(commit);
  });
  return timeline;
}

const rejected = {
  findings: ["edge case\nmore"],
  attempt: 1,
} satisfies Partial<Task>;

/** A: rejected once. B beside it. Both done at 8 s; sealed at 10 s. */
const whole = () =>
  timelineOf(
    [0, mission({ state: "planning" })],
    [1_000, mission({ summary: "two at once" }), task("A"), task("B")],
    [1_100, task("A", { state: "ready" }), task("B", { state: "ready" })],
    [1_500, task("A", { state: "running", attempt: 1 })],
    [2_000, task("B", { state: "running", attempt: 1 })],
    [3_000, task("A", { state: "checking", attempt: 1 })],
    [3_200, task("A", { state: "reviewing", attempt: 1 })],
    [4_000, task("A", { state: "ready", ...rejected })],
    [4_100, task("A", { state: "running", attempt: 2 })],
    [5_000, task("B", { state: "checking", attempt: 1 })],
    [5_500, task("B", { state: "done", attempt: 1 })],
    [6_000, task("A", { state: "checking", attempt: 2 })],
    [6_100, task("A", { state: "reviewing", attempt: 2 })],
    [8_000, mission({ state: "verifying" }), task("A", { state: "done", attempt: 2 })],
    [10_000, mission({ state: "sealed", endedMs: 10_000 })],
  );

const frame: FrameContext = {
  goal: "the goal",
  startedMs: 0,
  nowMs: 2_500,
  columns: 100,
  rows: 24,
  palette: palette(false),
  waitingFor: "it opens",
  question: "",
};

describe("the timeline of a mission", () => {
  it("adds up the time in each state over all attempts", () => {
    const [a, b] = whole().tasks;
    expect(a && timeIn(a.spans, ["running"], 99_000)).toBe(1_500 + 1_900);
    expect(a && timeIn(a.spans, ["checking"], 99_000)).toBe(200 + 100);
    expect(a && timeIn(a.spans, ["reviewing"], 99_000)).toBe(800 + 1_900);
    expect(b && timeIn(b.spans, ["running"], 99_000)).toBe(3_000);
  });

  it("counts a state that still lasts up to now", () => {
    const timeline = timelineOf([0, mission()], [100, task("A", { state: "running", attempt: 1 })]);
    expect(timeIn(timeline.tasks[0]?.spans ?? [], ["running"], 1_100)).toBe(1_000);
  });

  it("counts how many Workers ran at once, and not how many ran in all", () => {
    expect(whole().mostWorkers).toBe(2);
    const one = timelineOf(
      [0, mission()],
      [1, task("A", { state: "running", attempt: 1 })],
      // One commit ends A's work and begins B's: they were never at work together.
      [2, task("A", { state: "checking", attempt: 1 }), task("B", { state: "running", attempt: 1 })],
    );
    expect(one.mostWorkers).toBe(1);
  });

  it("passes over other missions of the project", () => {
    const timeline = timelineOf(
      [0, mission({ id: "M2", rootSession: "ses_other" })],
      [1, task("X", { mission: "M2", state: "running" })],
      [2, mission()],
      [3, task("A", { state: "running", attempt: 1 })],
    );
    expect(timeline.tasks.map(({ task: { id } }) => id)).toEqual(["A"]);
    expect(timeline.mostWorkers).toBe(1);
  });

  it("tells what happened, in order, with the first line of a finding", () => {
    const told = whole().notices.map(({ atMs, subject, text }) => `${atMs} ${subject} ${text}`);
    expect(told).toContain("1000 M1 the plan is accepted: two at once");
    expect(told).toContain("4000 A rejected by the Reviewer: edge case");
    expect(told).toContain("4100 A a Worker begins attempt 2: Title of A");
    expect(told.slice(-3)).toEqual([
      "8000 A accepted by the Reviewer",
      "8000 M1 every task is done; all checks run again on the whole tree",
      "10000 M1 sealed: every check holds on the whole tree",
    ]);
  });

  it("does not tell a change that is none", () => {
    const timeline = timelineOf([0, mission()], [1, mission({ model: { providerID: "p", modelID: "m" } })]);
    expect(timeline.notices).toHaveLength(1);
  });

  it("takes control characters out of what a model wrote", () => {
    const timeline = timelineOf([0, mission()], [1, task("A", { state: "running", title: "a\x1b[2Jb" })]);
    expect(timeline.notices.at(-1)?.text).toBe("a Worker begins: a [2Jb");
  });
});

describe("a frame", () => {
  const running = () =>
    timelineOf(
      [0, mission()],
      [500, task("A", { state: "running", attempt: 2 }), task("B", { state: "reviewing", attempt: 1 })],
      [600, task("C", { dependencies: ["A", "B"] })],
    );

  it("shows the goal, who is at work, and a line for each task", () => {
    const lines = renderFrame(running(), frame);
    expect(lines[0]).toBe("Goal the goal");
    expect(lines[1]).toBe("M1 executing · 0/3 tasks done · 2.5 s · at work: 1 Worker, 1 Reviewer");
    expect(lines.find((line) => line.includes(" A "))).toMatch(/^▶ A .*running +Worker, attempt 2 +2\.0 s$/);
    expect(lines.find((line) => line.includes(" C "))).toMatch(/^· C .*pending +after A, B/);
  });

  it("says what it waits for while there is no mission", () => {
    expect(renderFrame(new Timeline(ROOT), frame)[1]).toBe("it opens · 2.5 s");
    expect(agentsAtWork(new Timeline(ROOT))).toBe("none");
  });

  it("never leaves its place: not wider, not higher", () => {
    const many = timelineOf(
      [0, mission({ goal: "x" })],
      [
        1,
        ...Array.from({ length: 60 }, (_, index) =>
          task(`T${index}`, { title: "漢字".repeat(60), state: "done" }),
        ),
      ],
      [2, task("last", { state: "running", attempt: 1 })],
    );
    for (const [columns, rows] of [
      [60, 10],
      [100, 24],
      [80, 5],
    ] as const) {
      const lines = renderFrame(many, {
        ...frame,
        columns,
        rows,
        goal: "long ".repeat(80),
        palette: palette(true),
      });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns);
    }
    const small = renderFrame(many, { ...frame, rows: 10 });
    expect(small.some((line) => line.startsWith("▶ last"))).toBe(true);
    expect(small.some((line) => /… \d+ more tasks/.test(line))).toBe(true);
  });

  it("keeps a question in view, however many tasks there are", () => {
    const tasks = Array.from({ length: 60 }, (_, index) => task(`T${index}`));
    const lines = renderFrame(timelineOf([0, mission()], [1, ...tasks]), {
      ...frame,
      rows: 10,
      question: "[y] once",
    });
    expect(lines.at(-1)).toBe("[y] once");
  });
});

describe("the report", () => {
  it("puts the times of the log into a table", () => {
    const lines = renderTimes(whole(), 1_234, 99_000, palette(false));
    const row = (name: string) => lines.find((line) => line.startsWith(name))?.split(/ {2,}/);
    expect(row("set-up")).toEqual(["set-up of the host", "1.2 s"]);
    expect(row("planning")).toEqual(["planning", "1.0 s"]);
    expect(row("executing")).toEqual(["executing", "7.0 s"]);
    expect(row("final")).toEqual(["final verification", "2.0 s"]);
    expect(row("mission")).toEqual(["mission in all", "10.0 s"]);
    expect(row("A ")).toEqual(["A", "2", "3.4 s", "0.3 s", "2.7 s", "0.6 s"]);
  });

  it("says where a chain breaks", () => {
    const head = { revision: 9, hash: "ff" };
    const bad = {
      ok: false,
      commits: 3,
      head,
      firstBad: { revision: 4, reason: "altered" },
      damage: ["page 2"],
    };
    expect(renderVerification(bad, palette(false))).toEqual([
      "it breaks at revision 4: altered",
      "the file is damaged: page 2",
    ]);
    expect(renderVerification({ ok: true, commits: 9, head, damage: [] }, palette(false))[0]).toContain(
      "9 commits",
    );
  });

  it("reads the totals of a test run, and refuses output without them", () => {
    expect(readTap("ok 1\n# tests 4\n# pass 3\n# fail 1\n# cancelled 0\n")).toEqual({ passed: 3, failed: 1 });
    expect(() => readTap("node: bad option")).toThrow(/no total "pass"/);
  });

  it("says how much it has left out", () => {
    expect(shorten("a\nb\nc\n", 2)).toEqual({ lines: ["a", "b"], left: 1 });
    expect(shorten("a\n", 2)).toEqual({ lines: ["a"], left: 0 });
  });
});
