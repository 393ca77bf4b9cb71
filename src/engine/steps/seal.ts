import { type MissionDraft, type Task, writeSetCovers } from "../../mission/index.js";
import { rework, type StepContext } from "../context.js";
import { MAX_VERIFICATIONS } from "../options.js";
import type { Verification } from "../verification.js";
import { judgeMission } from "../writes/index.js";

/** Checks everything again on the whole tree: the mission is sealed, or somebody has more to do. */
export async function seal(run: StepContext): Promise<void> {
  const { verification: number } = run.view().mission;
  const strays = await judgeMission(run.verifier.writes, () => run.view());
  const verification =
    strays.length > 0
      ? { findings: strays, commands: [] }
      : await run.verifier.mission(run.view(), run.signal);
  await run.change("engine", (draft) => {
    const { mission } = draft;
    if (mission.state !== "verifying" || mission.verification !== number) return;
    if (verification.findings.length === 0) {
      draft.move("sealed", { endedMs: run.now() });
      return draft.announce(
        `Mission ${mission.id} is sealed: every task is done and every check passes on the whole tree. ` +
          "Tell the user what was done, in a few lines." +
          unchecked(verification),
      );
    }
    const failedVerifications = mission.failedVerifications + 1;
    draft.set({ failedVerifications });
    const culprit = soleCulprit(draft.tasks, verification);
    if (culprit && culprit.attempt < culprit.attemptLimit && failedVerifications < MAX_VERIFICATIONS) {
      rework(draft, culprit, verification.findings);
      return draft.move("executing");
    }
    block(draft, verification);
  });
}

/** What the seal does not cover. */
function unchecked({ diagnostics }: Verification): string {
  const left = diagnostics?.unchecked ?? [];
  return left.length === 0 ? "" : `\nNot checked by a language server:\n${left.join("\n")}`;
}

/** The one task that a failure belongs to, if it belongs to one. */
function soleCulprit(tasks: readonly Task[], { findings, commands }: Verification): Task | undefined {
  const failed = commands.find((one) => one.exitCode !== 0)?.command;
  const path = findings[0]?.split(/[: ]/, 1)[0] ?? "";
  const culprits = tasks
    .filter((task) => task.state === "done")
    .filter((task) => (failed ? task.checks.commands.includes(failed) : writeSetCovers(task.writes, path)));
  return culprits.length === 1 ? culprits[0] : undefined;
}

function block(draft: MissionDraft, { findings }: Verification): void {
  draft.move("blocked", { reason: "the final verification failed" });
  draft.announce(
    `All tasks of mission ${draft.mission.id} are done, but the whole does not hold:\n${findings.join("\n")}\n` +
      "Find the cause, then send a task back (mission_control retry, with a note) or add one (delegate).",
  );
}
