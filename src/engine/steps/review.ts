import { reviewBrief } from "../briefs.js";
import { addUse, type StepContext } from "../context.js";
import { taskOf } from "./work.js";

/** Has a Reviewer judge a task that passed its checks. Ends when the task is no longer in review. */
export async function review(run: StepContext, id: string): Promise<void> {
  const task = taskOf(run, id);
  const session = await run.session(task.reviewSession, "reviewer", task);
  if (session !== task.reviewSession)
    await run.change("engine", (draft) => draft.setTask(id, { reviewSession: session }));
  const end = await run.converse({
    session,
    role: "reviewer",
    work: `${id}.${task.attempt}`,
    brief: reviewBrief(run.view(), task),
    closingTool: "review_verdict",
    used: (draft, use) => addUse(draft, id, task.attempt, use),
    closed: () => {
      const now = taskOf(run, id);
      return now.state !== "reviewing" || now.attempt !== task.attempt;
    },
  });
  if (end.kind === "stopped") return run.pause(`the review of task ${id} was interrupted`);
  if (end.kind === "closed") {
    if (taskOf(run, id).state === "done") run.accepted("worker");
    else run.rejected("worker");
    return;
  }
  await run.change("engine", (draft) => {
    // Without a verdict nothing is accepted: the mission asks instead of guessing.
    if (draft.task(id).state === "reviewing")
      draft.moveTask(id, "failed", { reason: `there is no verdict: ${end.reason}` });
  });
}
