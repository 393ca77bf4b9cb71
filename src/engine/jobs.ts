import { isActiveMission, type MissionView, type Priority, type Task } from "../mission/index.js";

/** The kinds of slot. Three hold agents; checkers run deterministic checks. */
export const LANES = ["planner", "worker", "reviewer", "checker"] as const;
export type Lane = (typeof LANES)[number];

/** A piece of work that the state of a mission calls for. Its id is the same whenever the state is the same. */
export interface Job {
  readonly id: string;
  readonly kind: "plan" | "work" | "check" | "review" | "seal";
  readonly lane: Lane;
  readonly priority: Priority;
  readonly mission: string;
  readonly task?: string;
}

/**
 * The jobs that the mission needs now, from its state alone. Called after every change and after a restart:
 * what was under way when a process died is called for again, because nothing else decides what runs.
 */
export function jobsFor({ mission, tasks }: MissionView): Job[] {
  if (!isActiveMission(mission.state)) return [];
  const job = (kind: Job["kind"], lane: Lane, suffix: string): Job => ({
    id: `${mission.id}:${kind}:${suffix}`,
    kind,
    lane,
    priority: "high",
    mission: mission.id,
  });
  if (mission.state === "planning") return [job("plan", "planner", "plan")];
  if (mission.state === "verifying") return [job("seal", "checker", `${mission.verification}`)];
  return tasks.flatMap((task) => taskJob(task));
}

function taskJob(task: Task): Job[] {
  const [kind, lane, round] = phase(task);
  if (!kind) return [];
  const id = `${task.mission}:${kind}:${task.id}:${round}`;
  return [{ id, kind, lane, priority: task.priority, mission: task.mission, task: task.id }];
}

function phase(task: Task): ["work" | "check" | "review", Lane, number] | [undefined, undefined, undefined] {
  switch (task.state) {
    case "ready":
      return ["work", "worker", task.attempt + 1];
    case "running":
      return ["work", "worker", task.attempt];
    case "checking":
      return ["check", "checker", task.attempt];
    case "reviewing":
      return ["review", "reviewer", task.attempt];
    default:
      return [undefined, undefined, undefined];
  }
}

/** Tasks that wait for nothing any more. */
export function unblockedTasks({ mission, tasks }: MissionView): Task[] {
  if (mission.state !== "executing") return [];
  const done = new Set(tasks.filter((task) => task.state === "done").map((task) => task.id));
  return tasks.filter((task) => task.state === "pending" && task.dependencies.every((id) => done.has(id)));
}

/** What the mission as a whole should become, if its tasks have decided that. */
export function missionOutcome({ mission, tasks }: MissionView): "verifying" | "blocked" | undefined {
  if (mission.state !== "executing") return undefined;
  const moving = new Set(["ready", "running", "checking", "reviewing"]);
  if (tasks.some((task) => moving.has(task.state))) return undefined;
  return tasks.every((task) => task.state === "done" || task.state === "cancelled") ? "verifying" : "blocked";
}
