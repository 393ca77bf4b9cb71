import * as z from "zod";
import { DEFAULT_PRUNING, type PruneSettings } from "../context/index.js";
import { DEFAULT_OPTIONS, type EngineOptions } from "../engine/index.js";
import type { HookSwitches } from "../hooks/index.js";
import { type LanguageServerOptions, SERVER_IDS } from "../lsp/index.js";
import { BUDGETS, type Budgets } from "../memory/index.js";
import { budgetSchema } from "../mission/index.js";

/** `anthropic/claude-…`: the provider's name ends at the first slash. */
const modelName = z
  .string()
  .regex(/^[^/\s]+\/\S+$/, "a model is named provider/model")
  .transform((name) => {
    const at = name.indexOf("/");
    return { providerID: name.slice(0, at), modelID: name.slice(at + 1) };
  });
const models = z.array(modelName).max(10);
const ceiling = z.number().int().min(1).max(1_000);

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
  /** Most turns at once on a provider (`anthropic`), on a model (`anthropic/claude-…`), and on any that is not named. */
  concurrency: z
    .strictObject({
      providers: z.record(z.string(), ceiling).default({}),
      models: z.record(z.string(), ceiling).default({}),
      otherwise: ceiling.default(DEFAULT_OPTIONS.concurrency.otherwise),
    })
    .prefault({}),
  /** What each new mission may use, for all of its sessions; `null` takes a limit away. */
  budget: z
    .strictObject({
      tokens: budgetSchema.shape.tokens.nullable().default(DEFAULT_OPTIONS.budget.tokens ?? null),
      cost: budgetSchema.shape.cost.nullable().default(DEFAULT_OPTIONS.budget.cost ?? null),
      minutes: budgetSchema.shape.minutes.nullable().default(DEFAULT_OPTIONS.budget.minutes ?? null),
      rounds: budgetSchema.shape.rounds.nullable().default(DEFAULT_OPTIONS.budget.rounds ?? null),
      sessions: budgetSchema.shape.sessions.nullable().default(DEFAULT_OPTIONS.budget.sessions ?? null),
    })
    .prefault({})
    .transform((limits) => budgetSchema.parse(withoutNull(limits))),
  /** Models that an agent goes on with while its own is out of order, the best first. */
  fallbackModels: z
    .strictObject({
      planner: models.optional(),
      worker: models.optional(),
      reviewer: models.optional(),
    })
    .transform(withoutNull)
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
  /**
   * Language servers that check the work. No command can be given here: an entry in a project's configuration replaces the
   * user's own, and the plugin cannot tell from which of them an option comes.
   */
  languageServers: z
    .union([
      z.literal(false).transform(() => undefined),
      z.strictObject({
        timeoutMs: z.number().int().min(1_000).max(600_000).default(60_000),
        idleMs: z.number().int().min(1_000).max(86_400_000).default(300_000),
        servers: z.partialRecord(z.enum(SERVER_IDS), z.boolean()).default({}),
      }),
    ])
    .prefault({}),
  /** Offer grep, glob, ast_search and outline to every session. */
  searchTools: z.boolean().default(true),
  /** Tokens of notes that a request of a mission's agent carries, by tier. */
  memory: z
    .strictObject({
      task: z.number().int().min(0).max(20_000).default(BUDGETS.task),
      mission: z.number().int().min(0).max(20_000).default(BUDGETS.mission),
      project: z.number().int().min(0).max(20_000).default(BUDGETS.project),
    })
    .prefault({}),
  /** When an agent's conversation is cut. */
  pruning: z
    .strictObject({
      keepSteps: z.number().int().min(1).max(1_000).default(DEFAULT_PRUNING.keepSteps),
      batchTokens: z.number().int().min(1).max(1_000_000).default(DEFAULT_PRUNING.batchTokens),
      hugeTokens: z.number().int().min(1_500).max(1_000_000).default(DEFAULT_PRUNING.hugeTokens),
    })
    .prefault({})
    .transform((given) => ({ ...DEFAULT_PRUNING, ...given })),
  /** Toasts about the progress of missions. */
  toasts: z.boolean().default(true),
  /** Behaviours by name; `false` switches one off. */
  hooks: z.record(z.string(), z.boolean()).default({}),
});
export type PluginOptions = EngineOptions & {
  readonly searchTools: boolean;
  /** Absent when they are off. */
  readonly languageServers?: LanguageServerOptions | undefined;
  readonly toasts: boolean;
  readonly hooks: HookSwitches;
  readonly memory: Budgets;
  readonly pruning: PruneSettings;
  readonly native: {
    readonly isolation: "none" | "process";
    readonly index: boolean;
    readonly indexMegabytes: number;
  };
};

/** Without a good word on these, no mission begins: their defaults may allow more than the user wants. */
const LIMITS: ReadonlySet<PropertyKey> = new Set(["budget", "concurrency", "slots", "attempts", "review"]);

export interface ParsedOptions {
  readonly options: PluginOptions;
  /** What is wrong, each with its place. */
  readonly problems: readonly string[];
  /** Those of them that keep missions from being begun. */
  readonly limits: readonly string[];
}

/** The options, and what is wrong with them: what is bad falls back to its default, visibly; the rest stands. */
export function parseOptions(input: unknown): ParsedOptions {
  const parsed = optionsSchema.safeParse(input ?? {});
  if (parsed.success) return { options: parsed.data, problems: [], limits: [] };
  const { issues } = parsed.error;
  const bad = new Set(
    issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : issue.path.slice(0, 1),
    ),
  );
  const rest =
    typeof input === "object" && input !== null
      ? Object.fromEntries(Object.entries(input).filter(([name]) => !bad.has(name)))
      : {};
  const limited = issues.filter(({ path: [name] }) => name !== undefined && LIMITS.has(name));
  return {
    options: optionsSchema.parse(bad.size > 0 ? rest : {}),
    problems: issues.map(describe),
    // Options that are no object at all may have meant anything.
    limits: (bad.size > 0 ? limited : issues).map(describe),
  };
}

function describe({ path, message }: z.core.$ZodIssue): string {
  return `options.${path.join(".")}: ${message}`.replace("options.:", "options:");
}

function withoutNull<T extends object>(value: T) {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null && one !== undefined)) as {
    [K in keyof T as T[K] extends undefined | null ? never : K]: Exclude<T[K], null | undefined>;
  };
}
