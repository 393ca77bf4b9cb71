import * as z from "zod";
import type { TokenUse } from "../ports/index.js";

/** What a mission may use, for the whole tree of its sessions. A limit that is not there does not bind. */
export const budgetSchema = z.strictObject({
  /** Tokens of all model calls, cached ones included. */
  tokens: z.number().int().min(1).optional(),
  /** US dollars, as the host prices them. */
  cost: z.number().positive().optional(),
  /** Minutes in which the mission is at work; a pause does not count. */
  minutes: z.number().positive().optional(),
  /** Instructions that the engine sends. */
  rounds: z.number().int().min(1).optional(),
  /** Sessions of agents. */
  sessions: z.number().int().min(1).optional(),
});
export type Budget = z.infer<typeof budgetSchema>;
export type BudgetLimit = keyof Budget;

/** What it has used: settled, which is to say that the turns are over. */
export const spentSchema = z.strictObject({
  tokens: z.number().int(),
  cost: z.number(),
  rounds: z.number().int(),
  sessions: z.number().int(),
  /** Milliseconds at work, up to the last change of its state. */
  activeMs: z.number(),
});
export type Spent = z.infer<typeof spentSchema>;

export const NOTHING_SPENT: Spent = { tokens: 0, cost: 0, rounds: 0, sessions: 0, activeMs: 0 };

export function tokensOf(use: TokenUse): number {
  return use.input + use.output + use.cacheRead;
}

export interface BudgetLine {
  readonly limit: BudgetLimit;
  readonly used: number;
  readonly most: number;
}

/** Each limit that binds, with what is used of it. `activeMs`: the time at work until now. */
export function budgetLines(budget: Budget, spent: Spent, activeMs = spent.activeMs): BudgetLine[] {
  const used: Record<BudgetLimit, number> = {
    tokens: spent.tokens,
    cost: spent.cost,
    minutes: activeMs / 60_000,
    rounds: spent.rounds,
    sessions: spent.sessions,
  };
  return (Object.keys(used) as BudgetLimit[]).flatMap((limit) => {
    const most = budget[limit];
    return most === undefined ? [] : [{ limit, used: used[limit], most }];
  });
}

/** `tokens 81,000 of 100,000`, for people. */
export function describeLine({ limit, used, most }: BudgetLine): string {
  if (limit === "cost") return `cost $${used.toFixed(2)} of $${most.toFixed(2)}`;
  const count = (value: number) => Math.floor(value).toLocaleString("en-US");
  return `${limit} ${count(used)} of ${count(most)}`;
}
