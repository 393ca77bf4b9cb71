import { rework, type StepContext, withEvidence } from "../context.js";
import { taskOf } from "./work.js";

/** Runs the deterministic checks of a reported task: on to the Reviewer, or back to the Worker. */
export async function check(run: StepContext, id: string): Promise<void> {
  const task = taskOf(run, id);
  const { findings, commands, diagnostics } = await run.verifier.task(
    task,
    run.view().mission.approvedCommands,
    run.signal,
  );
  if (findings.length > 0) run.rejected("worker");
  else if (run.options.review === "never") run.accepted("worker");
  await run.change("engine", (draft) => {
    const now = draft.task(id);
    if (now.state !== "checking" || now.attempt !== task.attempt) return;
    const evidence = withEvidence(now, (one) => ({
      ...one,
      commands: [...commands],
      ...(diagnostics && { diagnostics }),
    }));
    draft.setTask(id, { evidence });
    if (findings.length > 0) rework(draft, draft.task(id), findings);
    else draft.moveTask(id, run.options.review === "always" ? "reviewing" : "done");
  });
}
