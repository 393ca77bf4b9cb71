import { MissionError, type Task } from "../../mission/index.js";
import { workBrief } from "../briefs.js";
import { addUse, rework, type StepContext } from "../context.js";

/** Has a Worker carry out one attempt at a task. Ends when the task is no longer running. */
export async function work(run: StepContext, id: string): Promise<void> {
  const before = taskOf(run, id);
  const session = await run.session(before.workSession, "worker", before);
  const sameSession = session === before.workSession;
  if (before.state === "ready") {
    const treeBaseline = before.treeBaseline ?? (await run.verifier.writes.snapshot());
    // Before the Worker's first edit: what it finds then would count as already there.
    const baseline = before.syntaxBaseline ? {} : await run.verifier.baseline(before.writes, run.signal);
    const begin = run.change("engine", (draft) => {
      // Somebody may have cancelled it while its session was made.
      if (draft.task(id).state !== "ready") return false;
      draft.moveTask(id, "running", {
        attempt: before.attempt + 1,
        workSession: session,
        ...baseline,
        ...(treeBaseline && { treeBaseline }),
      });
      return true;
    });
    // Another mission was faster: the job is asked for again, and waits for it.
    if (!(await begin.catch(falseIfHeld))) return;
  } else {
    // A command may have been under way when the process that ran it died.
    await run.verifier.writes.settled(before.mission, id);
    if (!sameSession) await run.change("engine", (draft) => draft.setTask(id, { workSession: session }));
  }
  const task = taskOf(run, id);
  const end = await run.converse({
    session,
    role: "worker",
    work: `${id}.${task.attempt}`,
    brief: workBrief(run.view(), task, sameSession),
    closingTool: "task_report",
    used: (draft, use) => addUse(draft, id, task.attempt, use),
    closed: () => {
      const now = taskOf(run, id);
      return now.state !== "running" || now.attempt !== task.attempt;
    },
  });
  if (end.kind === "stopped") return run.pause(`the session of task ${id} was interrupted`);
  if (end.kind === "closed") return;
  run.rejected("worker");
  await run.change("engine", (draft) => {
    if (draft.task(id).state !== "running") return;
    if (end.permanent) draft.moveTask(id, "blocked", { reason: end.reason });
    else rework(draft, draft.task(id), [end.reason]);
  });
}

function falseIfHeld(error: unknown): false {
  if (error instanceof MissionError && error.code === "ERR_HELD") return false;
  throw error;
}

export function taskOf(run: StepContext, id: string): Task {
  const task = run.view().tasks.find((one) => one.id === id);
  if (!task) throw new Error(`task ${id} is not in the store`);
  return task;
}
