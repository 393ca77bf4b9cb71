import {
  ancestors,
  compileGlob,
  graphProblems,
  isActiveMission,
  isTerminalMission,
  MAX_TASKS,
  MAX_WRITE_SET_SIZE,
  type MissionDraft,
  MissionError,
  overlap,
  type PlanTask,
  type TaskState,
  writeSetSize,
} from "../../mission/index.js";
import type { MissionEngine } from "../engine.js";
import { MAX_DEPTH } from "../options.js";
import type { MissionRun } from "../run.js";
import { newTask } from "./plan.js";

/** Sends a task back to a Worker, with fresh attempts and a note. A blocked mission goes on. */
export async function retry(
  engine: MissionEngine,
  session: string,
  id: string,
  note?: string,
): Promise<void> {
  const { run, actor } = await engine.speaker(session, "commander");
  await retryTask(engine, run, { actor, id, note });
}

/** As `retry`, on behalf of anybody. `also` is in the same commit. */
export async function retryTask(
  engine: MissionEngine,
  run: MissionRun,
  wanted: { readonly actor: string; readonly id: string; readonly note?: string | undefined },
  also?: (draft: MissionDraft) => void,
): Promise<void> {
  const { actor, id, note } = wanted;
  await engine.resumable(run.id);
  await run.change(actor, (draft) => {
    assertOpen(draft);
    also?.(draft);
    const task = draft.task(id);
    draft.moveTask(id, "ready", {
      attemptLimit: task.attempt + engine.options.attempts,
      findings: note ? [...task.findings, note] : task.findings,
    });
    backToExecuting(draft);
  });
}

/**
 * Lets a task change more files, if no task that may run at the same time holds them.
 * @throws MissionError `ERR_PLAN_INVALID` when somebody does.
 */
export async function widen(
  engine: MissionEngine,
  session: string,
  id: string,
  globs: string[],
): Promise<void> {
  const { run, actor } = await engine.speaker(session, "commander", "worker");
  await run.change(actor, (draft) => {
    assertOpen(draft);
    const task = draft.task(id);
    const byId = new Map(draft.tasks.map((one) => [one.id, one]));
    const size = writeSetSize([...globs, ...draft.tasks.flatMap((one) => one.writes)]);
    if (size > MAX_WRITE_SET_SIZE)
      throw new MissionError(
        "ERR_PLAN_INVALID",
        "the mission's write sets are too many to compare: name folders",
      );
    const added = globs.map(compileGlob);
    for (const other of draft.tasks) {
      if (other.id === id || other.state === "done" || other.state === "cancelled") continue;
      if (ancestors(id, byId).has(other.id) || ancestors(other.id, byId).has(id)) continue;
      const shared = overlap(added, other.writes.map(compileGlob));
      if (shared)
        throw new MissionError(
          "ERR_PLAN_INVALID",
          `${shared[0]} meets ${shared[1]}, which task ${other.id} (${other.state}) holds: wait until it is done`,
        );
    }
    draft.setTask(id, { writes: [...new Set([...task.writes, ...globs])] });
  });
}

/** Adds one task beside the plan, on behalf of the Commander or of a Worker whose task it then comes below. */
export async function delegate(engine: MissionEngine, session: string, plan: PlanTask): Promise<void> {
  const { run, assignment, actor } = await engine.speaker(session, "commander", "worker");
  if (assignment.role === "commander") await engine.resumable(run.id);
  await run.change(actor, (draft) => {
    assertOpen(draft);
    // Only the Commander takes a mission up again that was stopped.
    if (assignment.role === "worker" && !isActiveMission(draft.mission.state))
      throw new MissionError(
        "ERR_INVALID_STATE",
        `mission ${run.id} is ${draft.mission.state}: end your turn, you will hear when it goes on`,
      );
    const depth = assignment.task ? draft.task(assignment.task).depth + 1 : 0;
    if (draft.tasks.length >= MAX_TASKS)
      throw new MissionError(
        "ERR_PLAN_INVALID",
        `a mission has at most ${MAX_TASKS} tasks: do this part yourself`,
      );
    if (depth > MAX_DEPTH)
      throw new MissionError("ERR_DEPTH", `delegation ends at depth ${MAX_DEPTH}: do this part yourself`);
    // A task that failed or is blocked may run again: its write set still counts.
    const isOver = (state: TaskState) => state === "done" || state === "cancelled";
    const unfinished = draft.tasks.filter((task) => !isOver(task.state));
    const finished = new Set(draft.tasks.filter((task) => isOver(task.state)).map((task) => task.id));
    if (draft.tasks.some((task) => task.id === plan.id))
      throw new MissionError("ERR_PLAN_INVALID", `there is a task ${plan.id} already: choose another id`);
    const open = [...unfinished, plan].map((task) => ({
      ...task,
      dependencies: task.dependencies.filter((dependency) => !finished.has(dependency)),
    }));
    const problems = graphProblems(open);
    if (problems.length > 0)
      throw new MissionError(
        "ERR_PLAN_INVALID",
        problems
          .slice(0, 20)
          .map((problem) => problem.message)
          .join("\n"),
      );
    draft.addTask(
      newTask(run.id, plan, { order: draft.tasks.length, depth, attempts: engine.options.attempts }),
    );
    backToExecuting(draft);
  });
}

/** Holds the mission until the user has answered. */
export async function ask(engine: MissionEngine, session: string, question: string): Promise<void> {
  const { run, actor } = await engine.speaker(session, "commander");
  await run.change(actor, (draft) => {
    if (draft.mission.state === "blocked") draft.set({ reason: question });
    else draft.move("blocked", { reason: question });
  });
  await run.stop();
}

function assertOpen({ mission }: MissionDraft): void {
  if (isTerminalMission(mission.state))
    throw new MissionError("ERR_INVALID_STATE", `mission ${mission.id} is ${mission.state}: it has ended`);
}

function backToExecuting(draft: MissionDraft): void {
  if (draft.mission.state === "blocked" || draft.mission.state === "verifying") draft.move("executing");
}
