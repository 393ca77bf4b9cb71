import { planBrief } from "../briefs.js";
import type { StepContext } from "../context.js";

/** Has a Planner submit a plan. Ends when the mission is no longer in planning. */
export async function plan(run: StepContext): Promise<void> {
  const { mission } = run.view();
  const session = await run.session(mission.planSession, "planner");
  if (session !== mission.planSession)
    await run.change("engine", (draft) => draft.set({ planSession: session }));
  const end = await run.converse({
    session,
    role: "planner",
    work: `plan.${mission.planAttempts}`,
    brief: planBrief(mission),
    closingTool: "mission_plan",
    closed: () => run.view().mission.state !== "planning",
  });
  if (end.kind === "stopped") await run.pause("the Planner's session was interrupted");
  if (end.kind !== "failed") return;
  await run.change("engine", (draft) => {
    if (draft.mission.state !== "planning") return;
    const planAttempts = draft.mission.planAttempts + 1;
    draft.set({ planAttempts, planFindings: [end.reason] });
    if (!end.permanent && planAttempts % run.options.attempts !== 0) return;
    draft.move("blocked", { reason: `there is no plan: ${end.reason}` });
    draft.announce(
      `Mission ${mission.id} has no plan: ${end.reason}. Ask the user what to do; resume tries again.`,
    );
  });
}
