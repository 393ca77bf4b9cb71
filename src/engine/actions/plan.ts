import type * as z from "zod";
import {
  graphProblems,
  MissionError,
  type Plan,
  type PlanTask,
  planSchema,
  type Task,
} from "../../mission/index.js";
import type { MissionEngine } from "../engine.js";

/**
 * Takes the Planner's plan: whole and sound, or not at all.
 * @throws MissionError `ERR_PLAN_INVALID` with every problem and its mend; nothing is stored then.
 */
export async function submitPlan(engine: MissionEngine, session: string, input: unknown): Promise<string> {
  const { run, actor } = await engine.speaker(session, "planner");
  const plan = parsePlan(input);
  await run.change(actor, (draft) => {
    if (draft.mission.state !== "planning")
      throw new MissionError(
        "ERR_INVALID_STATE",
        `mission ${run.id} is ${draft.mission.state}: its plan stands`,
      );
    plan.tasks.forEach((task, order) => {
      draft.addTask(newTask(run.id, task, { order, depth: 0, attempts: engine.options.attempts }));
    });
    draft.move("executing", { summary: plan.summary, finalCommands: plan.finalCommands, planFindings: [] });
  });
  return `The plan of mission ${run.id} is accepted: ${plan.tasks.length} tasks. Your work is done: end your turn.`;
}

function parsePlan(input: unknown): Plan {
  const parsed = planSchema.safeParse(input);
  if (!parsed.success) throw invalidPlan(parsed.error.issues.map(describeIssue));
  const problems = graphProblems(parsed.data.tasks);
  if (problems.length > 0) throw invalidPlan(problems.map((problem) => problem.message));
  return parsed.data;
}

/** As many as a model can use at once. */
const MAX_NAMED_PROBLEMS = 20;

function invalidPlan(problems: string[]): MissionError {
  const named = problems.slice(0, MAX_NAMED_PROBLEMS).map((one) => `- ${one}`);
  if (problems.length > named.length) named.push(`- and at least ${problems.length - named.length} more`);
  return new MissionError(
    "ERR_PLAN_INVALID",
    `the plan was not accepted and nothing is stored:\n${named.join("\n")}\n` +
      "Mend it and submit the whole plan again.",
    { problems },
  );
}

/** `tasks.2.id: found "a b"; letters, digits…` */
export function describeIssue(issue: z.core.$ZodIssue): string {
  return `${issue.path.join(".") || "the arguments"}: ${issue.message}`;
}

export function newTask(
  mission: string,
  plan: PlanTask,
  place: { readonly order: number; readonly depth: number; readonly attempts: number },
): Task {
  return {
    ...plan,
    mission,
    order: place.order,
    depth: place.depth,
    state: "pending",
    attempt: 0,
    attemptLimit: place.attempts,
    findings: [],
    evidence: [],
  };
}
