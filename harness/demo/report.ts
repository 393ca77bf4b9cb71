import type { Verification } from "../../src/native/index.js";
import { type Palette, pad, seconds } from "./palette.js";
import { type TaskTrack, type Timeline, timeIn } from "./timeline.js";

/** How long each phase took, as lines of a table. All but the set-up comes from the times of the commits. */
export function renderTimes(timeline: Timeline, setUpMs: number, nowMs: number, palette: Palette): string[] {
  const mission = timeline.missionSpans;
  const begin = mission[0]?.fromMs ?? nowMs;
  const end = timeline.mission?.endedMs ?? nowMs;
  const phases: [string, number][] = [
    ["set-up of the host", setUpMs],
    ["planning", timeIn(mission, ["planning"], end)],
    ["executing", timeIn(mission, ["executing"], end)],
    ["final verification", timeIn(mission, ["verifying"], end)],
    ["mission in all", end - begin],
  ];
  const lines = phases.map(([name, ms]) => `${pad(name, 20)} ${seconds(ms).padStart(10)}`);
  if (timeline.tasks.length === 0) return lines;
  const idWidth = Math.max(4, ...timeline.tasks.map(({ task }) => task.id.length));
  const columns = ["attempts", "work", "checks", "review", "waited"];
  const head = `${pad("task", idWidth)} ${columns.map((name) => name.padStart(10)).join("")}`;
  return [...lines, "", palette.dim(head), ...timeline.tasks.map((track) => taskTimes(track, idWidth, end))];
}

function taskTimes({ task, spans }: TaskTrack, idWidth: number, end: number): string {
  // A task that is over has its last span open for ever: only these states take time.
  const cells = [
    String(task.attempt),
    seconds(timeIn(spans, ["running"], end)),
    seconds(timeIn(spans, ["checking"], end)),
    seconds(timeIn(spans, ["reviewing"], end)),
    seconds(timeIn(spans, ["pending", "ready"], end)),
  ];
  return `${pad(task.id, idWidth)} ${cells.map((cell) => cell.padStart(10)).join("")}`;
}

export function renderVerification(found: Verification, palette: Palette): string[] {
  if (found.ok)
    return [
      palette.green(
        `it holds: ${found.commits} commits, head ${found.head.hash} (revision ${found.head.revision})`,
      ),
    ];
  const bad = found.firstBad
    ? [`it breaks at revision ${found.firstBad.revision}: ${found.firstBad.reason}`]
    : [];
  return [...bad, ...found.damage.map((line) => `the file is damaged: ${line}`)].map(palette.red);
}

/** The result of a `node --test` run. */
export interface TestResult {
  readonly passed: number;
  readonly failed: number;
}

/** Reads the totals at the end of TAP output. @throws when they are not there. */
export function readTap(output: string): TestResult {
  const total = (name: string) => {
    const found = new RegExp(`^# ${name} (\\d+)$`, "m").exec(output)?.[1];
    if (found === undefined) throw new Error(`the test run has no total "${name}":\n${output.slice(-2_000)}`);
    return Number(found);
  };
  return { passed: total("pass"), failed: total("fail") + total("cancelled") };
}

/** The first lines of a text, and how many are left out. */
export function shorten(text: string, limit: number): { readonly lines: string[]; readonly left: number } {
  const lines = text.trimEnd().split("\n");
  return { lines: lines.slice(0, limit), left: Math.max(0, lines.length - limit) };
}
