import { estimateTokens } from "../context/index.js";
import { type Transaction, type TransactPorts, transact } from "../state/index.js";
import { type Budgets, type GateItem, type GateResult, gate, tierMoves } from "./gate.js";
import {
  figuresOf,
  itemSchema,
  key,
  type Ledger,
  type MemoryItem,
  type MemoryTier,
  parseLedger,
} from "./item.js";
import { observe, RELEVANCE, smooth } from "./relevance.js";
import { search } from "./search.js";

/** Where an agent stands: it sees its task's, its mission's and the project's items, and nothing of others. */
export interface Standpoint {
  readonly author: string;
  readonly mission: string;
  readonly task?: string | undefined;
}

/** Puts something else in the place of every secret in a text; a text without one comes back as it is. */
export type MaskSecrets = (text: string) => string;

export interface MemoryPorts extends TransactPorts {
  readonly mask: MaskSecrets;
  /** The project's own items have changed. */
  readonly onProjectChange?: (() => void) | undefined;
}

/** A text that holds a secret is not stored. */
export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly code = "ERR_SECRET";

  constructor() {
    super("this looks like a secret, and memory keeps none: leave it out, and say where it is to be found");
  }
}

const MAX_RECALLED = 10;
const REFERENCE = /\bN\d+\b/g;

/** What agents and people note for one another, in the store, and what of it belongs into a model's context. */
export class Memory {
  readonly #ports: MemoryPorts;
  #parsed: ReadonlyMap<string, { readonly revision: number; readonly item: MemoryItem }> = new Map();
  /** Uses and references since the last round. */
  #used = new Map<string, number>();
  #referenced = new Map<string, number>();

  constructor(ports: MemoryPorts) {
    this.#ports = ports;
  }

