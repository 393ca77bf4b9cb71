export { amend } from "./actions/amend.js";
export { ask, delegate, retry, widen } from "./actions/control.js";
export { describeIssue, submitPlan } from "./actions/plan.js";
export { report, reportSchema, unapprovedCommands, verdict, verdictSchema } from "./actions/report.js";
export { type EnginePorts, MissionEngine } from "./engine.js";
export { DEFAULT_OPTIONS, type EngineOptions, laneSlots } from "./options.js";
export { Requests } from "./requests.js";
export type { ModelCall } from "./spending.js";
