import * as z from "zod";
import { DEFAULT_OPTIONS, type EngineOptions } from "../engine/index.js";

/** Options of the plugin's entry in opencode.json: `["opencode-orchestrator", { … }]`. */
const optionsSchema = z.strictObject({
  attempts: z.number().int().min(1).max(10).default(DEFAULT_OPTIONS.attempts),
  review: z.enum(["always", "never"]).default(DEFAULT_OPTIONS.review),
  commandTimeoutMs: z.number().int().min(1_000).max(3_600_000).default(DEFAULT_OPTIONS.commandTimeoutMs),
  stallTimeoutMs: z.number().int().min(60_000).max(86_400_000).default(DEFAULT_OPTIONS.stallTimeoutMs),
  slots: z
    .strictObject({
      planner: z.number().int().min(1).max(64).default(DEFAULT_OPTIONS.slots.planner),
      worker: z.number().int().min(1).max(64).default(DEFAULT_OPTIONS.slots.worker),
      reviewer: z.number().int().min(1).max(64).default(DEFAULT_OPTIONS.slots.reviewer),
    })
    .prefault({}),
  /** Where native searches run. `process`: in helper processes, so that a crash of the core cannot end the host. */
  native: z
    .strictObject({
      isolation: z.enum(["none", "process"]).default("none"),
      /** `false`: every search walks the tree and reads every file. */
      index: z.boolean().default(true),
      /** Most memory of one folder's index, in MiB. */
      indexMegabytes: z.number().int().min(1).max(4_096).default(64),
    })
    .prefault({}),
  /** Offer grep, glob, ast_search and outline to every session. */
  searchTools: z.boolean().default(true),
  /** Toasts about the progress of missions. */
  toasts: z.boolean().default(true),
});
export type PluginOptions = EngineOptions & {
  readonly searchTools: boolean;
  readonly toasts: boolean;
  readonly native: {
    readonly isolation: "none" | "process";
    readonly index: boolean;
    readonly indexMegabytes: number;
  };
};

/** The options, and what is wrong with them: a bad entry falls back to the defaults, visibly. */
export function parseOptions(input: unknown): { options: PluginOptions; problems: string[] } {
  const parsed = optionsSchema.safeParse(input ?? {});
  if (parsed.success) return { options: parsed.data, problems: [] };
  const problems = parsed.error.issues.map((issue) =>
    `options.${issue.path.join(".")}: ${issue.message}`.replace("options.:", "options:"),
  );
  return { options: optionsSchema.parse({}), problems };
}
