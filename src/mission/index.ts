export { renderBoard } from "./board.js";
export { boardSince, SeenBoards } from "./board-delta.js";
export {
  type Budget,
  type BudgetLimit,
  type BudgetLine,
  budgetLines,
  budgetSchema,
  describeLine,
  NOTHING_SPENT,
  tokensOf,
} from "./budget.js";
export { listMissions, MissionDraft, type MissionView, readMission } from "./draft.js";
export { carryOut, judge, oneLine, type PlanEdit, type Verdict } from "./edits.js";
export { MissionError, type MissionErrorCode } from "./errors.js";
export { ancestors, graphProblems } from "./graph.js";
export { holderOf, isUnderWay } from "./holds.js";
export {
  type AcceptanceChecks,
  checksSchema,
  MAX_TASKS,
  type Plan,
  type PlanTask,
  PRIORITIES,
  type Priority,
  planSchema,
  planTaskSchema,
  projectGlobSchema,
} from "./plan.js";
export {
  type Assignment,
  assignmentSchema,
  type DiagnosticsBaseline,
  type Evidence,
  type Instruction,
  instructionSchema,
  key,
  type Mission,
  missionSchema,
  ROLES,
  type Role,
  type Stray,
  type Task,
  taskSchema,
} from "./records.js";
export {
  ACTIONS,
  type Action,
  type Answer,
  askEngine,
  listRequests,
  REQUEST_TTL_MS,
  type Request,
  requestKey,
  requestSchema,
} from "./requests.js";
export { ASK_AT, DIAGNOSE_AT, NO_STAGNATION, OTHER_MODEL_AT, roundsWithoutProgress } from "./stagnation.js";
export {
  isActiveMission,
  isSettledTask,
  isTerminalMission,
  type MissionState,
  TASK_STATES,
  type TaskState,
} from "./states.js";
export { MissionViews } from "./views.js";
export {
  compileGlob,
  expandBraces,
  MAX_WRITE_SET_SIZE,
  overlap,
  writeSetCovers,
  writeSetSize,
} from "./write-set.js";
