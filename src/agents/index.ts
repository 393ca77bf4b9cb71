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
  task_widen: ["worker"],
  review_verdict: ["reviewer"],
  delegate: ["commander", "worker"],
  memory: ["commander", "planner", "worker", "reviewer"],
  ast_rewrite: ["worker"],
};

const SEARCH = ["read", "grep", "glob", "list", "ast_search", "outline", "lsp"] as const;

/**
 * All that a Planner or Reviewer may call, whatever else is configured: tools of the user's servers would let it
 * change things, too. A Reviewer has a shell to try things with, under the user's rules for it. `invalid` is the host's
 * answer to a call that it cannot read.
 */
export const READ_ONLY_TOOLS: Readonly<Record<"planner" | "reviewer", readonly string[]>> = {
  planner: [...SEARCH, "mission_plan", "memory", "invalid"],
  reviewer: [...SEARCH, "bash", "review_verdict", "memory", "invalid"],
};

/** The host's tools that an agent is not even offered. */
export const DENIED_TOOLS: Readonly<Record<Role, readonly string[]>> = {
  commander: ["edit", "bash", "task", "todowrite", "webfetch", "websearch", "skill"],
  planner: ["edit", "bash", "task", "todowrite", "question", "skill", "webfetch", "websearch"],
  worker: ["task", "todowrite", "question"],
  reviewer: ["edit", "task", "todowrite", "question", "webfetch", "websearch", "skill"],
};
