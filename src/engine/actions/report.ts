import * as z from "zod";
import { type MissionDraft, MissionError, type Task } from "../../mission/index.js";
import { rework, withEvidence } from "../context.js";
import type { MissionEngine } from "../engine.js";

export const reportSchema = z.strictObject({
  state: z.enum(["done", "blocked", "failed"]).describe("blocked: you need a decision or a wider write set"),
  summary: z.string().trim().min(1).max(4_000).describe("What you did, or what is in the way"),
});
export type Report = z.infer<typeof reportSchema>;

export const verdictSchema = z.strictObject({
  verdict: z.enum(["accept", "reject"]),
  findings: z
    .array(z.string().trim().min(1).max(2_000))
    .max(50)
    .default([])
    .describe("For a reject: what is wrong, where, and how you know"),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** Commands of the session's task, and of the mission's end, that the user's permissions have not yet let through. */
export async function unapprovedCommands(engine: MissionEngine, session: string): Promise<string[]> {
  const { run, assignment } = await engine.speaker(session, "worker");
  const { mission, tasks } = run.view();
  const task = tasks.find((one) => one.id === assignment.task);
  const wanted = new Set([...(task?.checks.commands ?? []), ...mission.finalCommands]);
  return [...wanted].filter((command) => !mission.approvedCommands.includes(command));
}

/** A Worker's structured end. `approved` are commands that the user's permissions let through just now. */
export async function report(
  engine: MissionEngine,
  session: string,
  input: Report,
  circumstances: { readonly changedFiles: readonly string[]; readonly approved: readonly string[] },
): Promise<string> {
  const { run, assignment, actor } = await engine.speaker(session, "worker");
  return run.change(actor, (draft) => {
    const task = assignedTask(draft, assignment.task, session);
    const approvedCommands = [...new Set([...draft.mission.approvedCommands, ...circumstances.approved])];
    if (circumstances.approved.length > 0) draft.set({ approvedCommands });
    draft.setTask(task.id, {
      evidence: withEvidence(task, (one) => ({
        ...one,
        summary: input.summary,
        changedFiles: [...circumstances.changedFiles],
      })),
    });
    if (input.state === "done") draft.moveTask(task.id, "checking");
    else if (input.state === "blocked") draft.moveTask(task.id, "blocked", { reason: input.summary });
    else rework(draft, draft.task(task.id), [`the Worker gave up: ${input.summary}`]);
    return `Recorded: ${task.id} is ${draft.task(task.id).state}. End your turn; you will hear if more is needed.`;
  });
}

/** A Reviewer's verdict on the attempt that it was given. */
export async function verdict(engine: MissionEngine, session: string, input: Verdict): Promise<string> {
  const { run, assignment, actor } = await engine.speaker(session, "reviewer");
  if (input.verdict === "reject" && input.findings.length === 0)
    throw new MissionError("ERR_INVALID_STATE", "a reject needs findings that the Worker can act on");
  return run.change(actor, (draft) => {
    const task = draft.task(assignment.task ?? "");
    if (task.state !== "reviewing" || task.reviewSession !== session)
      throw new MissionError(
        "ERR_INVALID_STATE",
        `task ${task.id} is ${task.state}: it is not yours to judge now`,
      );
    draft.setTask(task.id, {
      evidence: withEvidence(task, (one) => ({ ...one, verdict: input.verdict, findings: input.findings })),
    });
    if (input.verdict === "accept") draft.moveTask(task.id, "done", { findings: [] });
    else rework(draft, draft.task(task.id), input.findings);
    return `Recorded: ${task.id} is ${draft.task(task.id).state}. End your turn.`;
  });
}

function assignedTask(draft: MissionDraft, id: string | undefined, session: string): Task {
  const task = draft.task(id ?? "");
  if (task.state !== "running" || task.workSession !== session)
    throw new MissionError(
      "ERR_INVALID_STATE",
      `task ${task.id} is ${task.state}: it takes no report from this session now`,
    );
  return task;
}
