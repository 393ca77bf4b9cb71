import * as z from "zod";
import { countAlternatives, hasBalancedBraces, MAX_ALTERNATIVES } from "./write-set.js";

/** The plan as the Planner submits it: data, validated here by shape and in `graph.ts` as a graph. */

export const PRIORITIES = ["critical", "high", "normal", "low"] as const;
export type Priority = (typeof PRIORITIES)[number];

export const TASK_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
export const MAX_TASKS = 200;

const shortText = z.string().trim().min(1).max(200);
const longText = z.string().trim().min(1).max(20_000);
const command = z.string().trim().min(1).max(2_000);

/** A path inside the project: relative, forward slashes, never leading out. */
const projectPathSchema = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((path) => !path.startsWith("/") && !/^[A-Za-z]:/.test(path) && !path.includes("\\"), {
    message: "must be relative to the project, with forward slashes",
  })
  .refine((path) => !path.split("/").includes(".."), { message: "must not contain '..'" });

/** A glob of such paths. */
export const projectGlobSchema = projectPathSchema
  .refine((glob) => !/(^|\/)\.git(\/|$)|^\.opencode(\/|$)/i.test(glob), {
    message: "must not name .git or .opencode: they are not for agents to change",
  })
  .refine(hasBalancedBraces, { message: "has a brace without its partner" })
  .refine((glob) => countAlternatives(glob) <= MAX_ALTERNATIVES, {
    message: `its braces must not make more than ${MAX_ALTERNATIVES} alternatives`,
  })
  .transform(normalizeGlob);

/** `./src//x/` and `src/x/**` are the same; what is stored is the latter. */
function normalizeGlob(glob: string): string {
  const parts = glob.split("/").filter((part, index) => part !== "." && (part !== "" || index === 0));
  return parts.join("/") + (/\/\.?$/.test(glob) ? "/**" : "");
}

export const checksSchema = z.strictObject({
  commands: z.array(command).max(20).default([]).describe("Shell commands that must exit with 0"),
  files: z.array(projectPathSchema).max(100).default([]).describe("Files that must exist"),
  criteria: z.array(shortText.max(1_000)).max(20).default([]).describe("What the Reviewer judges"),
});
export type AcceptanceChecks = z.infer<typeof checksSchema>;

export const planTaskSchema = z.strictObject({
  id: z.string().regex(TASK_ID, "letters, digits, '.', '_' and '-', at most 32").describe("Such as T1"),
  title: shortText,
  instructions: longText.describe("All that the Worker needs to know; it sees nothing else"),
  dependencies: z.array(z.string()).max(MAX_TASKS).default([]).describe("Ids that must be done first"),
  writes: z
    .array(projectGlobSchema)
    .max(100)
    .default([])
    .describe("Globs (*, **, ?, {a,b}) of the files it may change"),
  checks: checksSchema.prefault({}),
  priority: z.enum(PRIORITIES).default("normal"),
});
export type PlanTask = z.infer<typeof planTaskSchema>;

export const planSchema = z.strictObject({
  summary: shortText.max(1_000).describe("The approach, in a sentence or two"),
  tasks: z.array(planTaskSchema).min(1).max(MAX_TASKS),
  finalCommands: z
    .array(command)
    .max(20)
    .default([])
    .describe("Shell commands that must exit with 0 when all tasks are done"),
});
export type Plan = z.infer<typeof planSchema>;
