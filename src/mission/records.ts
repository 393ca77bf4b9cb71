import * as z from "zod";
import { budgetSchema, spentSchema } from "./budget.js";
import { checksSchema, PRIORITIES } from "./plan.js";
import { MISSION_STATES, TASK_STATES } from "./states.js";

/** The records that the store holds, one per key. What is read back is parsed again: the file is an edge. */

const modelSchema = z.strictObject({
  providerID: z.string(),
  modelID: z.string(),
  variant: z.string().optional(),
});

/** Something that the Commander must be told, kept until it was. */
const noticeSchema = z.strictObject({
  /** Grows with every notice of the mission, so that each is delivered once. */
  number: z.number().int(),
  text: z.string(),
  delivered: z.boolean(),
});

export const missionSchema = z.strictObject({
  id: z.string(),
  goal: z.string(),
  state: z.enum(MISSION_STATES),
  /** The active state that a pause or a block interrupted. */
  resumeTo: z.enum(["planning", "executing", "verifying"]).optional(),
  /** Why it is paused, blocked, failed or cancelled. */
  reason: z.string().optional(),
  rootSession: z.string(),
  /** The last message of the root session whose use is booked. */
  bookedMessage: z.string().optional(),
  model: modelSchema.optional(),
  createdMs: z.number(),
  /** When it came into its present state. */
  sinceMs: z.number(),
  endedMs: z.number().optional(),
  summary: z.string().optional(),
  finalCommands: z.array(z.string()),
  /** Acceptance commands that the user's permissions have let through. */
  approvedCommands: z.array(z.string()),
  planSession: z.string().optional(),
  planAttempts: z.number().int(),
  planFindings: z.array(z.string()),
  /** Final verifications begun; numbers each, so that a late result of one is not taken for the next. */
  verification: z.number().int(),
  /** Of these, how many have failed since the user last stepped in. */
  failedVerifications: z.number().int(),
  notice: noticeSchema.optional(),
  budget: budgetSchema,
  spent: spentSchema,
});
export type Mission = z.infer<typeof missionSchema>;

const commandEvidence = z.strictObject({
  command: z.string(),
  exitCode: z.number().int().nullable(),
  durationMs: z.number(),
  timedOut: z.boolean(),
  output: z.string(),
});

/** What language servers had to say about an attempt. */
const diagnosticsEvidence = z.strictObject({
  /** Those that found nothing new. */
  servers: z.array(z.string()),
  /** What nobody has looked at, and why. */
  unchecked: z.array(z.string()),
});

/** The errors that language servers saw before a task began. */
export const diagnosticsBaselineSchema = z.strictObject({
  takenMs: z.number(),
  /** How often each error was there, by a digest of its path, code and message: one that only moves is not new. */
  errors: z.record(z.string(), z.number().int()),
  /** Files outside of the write set that were looked at, since they may depend on it. */
  dependents: z.array(z.string()),
  /** Servers of which there is no baseline: what they say later cannot be told apart. */
  unchecked: z.array(z.string()),
});
export type DiagnosticsBaseline = z.infer<typeof diagnosticsBaselineSchema>;

