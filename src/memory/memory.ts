import * as z from "zod";
import { type TransactPorts, transact } from "../state/index.js";

export const MEMORY_TIERS = ["task", "mission", "project"] as const;
export type MemoryTier = (typeof MEMORY_TIERS)[number];

const itemSchema = z.strictObject({
  id: z.string(),
  tier: z.enum(MEMORY_TIERS),
  /** The mission or task that the item belongs to; empty for the project's own. */
  scope: z.string(),
  text: z.string(),
  author: z.string(),
  createdMs: z.number(),
});
export type MemoryItem = z.infer<typeof itemSchema>;

/** Where an agent stands: it sees its task's, its mission's and the project's items, and nothing of others. */
export interface Standpoint {
  readonly author: string;
  readonly mission: string;
  readonly task?: string | undefined;
}

const PREFIX = "memory/";
const COUNTER = "counter/memory";
const MAX_RECALLED = 10;

/** What agents note for one another, in the store. */
export class Memory {
  readonly #ports: TransactPorts;

  constructor(ports: TransactPorts) {
    this.#ports = ports;
  }

  async remember(from: Standpoint, tier: MemoryTier, text: string): Promise<MemoryItem> {
    return transact(this.#ports, { actor: from.author, mission: from.mission }, (transaction) => {
      const number = Number(transaction.get(COUNTER) ?? 0) + 1;
      const item: MemoryItem = {
        id: `N${number}`,
        tier,
        scope: scopeOf(from, tier),
        text,
        author: from.author,
        createdMs: this.#ports.clock.now(),
      };
      transaction.put(COUNTER, number);
      transaction.put(PREFIX + item.id, item);
      return item;
    });
  }

  /** Items in sight that share words with the query, the best first; all, newest first, for an empty query. */
  recall(from: Standpoint, query: string): MemoryItem[] {
    const wanted = words(query);
    return this.#ports.store
      .list(PREFIX)
      .map((entry) => itemSchema.parse(entry.value))
      .filter((item) => scopeOf(from, item.tier) === item.scope)
      .map((item) => ({ item, score: shared(wanted, words(item.text)) }))
      .filter(({ score }) => wanted.size === 0 || score > 0)
      .sort((a, b) => b.score - a.score || b.item.createdMs - a.item.createdMs)
      .slice(0, MAX_RECALLED)
      .map(({ item }) => item);
  }

  /** False when there is no such item in sight. */
  async forget(from: Standpoint, id: string): Promise<boolean> {
    return transact(this.#ports, { actor: from.author, mission: from.mission }, (transaction) => {
      const stored = transaction.get(PREFIX + id);
      if (stored === undefined) return false;
      const item = itemSchema.parse(stored);
      if (scopeOf(from, item.tier) !== item.scope) return false;
      transaction.delete(PREFIX + id);
      return true;
    });
  }
}

function scopeOf(from: Standpoint, tier: MemoryTier): string {
  if (tier === "project") return "";
  return tier === "mission" ? from.mission : `${from.mission}/${from.task ?? ""}`;
}

function words(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []);
}

function shared(wanted: ReadonlySet<string>, found: ReadonlySet<string>): number {
  return [...wanted].filter((word) => found.has(word)).length;
}
