import {
  ASK_AT,
  ancestors,
  compileGlob,
  expandBraces,
  graphProblems,
  isActiveMission,
  isTerminalMission,
  MAX_TASKS,
  MAX_WRITE_SET_SIZE,
  type Mission,
  type MissionDraft,
  MissionError,
  NO_STAGNATION,
  overlap,
  type PlanTask,
  type Task,
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
  const rounds = run.view().tasks.find((one) => one.id === id)?.stagnation?.rounds ?? 0;
  if (rounds >= ASK_AT)
    throw new MissionError(
      "ERR_STAGNATION",
      `task ${id} has ended in the same way ${rounds} times: one more try will not help. Put a clear question to the user ` +
        "(mission_control ask) that names the cause; /resume has it tried again",
      { task: id, rounds },
    );
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
      ...(actor !== "commander" && { stagnation: NO_STAGNATION }),
    });
    backToExecuting(draft);
  });
}

/**
 * Lets a task change more files, if no other task holds them: none of this mission that may run at the same time, and
 * none that is under way in another mission of this project. A Worker can ask for its own running task, and must name what it needs.
 * @returns the task's write set as it is now.
 * @throws MissionError `ERR_PLAN_INVALID` or `ERR_HELD` when somebody holds them.
 */
export async function widen(
  engine: MissionEngine,
  session: string,
  id: string,
  globs: readonly string[],
  reason?: string,
): Promise<readonly string[]> {
  const { run, assignment, actor } = await engine.speaker(session, "commander", "worker");
  if (assignment.role === "worker" && assignment.task !== id)
    throw new MissionError("ERR_NOT_ASSIGNED", `task ${id} is not yours: ask for your own`);
  return run.change(actor, (draft) => {
    assertOpen(draft);
    const task = draft.task(id);
    if (assignment.role === "worker") assertWorkersWish(draft.mission, task, session, globs);
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
    const fresh = globs.filter((glob) => !task.writes.includes(glob));
    if (fresh.length === 0) return task.writes;
    const widening = { globs: fresh, by: actor, ...(reason && { reason }), atMs: engine.now() };
    const writes = [...task.writes, ...fresh];
    draft.setTask(id, { writes, widened: [...(task.widened ?? []), widening] });
    return writes;
  });
}

/** The write set is a limit that the user can rely on: a Worker moves it step by step, and in sight of everybody. */
function assertWorkersWish(mission: Mission, task: Task, session: string, globs: readonly string[]): void {
  if (!isActiveMission(mission.state) || task.state !== "running" || task.workSession !== session)
    throw new MissionError(
      "ERR_INVALID_STATE",
      `task ${task.id} is ${task.state}: it is not yours to widen now`,
    );
  const wide = globs.find((glob) =>
    expandBraces(glob).some((one) => /[*?]/.test(one.split("/", 1)[0] ?? "")),
  );
  if (wide !== undefined)
    throw new MissionError(
      "ERR_PLAN_INVALID",
      `${wide} begins with a wildcard: name the files or the folders that the task needs`,
    );
  const asked = (task.widened ?? []).filter((one) => one.by.startsWith("worker")).length;
  if (asked >= MAX_WIDENINGS)
    throw new MissionError(
      "ERR_PLAN_INVALID",
      `task ${task.id} was widened ${asked} times: report it as blocked, and say what it needs as a whole`,
    );
}

/** A task that needs more files time and again was planned wrongly. */
const MAX_WIDENINGS = 5;

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
