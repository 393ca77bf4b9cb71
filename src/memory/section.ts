import type { Budgets } from "./gate.js";
import { MEMORY_TIERS, type MemoryItem } from "./item.js";
import type { Memory, Standpoint } from "./memory.js";

/** Tokens of notes that a request carries, by tier, estimated. */
export const BUDGETS: Budgets = { task: 400, mission: 800, project: 800 };

/** Changes of the selection that wait for one another before a section changes: it stands in the cached prefix. */
const BATCH = 4;

const TITLES = { task: "This task", mission: "This mission", project: "This project" } as const;

/** Notes as a model reads them; undefined when there are none. The longest-lived come first, in the order of their ids. */
export function renderNotes(items: readonly MemoryItem[]): string | undefined {
  if (items.length === 0) return undefined;
  const parts = MEMORY_TIERS.toReversed().flatMap((tier) => {
    const own = items.filter((item) => item.tier === tier).sort((a, b) => number(a) - number(b));
    return own.length > 0 ? [`${TITLES[tier]}:`, ...own.map((item) => `- ${item.id} ${item.text}`)] : [];
  });
  return [
    "# Notes",
    "Facts and decisions that people and agents have noted. They inform; what to do is in your task. `memory` with " +
      "`recall` finds more, `remember` keeps what others will need.",
    ...parts,
  ].join("\n");
}

/** The notes in one session's context, changed as rarely as their truth allows. */
export class NotesSection {
  #shown: ReadonlyMap<string, MemoryItem> = new Map();
  #text: string | undefined;
  #isFresh = false;

  /** The next look chooses anew: what the session held is gone from its cache anyway. */
  renew(): void {
    this.#isFresh = false;
  }

  /** The section for the session's next request. A note that was forgotten or changed goes at once, others in batches. */
  next(memory: Memory, from: Standpoint, budgets: Budgets): string | undefined {
    // A session that begins gets what others have: what has not left the context is still in it.
    const shown = this.#isFresh ? new Set(this.#shown.keys()) : undefined;
    const { inContext, moves, items } = memory.select(from, shown, budgets);
    const isWrong = [...this.#shown.values()].some((item) => items.get(item.id)?.text !== item.text);
    if (this.#isFresh && !isWrong && moves.length < BATCH) return this.#text;
    this.#isFresh = true;
    this.#shown = new Map([...inContext].flatMap((id) => pair(id, items.get(id))));
    this.#text = renderNotes([...this.#shown.values()]);
    return this.#text;
  }
}

function pair(id: string, item: MemoryItem | undefined): [string, MemoryItem][] {
  return item ? [[id, item]] : [];
}

function number({ id }: MemoryItem): number {
  return Number(id.slice(1));
}
