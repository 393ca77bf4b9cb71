import { tokensOf } from "../mission/index.js";
import type { TokenUse } from "../ports/index.js";

/** Tokens and US dollars. */
export interface Amount {
  readonly tokens: number;
  readonly cost: number;
}

interface OpenTurn {
  /** Messages up to this one belong to earlier turns: their ids grow. */
  readonly since: string;
  /** What the host has told, by message: each model call writes one. */
  readonly seen: Map<string, Amount>;
  /** The most that each model call may use, in their order. */
  readonly calls: Amount[];
}

/**
 * What the turns of a mission use that are under way and not yet booked. A call of which the host has not told counts with the
 * most that it may use, so a late or lost word makes the sum larger, never smaller.
 */
export class Meter {
  readonly #turns = new Map<string, OpenTurn>();
  readonly #lastCalls = new Map<string, number>();

  /** A model call begins in the session. */
  call(session: string, most: Amount): void {
    this.#turn(session).calls.push(most);
  }

  /** The instruction with this message begins a turn. */
  begin(session: string, message: string): void {
    const { since } = this.#turn(session);
    if (message > since) this.#turns.set(session, { ...this.#turn(session), since: message });
  }

  /** The host tells of a message, perhaps again, perhaps late. */
  seen(session: string, message: string, use: TokenUse): void {
    const turn = this.#turn(session);
    if (message <= turn.since) return;
    turn.seen.set(message, { tokens: tokensOf(use), cost: use.cost });
    this.#lastCalls.set(session, tokensOf(use));
  }

  /** The turn of the session is over, and booked; what is told of it later is old. */
  over(session: string): void {
    const { since, seen } = this.#turn(session);
    const last = [since, ...seen.keys()].sort().at(-1) ?? since;
    this.#turns.set(session, { since: last, seen: new Map(), calls: [] });
  }

  /** Tokens of the session's last call: the next one is about as large. */
  lastCall(session: string): number {
    return this.#lastCalls.get(session) ?? 0;
  }

  get open(): Amount {
    let tokens = 0;
    let cost = 0;
    for (const { seen, calls } of this.#turns.values()) {
      const untold = calls.slice(calls.length - Math.max(0, calls.length - seen.size));
      for (const amount of [...seen.values(), ...untold]) {
        tokens += amount.tokens;
        cost += amount.cost;
      }
    }
    return { tokens, cost };
  }

  #turn(session: string): OpenTurn {
    const turn = this.#turns.get(session) ?? { since: "", seen: new Map(), calls: [] };
    this.#turns.set(session, turn);
    return turn;
  }
}
