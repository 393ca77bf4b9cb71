import {
  type BudgetLine,
  budgetLines,
  describeLine,
  MissionError,
  type MissionView,
} from "../mission/index.js";
import type { TokenUse } from "../ports/index.js";
import { type Amount, Meter } from "./meter.js";

/** A model call that is about to be made. */
export interface ModelCall {
  /** At least as many tokens as the request will have. */
  readonly inputTokens: number;
  /** Most that the model may write; undefined: as much as it likes. */
  readonly maxOutputTokens?: number | undefined;
  /** US dollars for a million tokens; undefined: not known, or nothing. */
  readonly price?: { readonly input: number; readonly output: number } | undefined;
}

/** A model that may write less than this is of no use. */
const MIN_OUTPUT = 256;
/** What is kept for the Commander's last words is at most this share of a limit. */
const MAX_RESERVE = 0.25;
/** Tokens that the first instruction of a turn takes at least: without these, none is begun. */
const LEAST_TURN = 4_000;

/**
 * The budget of one mission, over all of its sessions: settled use from the store, and what is under way in memory. No model
 * call is let through that could pass it, so it is never passed.
 */
export class Spending {
  readonly #view: () => MissionView;
  readonly #nowMs: () => number;
  readonly #meter = new Meter();
  /** Sessions that are being made. */
  #sessions = 0;

  constructor(view: () => MissionView, nowMs: () => number) {
    this.#view = view;
    this.#nowMs = nowMs;
  }

  seen(session: string, message: string, use: TokenUse): void {
    this.#meter.seen(session, message, use);
  }

  begin(session: string, message: string): void {
    this.#meter.begin(session, message);
  }

  over(session: string): void {
    this.#meter.over(session);
  }

  /** Why no agent's turn may begin now; undefined when one may. */
  refusal(): string | undefined {
    const passed = this.lines().find(({ limit, used, most }) => {
      const least = limit === "tokens" ? LEAST_TURN : limit === "rounds" ? 1 : 0;
      return limit !== "sessions" && used + least > most - this.#reserve(limit, most);
    });
    return passed && `the budget is used up: ${describeLine(passed)}`;
  }

  /**
   * Lets a model call through. The answer is the most tokens that the model may write.
   * @throws MissionError `ERR_BUDGET` when the call could pass the budget
   */
  admit(session: string, isCommander: boolean, call: ModelCall): number | undefined {
    const { budget, spent } = this.#view().mission;
    const { open } = this.#meter;
    const kept = (limit: "tokens" | "cost", most: number) => (isCommander ? 0 : this.#reserve(limit, most));
    const price = call.price ?? { input: 0, output: 0 };
    let output = call.maxOutputTokens;
    if (budget.tokens !== undefined) {
      const left = budget.tokens - kept("tokens", budget.tokens) - spent.tokens - open.tokens;
      output = this.#capped(output, left - call.inputTokens, { tokens: budget.tokens });
    }
    if (budget.cost !== undefined && price.output > 0) {
      const left = budget.cost - kept("cost", budget.cost) - spent.cost - open.cost;
      const forOutput = left - (call.inputTokens * price.input) / 1e6;
      output = this.#capped(output, Math.floor((forOutput * 1e6) / price.output), { cost: budget.cost });
    }
    const most = output ?? 0;
    this.#meter.call(session, {
      tokens: call.inputTokens + most,
      cost: (call.inputTokens * price.input + most * price.output) / 1e6,
    });
    return output;
  }

  /** Takes a place for a session that is about to be made; to be given back when it is booked, or was not made. */
  session(): Disposable {
    const { budget, spent } = this.#view().mission;
    if (budget.sessions !== undefined && spent.sessions + this.#sessions >= budget.sessions)
      throw overBudget(
        `the budget is used up: sessions ${spent.sessions + this.#sessions} of ${budget.sessions}`,
      );
    this.#sessions++;
    return {
      [Symbol.dispose]: () => {
        this.#sessions--;
      },
    };
  }

  /** Each limit with what is used of it, turns under way included. */
  lines(): BudgetLine[] {
    const { mission } = this.#view();
    const { open } = this.#meter;
    const { budget, spent } = mission;
    const used = { ...spent, tokens: spent.tokens + open.tokens, cost: spent.cost + open.cost };
    return budgetLines(budget, used, this.activeMs());
  }

  /** Time at work until now. */
  activeMs(): number {
    const { state, sinceMs, spent } = this.#view().mission;
    const isActive = state === "planning" || state === "executing" || state === "verifying";
    return spent.activeMs + (isActive ? Math.max(0, this.#nowMs() - sinceMs) : 0);
  }

  /** The Commander must be able to say that the mission is over: two calls as large as its last. */
  #reserve(limit: string, most: number): number {
    if (limit === "cost") return most * RESERVED_COST;
    if (limit !== "tokens") return 0;
    return Math.min(MAX_RESERVE * most, 2 * this.#meter.lastCall(this.#view().mission.rootSession));
  }

  #capped(output: number | undefined, left: number, limit: Partial<Amount>): number {
    if (left >= MIN_OUTPUT || (output !== undefined && left >= output))
      return Math.min(output ?? Number.MAX_SAFE_INTEGER, left);
    const what = limit.cost === undefined ? `tokens: ${limit.tokens}` : `cost: $${limit.cost}`;
    throw overBudget(`one more model call could pass the budget (${what})`);
  }
}

/** The share of a limit on money that is kept for the Commander's last words. */
const RESERVED_COST = 0.05;

export function overBudget(message: string): MissionError {
  return new MissionError("ERR_BUDGET", message);
}
