import type { MemoryTier } from "./item.js";

/** A note as the gate sees it. */
export interface GateItem {
  readonly id: string;
  readonly tier: MemoryTier;
  readonly tokens: number;
  /** In [0, 1]. */
  readonly relevance: number;
  /** Uses since it was made. */
  readonly uses: number;
  /** Set when it was promoted: where it came from. */
  readonly origin?: MemoryTier | undefined;
}

export interface GateThresholds {
  /** A note comes into the context at this relevance… */
  readonly enter: number;
  /** …and leaves it below this one. Between the two it stays where it is. */
  readonly exit: number;
  /** By how much a newcomer must be more relevant than a note whose place it takes. */
  readonly margin: number;
  /** A note of this relevance, used so often, moves up a tier. */
  readonly promote: number;
  readonly promoteUses: number;
}

export const THRESHOLDS: GateThresholds = {
  enter: 0.45,
  exit: 0.2,
  margin: 0.15,
  promote: 0.7,
  promoteUses: 5,
};

/** Tokens that each tier has in the context. */
export type Budgets = Readonly<Record<MemoryTier, number>>;

export interface GateMove {
  readonly id: string;
  readonly kind: "enter" | "leave";
}

export interface GateResult {
  /** Ids in the context, by id. */
  readonly inContext: ReadonlySet<string>;
  readonly moves: readonly GateMove[];
}

/**
 * Decides which notes are in the context. Of those that may be, each tier takes the most relevant that fit into its
 * budget, one that is in already counting `margin` more; so neither a relevance that wavers between `exit` and `enter` nor
 * two notes that overtake each other by a little change anything.
 *
 * Pure. The budget of a tier is never exceeded; a second pass over its own answer changes nothing; a note that becomes
 * more relevant, all else equal, is never taken out by that.
 */
export function gate(
  items: readonly GateItem[],
  before: ReadonlySet<string>,
  budgets: Budgets,
  by: GateThresholds = THRESHOLDS,
): GateResult {
  const rank = (item: GateItem) => item.relevance + (before.has(item.id) ? by.margin : 0);
  const left: Record<MemoryTier, number> = { ...budgets };
  const inContext = new Set<string>();
  const eligible = items.filter((item) => item.relevance >= (before.has(item.id) ? by.exit : by.enter));
  for (const item of eligible.toSorted((a, b) => rank(b) - rank(a) || (a.id < b.id ? -1 : 1))) {
    if (item.tokens > left[item.tier]) continue;
    left[item.tier] -= item.tokens;
    inContext.add(item.id);
  }
  const moves = items.flatMap(({ id }): GateMove[] => {
    if (inContext.has(id) === before.has(id)) return [];
    return [{ id, kind: inContext.has(id) ? "enter" : "leave" }];
  });
  return { inContext, moves };
}

export interface TierMove {
  readonly id: string;
  readonly kind: "promote" | "demote";
  readonly to: MemoryTier;
}

const ABOVE: Readonly<Partial<Record<MemoryTier, MemoryTier>>> = { task: "mission", mission: "project" };

/** Notes that keep being used move up a tier; one that had moved up and is used no more goes back. */
export function tierMoves(items: readonly GateItem[], by: GateThresholds = THRESHOLDS): TierMove[] {
  return items.flatMap((item): TierMove[] => {
    const above = ABOVE[item.tier];
    if (above && item.relevance >= by.promote && item.uses >= by.promoteUses)
      return [{ id: item.id, kind: "promote", to: above }];
    if (item.origin && item.relevance < by.exit) return [{ id: item.id, kind: "demote", to: item.origin }];
    return [];
  });
}
