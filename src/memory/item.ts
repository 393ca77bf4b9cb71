import * as z from "zod";
import { RELEVANCE } from "./relevance.js";

/** The tiers that are stored. The fourth, the working memory, is the open task itself, which the engine has. */
export const MEMORY_TIERS = ["task", "mission", "project"] as const;
export type MemoryTier = (typeof MEMORY_TIERS)[number];

const place = z.strictObject({
  tier: z.enum(MEMORY_TIERS),
  /** The mission or task that the item belongs to; empty for the project's own. */
  scope: z.string(),
});

export const itemSchema = z.strictObject({
  ...place.shape,
  id: z.string(),
  text: z.string(),
  author: z.string(),
  createdMs: z.number(),
  /** Where a promoted item came from. */
  origin: place.optional(),
});
export type MemoryItem = z.infer<typeof itemSchema>;

const figuresSchema = z.strictObject({
  relevance: z.number(),
  uses: z.number().int(),
  /** The round in which the item was made or last changed. */
  since: z.number().int(),
});
export type Figures = z.infer<typeof figuresSchema>;

/** The figures of all items, in one value: a round changes them all at once. */
export const ledgerSchema = z.strictObject({
  round: z.number().int(),
  items: z.record(z.string(), figuresSchema),
});
export type Ledger = z.infer<typeof ledgerSchema>;

export const key = {
  items: "memory/",
  item: (id: string) => `memory/${id}`,
  counter: "counter/memory",
  ledger: "relevance/memory",
} as const;

/** The figures of an item; those of a new one where the ledger has none yet. */
export function figuresOf(ledger: Ledger, id: string): Figures {
  return ledger.items[id] ?? { relevance: RELEVANCE.start, uses: 0, since: ledger.round };
}

export function parseLedger(value: unknown): Ledger {
  return value === undefined ? { round: 0, items: {} } : ledgerSchema.parse(value);
}
