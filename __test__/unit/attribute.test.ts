import { describe, expect, it } from "vitest";
import { type Attribution, attribute, type OpenCall, type Writer } from "../../src/engine/writes/index.js";

const worker = (task: string): Writer => ({
  kind: "agent",
  mission: "M1",
  task,
  role: "worker",
  session: `ses_${task}`,
});
const reviewer: Writer = { kind: "agent", mission: "M1", task: "A", role: "reviewer", session: "ses_review" };
const user: Writer = { kind: "user", session: "ses_user" };
const checks: Writer = { kind: "checks", session: "check 1" };
const WRITES: Record<string, string[]> = { A: ["a/**"], B: ["b/**"] };
const call = (writer: Writer, fromMs: number, toMs?: number): OpenCall => ({ writer, fromMs, toMs });

function verdict(
  path: string,
  times: readonly number[],
  calls: readonly OpenCall[],
  edits: readonly [string, string][] = [],
): string {
  const whose: Attribution = attribute(
    { path, kind: "modified" },
    times,
    { calls, edits: edits.map(([session, file]) => ({ session, path: file })) },
    (agent) => (agent.role === "worker" ? (WRITES[agent.task] ?? []) : []),
  );
  if (whose.kind === "fine") return "fine";
  return `${whose.sole ? "of" : "of one of"} ${whose.suspects.map((one) => one.session).join(" ")}`;
}

describe("a change is", () => {
  const A = call(worker("A"), 1_000, 2_000);
  const B = call(worker("B"), 1_500, 3_000);
  it.each<[string, string, number[], OpenCall[], [string, string][], string]>([
    ["its own", "a/x", [1_100], [A], [], "fine"],
    ["outside, by the one call there was", "c/x", [1_100], [A], [], "of ses_A"],
    ["in the set of one that had no call open", "b/x", [1_100], [A], [], "of ses_A"],
    ["in the set of one that had", "b/x", [1_600], [A, B], [], "fine"],
    ["in the set of one whose call came later", "b/x", [1_100], [A, B], [], "of ses_A"],
    ["outside, while two had a call open", "c/x", [1_700], [A, B], [], "of one of ses_A ses_B"],
    ["outside, when one of the two was over", "c/x", [2_500], [A, B], [], "of ses_B"],
    ["what an editing tool said", "b/x", [1_100], [A], [["ses_B", "b/x"]], "fine"],
    ["what an editing tool said of another file", "b/x", [1_100], [A], [["ses_B", "b/y"]], "of ses_A"],
    ["at a time when no call was open", "c/x", [500], [A], [], "fine"],
    ["a tick before the call", "c/x", [990], [A], [], "of ses_A"],
    ["of a file that moved with its folder", "c/x", [10, 1_100, 5_000], [A], [], "of ses_A"],
    ["of a file that is gone, at an unknown time", "c/x", [], [A, B], [], "of one of ses_A ses_B"],
    ["perhaps the user's own", "c/x", [1_100], [A, call(user, 0, 9_000)], [], "of one of ses_A"],
    ["the user's own", "c/x", [500], [A, call(user, 0, 9_000)], [], "fine"],
    ["perhaps a check's", "c/x", [1_100], [A, call(checks, 0)], [], "of one of ses_A"],
    ["a check's", "c/x", [500], [A, call(checks, 0)], [], "fine"],
    ["a Reviewer's, in the task's own set", "a/x", [5_500], [call(reviewer, 5_000)], [], "of ses_review"],
    ["in git's own folder, whatever the set", "a/.git/config", [1_100], [A], [], "of ses_A"],
    ["of two calls of one session", "c/x", [1_100], [A, call(worker("A"), 1_050)], [], "of ses_A"],
    ["while a call is still under way", "c/x", [9_000], [call(worker("B"), 1_000)], [], "of ses_B"],
  ])("%s: %s", (_, path, times, calls, edits, expected) => {
    expect(verdict(path, times, calls, edits)).toBe(expected);
  });
});