  /** @throws SecretError */
  async remember(from: Standpoint, tier: MemoryTier, text: string): Promise<MemoryItem> {
    this.assertNoSecret(text);
    const item = await transact(this.#ports, { actor: from.author, mission: from.mission }, (transaction) =>
      addItem(transaction, {
        tier,
        scope: scopeOf(from, tier),
        text,
        author: from.author,
        createdMs: this.#ports.clock.now(),
      }),
    );
    for (const [id] of text.matchAll(REFERENCE)) count(this.#referenced, id);
    if (tier === "project") this.#ports.onProjectChange?.();
    return item;
  }

  /**
   * Items in sight that share words with the query, the best first; for an empty query the newest. What it answers
   * counts as used.
   */
  recall(from: Standpoint, query: string): MemoryItem[] {
    const items = this.#inSight(from);
    const newest = items.toSorted((a, b) => b.createdMs - a.createdMs).map(({ id }) => id);
    const found = query.trim() === "" ? newest : search(items, query);
    const recalled = found.slice(0, MAX_RECALLED).flatMap((id) => items.filter((item) => item.id === id));
    for (const { id } of recalled) count(this.#used, id);
    return recalled;
  }

  /** False when there is no such item in sight. */
  async forget(from: Standpoint, id: string): Promise<boolean> {
    const tier = await transact(this.#ports, { actor: from.author, mission: from.mission }, (transaction) => {
      const stored = transaction.get(key.item(id));
      if (stored === undefined) return undefined;
      const item = itemSchema.parse(stored);
      if (scopeOf(from, item.tier) !== item.scope) return undefined;
      transaction.delete(key.item(id));
      return item.tier;
    });
    if (tier === "project") this.#ports.onProjectChange?.();
    return tier !== undefined;
  }

  /**
   * What of the items in sight belongs into a context that shows these now; `undefined`: into one that begins.
   * @returns the gate's decision, and the items by id.
   */
  select(from: Standpoint, shown: ReadonlySet<string> | undefined, budgets: Budgets) {
    const items = new Map(this.#inSight(from).map((item) => [item.id, item]));
    const before = shown ?? new Set(items.keys());
    const ledger = this.#ledger();
    const seen = [...items.values()].map((item) => gateItem(item, ledger));
    const decision: GateResult = gate(seen, before, budgets);
    return { ...decision, items };
  }

  /** Ends a round: every item's relevance takes in what happened since the last one, and items change their tiers. */
  async round(): Promise<void> {
    const [used, referenced] = [this.#used, this.#referenced];
    this.#used = new Map();
    this.#referenced = new Map();
    const moved = await transact(this.#ports, { actor: "engine" }, (transaction) => {
      const items = transaction.list(key.items).map(({ value }) => itemSchema.parse(value));
      const before = parseLedger(transaction.get(key.ledger));
      if (items.length === 0) return false;
      const ledger: Ledger = { round: before.round + 1, items: {} };
      for (const { id } of items) {
        const figures = figuresOf(before, id);
        const signals = {
          used: used.get(id) ?? 0,
          referenced: referenced.get(id) ?? 0,
          age: before.round - figures.since,
        };
        ledger.items[id] = {
          relevance: smooth(figures.relevance, observe(signals)),
          uses: figures.uses + signals.used,
          since: figures.since,
        };
      }
      const isMoved = moveTiers(transaction, items, ledger);
      transaction.put(key.ledger, ledger);
      return isMoved;
    });
    if (moved) this.#ports.onProjectChange?.();
  }

  /** @throws SecretError */
  assertNoSecret(text: string): void {
    if (this.#ports.mask(text) !== text) throw new SecretError();
  }

  #inSight(from: Standpoint): MemoryItem[] {
    const entries = this.#ports.store.list(key.items);
    const before = this.#parsed;
    // Only what has changed is parsed again: a look comes with every request.
    this.#parsed = new Map(
      entries.map(({ key: name, value, revision }) => {
        const known = before.get(name);
        return [name, known?.revision === revision ? known : { revision, item: itemSchema.parse(value) }];
      }),
    );
    return [...this.#parsed.values()]
      .map(({ item }) => item)
      .filter((item) => scopeOf(from, item.tier) === item.scope);
  }

  #ledger(): Ledger {
    return parseLedger(this.#ports.store.get(key.ledger)?.value);
  }
}

/** Stores a new item under the next id. */
export function addItem(transaction: Transaction, item: Omit<MemoryItem, "id">): MemoryItem {
  const number = Number(transaction.get(key.counter) ?? 0) + 1;
  const stored = { ...item, id: `N${number}` };
  transaction.put(key.counter, number);
  transaction.put(key.item(stored.id), stored);
  return stored;
}

/** True when an item came to the project's own or left them. */
function moveTiers(transaction: Transaction, items: readonly MemoryItem[], ledger: Ledger): boolean {
  let isMoved = false;
  const byId = new Map(items.map((item) => [item.id, item]));
  for (const { id, kind, to } of tierMoves(items.map((item) => gateItem(item, ledger)))) {
    const item = byId.get(id);
    if (!item) continue;
    isMoved ||= item.tier === "project" || to === "project";
    const [mission = ""] = item.scope.split("/");
    const { origin, ...rest } = item;
    transaction.put(
      key.item(id),
      kind === "demote" && origin
        ? { ...rest, ...origin }
        : {
            ...item,
            tier: to,
            scope: to === "project" ? "" : mission,
            origin: origin ?? { tier: item.tier, scope: item.scope },
          },
    );
    // It has to earn the next step, up or down, anew.
    ledger.items[id] = { relevance: RELEVANCE.start, uses: 0, since: ledger.round };
  }
  return isMoved;
}

function gateItem(item: MemoryItem, ledger: Ledger): GateItem {
  const { relevance, uses } = figuresOf(ledger, item.id);
  const tokens = estimateTokens(`- ${item.id} ${item.text}\n`);
  return { id: item.id, tier: item.tier, tokens, relevance, uses, origin: item.origin?.tier };
}

function scopeOf(from: Standpoint, tier: MemoryTier): string {
  if (tier === "project") return "";
  return tier === "mission" ? from.mission : `${from.mission}/${from.task ?? ""}`;
}

function count(counts: Map<string, number>, id: string): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}
