import { rework, type StepContext, withEvidence } from "../context.js";
import { judgeTask } from "../writes/index.js";
import { taskOf } from "./work.js";

/** Runs the deterministic checks of a reported task: on to the Reviewer, or back to the Worker. */
export async function check(run: StepContext, id: string): Promise<void> {
  const task = taskOf(run, id);
  const writes = await judgeTask(run.verifier.writes, () => run.view(), id);
  const { findings, commands, diagnostics } =
    writes.findings.length > 0
      ? { findings: writes.findings, commands: [], diagnostics: undefined }
      : await run.verifier.task(task, run.view().mission.approvedCommands, run.signal);
  if (findings.length > 0) run.rejected("worker");
  else if (run.options.review === "never") run.accepted("worker");
  await run.change("engine", (draft) => {
    const now = draft.task(id);
    if (now.state !== "checking" || now.attempt !== task.attempt) return;
    const evidence = withEvidence(now, (one) => ({
      ...one,
      ...measured(writes.changedFiles),
      commands: [...commands],
      ...(diagnostics && { diagnostics }),
    }));
    draft.setTask(id, { evidence });
    if (findings.length > 0) rework(draft, draft.task(id), findings);
    else draft.moveTask(id, run.options.review === "always" ? "reviewing" : "done");
  });
}

/** What the tree says counts more than what tools have told. */
function measured(changedFiles: readonly string[] | undefined) {
  return changedFiles ? { changedFiles: [...changedFiles], measured: true } : { measured: false };
}
