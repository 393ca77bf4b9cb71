import type { Clock, Fence, Random, Store, StoredEntry, StoreWrite } from "../ports/index.js";

/** Who commits, for which mission, under which lease. The first two go into the audit log. */
export interface CommitContext {
  readonly actor: string;
  readonly mission?: string | undefined;
  readonly fence?: Fence | undefined;
}

export interface TransactPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

const MAX_TRIES = 12;
/** Somebody else committed first; or what the snapshot held was compacted away while it was read. */
const RETRIED: ReadonlySet<unknown> = new Set(["ERR_CONFLICT", "ERR_COMPACTED"]);
const FIRST_BACKOFF_MS = 2;
const MAX_BACKOFF_MS = 200;

/**
 * Reads at one revision and remembers what it read; writes are collected. A transaction sees its own writes.
 */
export class Transaction {
  readonly #store: Store;
  readonly snapshot: number;
  readonly #readKeys = new Set<string>();
  readonly #readPrefixes = new Set<string>();
  readonly #writes = new Map<string, unknown>();

  /** @param at the revision to read at; the newest where none is given. One at a past revision is for reading. */
  constructor(store: Store, at = store.snapshot()) {
    this.#store = store;
    this.snapshot = at;
  }

  get(key: string): unknown {
    if (this.#writes.has(key)) return this.#writes.get(key) ?? undefined;
    this.#readKeys.add(key);
    return this.#store.get(key, this.snapshot)?.value;
  }

  /** Values of the keys under the prefix, ordered by key. The whole range counts as read. */
  list(prefix: string): { key: string; value: unknown }[] {
    this.#readPrefixes.add(prefix);
    const merged = new Map<string, unknown>(
      this.#store.list(prefix, this.snapshot).map((entry: StoredEntry) => [entry.key, entry.value]),
    );
    for (const [key, value] of this.#writes) {
      if (!key.startsWith(prefix)) continue;
      if (value === null) merged.delete(key);
      else merged.set(key, value);
    }
    return [...merged].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  put(key: string, value: unknown): void {
    this.#writes.set(key, value);
  }

  delete(key: string): void {
    this.#writes.set(key, null);
  }

  get reads(): { keys: string[]; prefixes: string[] } {
    return { keys: [...this.#readKeys], prefixes: [...this.#readPrefixes] };
  }

  get writes(): StoreWrite[] {
    return [...this.#writes].map(([key, value]) => ({ key, value }));
  }
}

/**
 * Runs `change` on a snapshot and commits what it wrote; runs it again, after a jittered wait, when somebody
 * else committed first. `change` must have no effect but on the transaction.
 *
 * @throws the store's `ERR_CONFLICT` when every try met another writer; whatever `change` throws, at once.
 */
export async function transact<T>(
  ports: TransactPorts,
  context: CommitContext,
  change: (transaction: Transaction) => T,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const transaction = new Transaction(ports.store);
      const result = change(transaction);
      if (transaction.writes.length === 0) return result;
      await ports.store.commit({
        ...context,
        snapshot: transaction.snapshot,
        readKeys: transaction.reads.keys,
        readPrefixes: transaction.reads.prefixes,
        writes: transaction.writes,
      });
      return result;
    } catch (error) {
      if (attempt === MAX_TRIES || !RETRIED.has((error as { code?: unknown }).code)) throw error;
      const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
      await ports.clock.sleep(ports.random.next() * ceiling);
    }
  }
}