export const evidenceSchema = z.strictObject({
  attempt: z.number().int(),
  summary: z.string().optional(),
  /** Files of the write set that differ from how the task found them, as far as the tree can be measured. */
  changedFiles: z.array(z.string()),
  /** False: the tree could not be measured, and only what editing tools changed is known. */
  measured: z.boolean().optional(),
  commands: z.array(commandEvidence),
  diagnostics: diagnosticsEvidence.optional(),
  verdict: z.enum(["accept", "reject"]).optional(),
  findings: z.array(z.string()),
  inputTokens: z.number(),
  outputTokens: z.number(),
  cost: z.number(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/** A file outside of every write set that changed while an agent of the task could have changed it. */
export const straySchema = z.strictObject({
  path: z.string(),
  kind: z.enum(["added", "modified", "deleted"]),
  /** States of the tree before it and after it. */
  from: z.string(),
  to: z.string(),
  /** Tasks whose agents could have made it; more than one when several had a command under way. */
  suspects: z.array(z.string()),
  /** Nobody else could have, the user's own session and the engine's checks included. */
  sole: z.boolean(),
  /** A Reviewer's: the Worker cannot answer for it. */
  role: z.enum(["worker", "reviewer"]),
});
export type Stray = z.infer<typeof straySchema>;

/** A call under way that can change any file: what is left of it when the process dies. */
export const openCallSchema = z.strictObject({
  call: z.string(),
  session: z.string(),
  role: z.enum(["worker", "reviewer"]),
  fromMs: z.number(),
  tree: z.string(),
});

/** A write set that was made wider while the mission ran. */
export const wideningSchema = z.strictObject({
  globs: z.array(z.string()),
  /** Who asked for it, as in the audit log. */
  by: z.string(),
  reason: z.string().optional(),
  atMs: z.number(),
});

export const taskSchema = z.strictObject({
  id: z.string(),
  mission: z.string(),
  /** Place in the plan; the board keeps this order. */
  order: z.number().int(),
  title: z.string(),
  instructions: z.string(),
  dependencies: z.array(z.string()),
  writes: z.array(z.string()),
  checks: checksSchema,
  priority: z.enum(PRIORITIES),
  /** 0 for a task of the plan, one more for each delegation below it. */
  depth: z.number().int(),
  state: z.enum(TASK_STATES),
  reason: z.string().optional(),
  /** Attempts begun, the present one included. */
  attempt: z.number().int(),
  /** The last attempt that may begin without somebody asking for more. */
  attemptLimit: z.number().int(),
  /** Files of the write set whose syntax was broken before the task began. */
  syntaxBaseline: z.array(z.string()).optional(),
  diagnosticsBaseline: diagnosticsBaselineSchema.optional(),
  /** State of the tree when the task first began. */
  treeBaseline: z.string().optional(),
  strays: z.array(straySchema).optional(),
  openCalls: z.array(openCallSchema).optional(),
  widened: z.array(wideningSchema).optional(),
  workSession: z.string().optional(),
  reviewSession: z.string().optional(),
  /** What was wrong with the attempt before; empty for the first. */
  findings: z.array(z.string()),
  /** How the last rounds ended, when they did not hold: `rounds` in a row came to the same. */
  stagnation: z.strictObject({ digest: z.string(), rounds: z.number().int() }).optional(),
  /** One for each attempt that was reported. */
  evidence: z.array(evidenceSchema),
});
export type Task = z.infer<typeof taskSchema>;

/** One message that the engine sends: intended before it goes out, accepted once an answer hangs below it. */
export const instructionSchema = z.strictObject({
  key: z.string(),
  mission: z.string(),
  session: z.string(),
  agent: z.string(),
  messageId: z.string(),
  partId: z.string(),
  text: z.string(),
  state: z.enum(["intended", "accepted", "ended"]),
});
export type Instruction = z.infer<typeof instructionSchema>;

/** The write set of a task that is under way. */
export const holdSchema = z.strictObject({
  mission: z.string(),
  task: z.string(),
  writes: z.array(z.string()),
});
export type Hold = z.infer<typeof holdSchema>;

export const ROLES = ["commander", "planner", "worker", "reviewer"] as const;
export type Role = (typeof ROLES)[number];

/** Which mission and task a session of the host works for. */
export const assignmentSchema = z.strictObject({
  session: z.string(),
  mission: z.string(),
  role: z.enum(ROLES),
  task: z.string().optional(),
});
export type Assignment = z.infer<typeof assignmentSchema>;

/** Keys of the records. */
export const key = {
  missionCounter: "counter/mission",
  missions: "mission/",
  mission: (id: string) => `mission/${id}`,
  tasks: (mission: string) => `task/${mission}/`,
  task: (mission: string, id: string) => `task/${mission}/${id}`,
  instruction: (mission: string, instruction: string) => `instruction/${mission}/${instruction}`,
  assignment: (session: string) => `session/${session}`,
  /** What a task that is under way may write: nobody else's may meet it. */
  holds: "hold/",
  hold: (mission: string, id: string) => `hold/${mission}/${id}`,
  lease: (mission: string) => `mission/${mission}`,
} as const;
