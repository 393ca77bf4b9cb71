import type { Evidence } from "../mission/index.js";
import { duration, use } from "./figures.js";
import { BLANK, cut, type Line, span, type Tone } from "./line.js";
import { TASK_MARKS, type TaskModel } from "./model.js";
import { safe, safeLines, shortened, wrap } from "./text.js";

const OUTPUT_LINES = 6;

/** A task with all that is known of it: what it is to do, how it stands, and the evidence of each attempt. */
export function detailLines(task: TaskModel, width: number): Line[] {
  const { record } = task;
  const { mark, tone } = TASK_MARKS[task.state];
  const lines: Line[] = [
    [span(`${mark} ${task.id} `, tone, true), span(shortened(task.title, width - 6), "text", true)],
    [span(`${task.state}`, tone), span(` · attempt ${task.attempt} of ${record.attemptLimit}`, "muted")],
  ];
  const facts: [string, string | undefined][] = [
    ["agent", task.agent],
    ["model", task.model],
    ["used", use(task.tokens, task.cost)],
    ["after", task.dependencies.join(", ")],
    ["writes", record.writes.map(safe).join(", ")],
    ["priority", record.priority === "normal" ? undefined : record.priority],
  ];
  for (const [name, value] of facts) if (value) lines.push(...field(name, value, width));
  if (task.reason) lines.push(...field("why", task.reason, width, "warning"));
  for (const what of task.waiting) lines.push(...field("waits", what, width, "warning"));
  lines.push(BLANK, ...paragraph(safe(record.instructions), width));
  const { commands, files, criteria } = record.checks;
  const accepted = [...commands.map((one) => `$ ${one}`), ...files.map((one) => `file ${one}`), ...criteria];
  if (accepted.length > 0) lines.push(BLANK, title("To be accepted"));
  for (const one of accepted) lines.push(...item(safe(one), width));
  if (record.findings.length > 0) {
    lines.push(BLANK, title("What was wrong before"));
    for (const one of record.findings) lines.push(...item(safe(one), width, "warning"));
  }
  for (const evidence of record.evidence.toReversed()) lines.push(BLANK, ...evidenceLines(evidence, width));
  return lines.map((line) => cut(line, width));
}

function evidenceLines(evidence: Evidence, width: number): Line[] {
  const { verdict } = evidence;
  const judged = verdict === "accept" ? "accepted" : verdict === "reject" ? "rejected" : undefined;
  const lines: Line[] = [
    [
      span(`Attempt ${evidence.attempt}`, "text", true),
      ...(judged ? [span(` ${judged}`, verdict === "accept" ? "success" : "error", true)] : []),
    ],
  ];
  if (evidence.summary) lines.push(...paragraph(safe(evidence.summary), width));
  for (const { command, exitCode, durationMs, timedOut, output } of evidence.commands) {
    const passed = exitCode === 0;
    const end = timedOut ? "timed out" : exitCode === null ? "ended by a signal" : `exit ${exitCode}`;
    lines.push([
      span(passed ? "✓ " : "✗ ", passed ? "success" : "error"),
      span(shortened(`$ ${safe(command)}`, Math.max(8, width - 24))),
      span(`  ${end}, ${duration(durationMs)}`, "muted"),
    ]);
    if (!passed)
      for (const row of safeLines(output).slice(-OUTPUT_LINES)) lines.push([span(`  ${row}`, "muted")]);
  }
  for (const finding of evidence.findings) lines.push(...item(safe(finding), width, "warning"));
  if (evidence.changedFiles.length > 0)
    lines.push(...field("changed", evidence.changedFiles.map(safe).join(", "), width));
  return lines;
}

const title = (text: string): Line => [span(text, "text", true)];

const paragraph = (text: string, width: number, tone: Tone = "text"): Line[] =>
  wrap(text, width).map((row) => [span(row, tone)]);

function field(name: string, value: string, width: number, tone: Tone = "text"): Line[] {
  const label = name.padEnd(9);
  return wrap(value, Math.max(8, width - label.length)).map((row, index) => [
    span(index === 0 ? label : " ".repeat(label.length), "muted"),
    span(row, tone),
  ]);
}

function item(text: string, width: number, tone: Tone = "text"): Line[] {
  return wrap(text, Math.max(8, width - 2)).map((row, index) => [
    span(index === 0 ? "• " : "  ", "muted"),
    span(row, tone),
  ]);
}
