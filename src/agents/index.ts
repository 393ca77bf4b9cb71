import type { Role } from "../mission/index.js";
import commander from "./commander.md";
import planner from "./planner.md";
import reviewer from "./reviewer.md";
import worker from "./worker.md";

/** Standing instructions of each agent. */
export const INSTRUCTIONS: Readonly<Record<Role, string>> = { commander, planner, reviewer, worker };

export const DESCRIPTIONS: Readonly<Record<Role, string>> = {
  commander: "Leads a mission: plan, parallel workers, checks and reviews",
  planner: "Breaks a mission's goal into a graph of tasks",
  worker: "Carries out one task of a mission",
  reviewer: "Judges one task of a mission",
};

/** The tools that only missions need, and the agents that have each. */
export const MISSION_TOOLS: Readonly<Record<string, readonly Role[]>> = {
  mission_plan: ["planner"],
  mission_board: ["commander"],
  mission_control: ["commander"],
  task_report: ["worker"],
  review_verdict: ["reviewer"],
  delegate: ["commander", "worker"],
  memory: ["commander", "planner", "worker", "reviewer"],
  ast_rewrite: ["worker"],
};

/** The host's tools that an agent goes without. Planner and Reviewer change nothing. */
export const DENIED_TOOLS: Readonly<Record<Role, readonly string[]>> = {
  commander: ["edit", "bash", "task", "todowrite", "webfetch", "websearch", "skill"],
  planner: ["edit", "bash", "task", "todowrite", "question", "skill"],
  worker: ["task", "todowrite", "question"],
  reviewer: ["edit", "task", "todowrite", "question", "webfetch", "websearch", "skill"],
};
