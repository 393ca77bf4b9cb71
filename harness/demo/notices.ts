import type { Mission, Task } from "../../src/mission/index.js";
import { plain, seconds } from "./palette.js";

/** A change that a person who watches should hear about. */
export interface Notice {
  readonly atMs: number;
  /** What it is about: a task's id, or the mission's. */
  readonly subject: string;
  readonly text: string;
  readonly tone: "plain" | "good" | "bad";
}

type Told = Omit<Notice, "atMs">;

/** What changed about the mission from one commit to another. */
export function describeMission(before: Mission | undefined, now: Mission): Told[] {
  if (before?.state === now.state) return [];
  const told = (text: string, tone: Notice["tone"] = "plain"): Told[] => [{ subject: now.id, text, tone }];
  const reason = now.reason ? `: ${firstLine(now.reason)}` : "";
  switch (now.state) {
    case "planning":
      return told("a Planner makes the plan");
    case "executing":
      return before?.state === "planning"
        ? told(`the plan is accepted: ${firstLine(now.summary ?? "no summary")}`, "good")
        : told(before?.state === "verifying" ? "there is more to do" : "it goes on");
    case "verifying":
      return told("every task is done; all checks run again on the whole tree");
    case "sealed":
      return told("sealed: every check holds on the whole tree", "good");
    default:
      return told(`${now.state}${reason}`, "bad");
  }
}

/** What changed about a task from one commit to another. */
export function describeTask(before: Task | undefined, now: Task): Told[] {
  const told = (text: string, tone: Notice["tone"] = "plain"): Told[] => [{ subject: now.id, text, tone }];
  if (before && before.state === now.state && before.attempt === now.attempt) return [];
  switch (now.state) {
    case "ready":
      return before && before.state !== "pending" ? sentBack(before, now) : [];
    case "running":
      return told(`a Worker begins${now.attempt > 1 ? ` attempt ${now.attempt}` : ""}: ${plain(now.title)}`);
    case "checking":
      return told(`reported: ${firstLine(now.evidence.at(-1)?.summary ?? "no summary")}`);
    case "reviewing":
      return told(`${passedChecks(now)}; a Reviewer judges`);
    case "done":
      return told(
        before?.state === "reviewing" ? "accepted by the Reviewer" : `done: ${passedChecks(now)}`,
        "good",
      );
    case "blocked":
    case "failed":
      return told(
        [now.state, now.reason, now.findings[0]]
          .map((part) => firstLine(part ?? ""))
          .filter(Boolean)
          .join(": "),
        "bad",
      );
    case "cancelled":
      return told("cancelled");
    default:
      return [];
  }
}

function sentBack(before: Task, now: Task): Told[] {
  const who: Partial<Record<Task["state"], string>> = {
    running: "goes back",
    checking: "a check failed",
    reviewing: "rejected by the Reviewer",
    done: "reopened",
  };
  const text = `${who[before.state] ?? "goes on"}${now.findings[0] ? `: ${firstLine(now.findings[0])}` : ""}`;
  return [{ subject: now.id, text, tone: "bad" }];
}

function passedChecks(task: Task): string {
  const commands = task.evidence.at(-1)?.commands ?? [];
  if (commands.length === 0) return "checks passed";
  const time = commands.reduce((sum, one) => sum + one.durationMs, 0);
  const names = commands.map((one) => `\`${firstLine(one.command)}\``).join(", ");
  return `${names} passed in ${seconds(time)}`;
}

function firstLine(text: string): string {
  return plain(text.trim().split("\n", 1)[0] ?? "").trim();
}
