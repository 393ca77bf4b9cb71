import type { AcceptanceChecks, Evidence, Mission, MissionView, Task } from "../mission/index.js";
import { DIAGNOSE_AT } from "../mission/index.js";

/** The messages that the engine sends. Standing instructions are the agents' own; a brief carries the task. */

export function planBrief(mission: Mission): string {
  return paragraphs(
    `Plan mission ${mission.id}.`,
    section("Goal", mission.goal),
    list("Your last plan did not hold. What was wrong", mission.planFindings),
    "Explore what you need to, then submit one plan with mission_plan.",
  );
}

/** What a Worker sees of a task: all of it the first time, then only what was wrong. */
export function workBrief({ mission, tasks }: MissionView, task: Task, sameSession: boolean): string {
  const findings = list(
    task.attempt > 1 ? `Attempt ${task.attempt - 1} was not accepted. What was wrong` : "Note",
    task.findings,
  );
  const diagnosis = (task.stagnation?.rounds ?? 0) >= DIAGNOSE_AT ? diagnose(task) : "";
  if (sameSession && task.findings.length > 0)
    return paragraphs(
      findings,
      diagnosis,
      `Put this right in task ${task.id}, then report again with task_report.`,
    );
  const before = tasks.filter((one) => task.dependencies.includes(one.id));
  return paragraphs(
    `Task ${task.id} of mission ${mission.id}: ${task.title}`,
    section("Instructions", task.instructions),
    list("Write set: change only files that match", task.writes),
    checksText(task.checks),
    list(
      "Done before you",
      before.map((one) => `${one.id} ${one.title}: ${one.evidence.at(-1)?.summary ?? "done"}`),
    ),
    findings,
    diagnosis,
    "When it is done and the checks pass, report with task_report.",
  );
}

/** For a Worker who has failed in the same way again: what it did does not work. */
function diagnose({ stagnation }: Task): string {
  return (
    `This is the same failure ${stagnation?.rounds} times in a row: what you have tried does not work. Change nothing yet. ` +
    "Read the whole output of the failed check and the code that it names, run it yourself, and find the cause. " +
    "Then take another way than before. Begin the summary of your report with the cause. If it lies outside of " +
    "your write set or your instructions, report blocked and name what you need."
  );
}

export function reviewBrief({ mission }: MissionView, task: Task): string {
  const evidence = task.evidence.at(-1);
  return paragraphs(
    `Review task ${task.id} of mission ${mission.id}, attempt ${task.attempt}: ${task.title}`,
    section("Instructions that the Worker had", task.instructions),
    checksText(task.checks),
    section("The Worker's report", evidence?.summary),
    list("Files it changed", evidence?.changedFiles ?? []),
    list("Its write set was widened: judge whether the task needed that", widenings(task)),
    list("Checks that passed", passed(evidence)),
    list("Not checked by a language server", evidence?.diagnostics?.unchecked ?? []),
    list("Findings of earlier reviews", task.findings),
    "Judge with review_verdict: accept, or reject with findings that the Worker can act on.",
  );
}

/** After a turn that ended without the call that ends it. */
export function reminder(tool: string): string {
  return `Your turn ended without ${tool}. Finish what is left, then call ${tool}: nothing else ends this work.`;
}

/** After the process that ran the session has died or the turn was interrupted. */
export function resumption(tool: string): string {
  return (
    "You were interrupted. Look at what you have already done (files keep your changes), " +
    `do only what is left, then call ${tool}.`
  );
}

function widenings({ widened = [] }: Task): string[] {
  return widened.map(
    ({ globs, by, reason }) => `${globs.join(", ")} by ${by}: ${reason ?? "no reason given"}`,
  );
}

function passed(evidence: Evidence | undefined): string[] {
  const servers = (evidence?.diagnostics?.servers ?? []).map((one) => `no new errors by ${one}`);
  const commands = (evidence?.commands ?? []).map(
    (one) => `${one.command} (${Math.round(one.durationMs)} ms)`,
  );
  return [...servers, ...commands];
}

function checksText(checks: AcceptanceChecks): string {
  return paragraphs(
    list("Commands that must pass", checks.commands),
    list("Files that must exist", checks.files),
    list("Criteria of the Reviewer", checks.criteria),
  );
}

function section(title: string, text: string | undefined): string {
  return text ? `${title}:\n${text}` : "";
}

function list(title: string, items: readonly string[]): string {
  return items.length === 0 ? "" : `${title}:\n${items.map((item) => `- ${item}`).join("\n")}`;
}

function paragraphs(...parts: string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}
