import type { LeaseAnswer, LeaseRequest, Store, StoredEntry, StoreTransaction } from "../ports/index.js";

/** More entries than this are not held at a time: instructions add up over a mission. */
const MAX_HELD = 4_000;

/**
 * A store whose newest revision is read once. What is held is valid at one revision. This process's own commits carry it to
 * the next; after somebody else's commit everything is read again, and entries that are still the same keep their identity,
 * so that nobody parses a value twice (`parseOnce`).
 *
 * Values that it hands out are shared: nobody may change one.
 */
export class CachedStore implements Store {
  readonly #store: Store;
  #revision = -1;
  /** Every entry seen lately; `undefined` stands for a key that the store does not have. */
  #entries = new Map<string, StoredEntry | undefined>();
  /** Of those, the keys that are known to be so at `#revision`. */
  #current = new Set<string>();
  /** All entries below a prefix, ordered by key, at `#revision`. */
  #ranges = new Map<string, readonly StoredEntry[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  snapshot(): number {
    return this.#store.snapshot();
  }

  get(key: string, at = this.snapshot()): StoredEntry | undefined {
    if (!this.#isAt(at)) return this.#store.get(key, at);
    if (!this.#current.has(key)) this.#hold(key, this.#store.get(key, at));
    return this.#entries.get(key);
  }

  list(prefix: string, at = this.snapshot()): StoredEntry[] {
    if (!this.#isAt(at)) return this.#store.list(prefix, at);
    let range = this.#ranges.get(prefix);
    if (!range) {
      range = this.#store.list(prefix, at).map((entry) => this.#hold(entry.key, entry) as StoredEntry);
      this.#ranges.set(prefix, range);
    }
    return [...range];
  }

  async commit(transaction: StoreTransaction): Promise<number> {
    const revision = await this.#store.commit(transaction);
    // Between what is held and this commit lies nobody else's: what is held goes on with what was written.
    if (revision === this.#revision + 1) {
      this.#revision = revision;
      for (const { key, value } of transaction.writes)
        this.#replace(key, value === null ? undefined : { key, value, revision });
    }
    return revision;
  }

  acquireLease(request: LeaseRequest): Promise<LeaseAnswer> {
    return this.#store.acquireLease(request);
  }

  renewLease(name: string, token: number, ttlMs: number): Promise<void> {
    return this.#store.renewLease(name, token, ttlMs);
  }

  releaseLease(name: string, token: number): Promise<void> {
    return this.#store.releaseLease(name, token);
  }

  /** Moves what is held to a newer revision; false for one that is past, of which nothing is held. */
  #isAt(revision: number): boolean {
    if (revision > this.#revision) {
      this.#revision = revision;
      this.#current.clear();
      this.#ranges.clear();
      if (this.#entries.size > MAX_HELD) this.#entries.clear();
    }
    return revision === this.#revision;
  }

  #hold(key: string, found: StoredEntry | undefined): StoredEntry | undefined {
    const known = this.#entries.get(key);
    const entry = known && known.revision === found?.revision ? known : found;
    this.#entries.set(key, entry);
    this.#current.add(key);
    return entry;
  }

  #replace(key: string, entry: StoredEntry | undefined): void {
    this.#entries.set(key, entry);
    this.#current.add(key);
    for (const [prefix, range] of this.#ranges) {
      if (!key.startsWith(prefix)) continue;
      const at = range.findIndex((one) => one.key >= key);
      const index = at < 0 ? range.length : at;
      const replaced = range[index]?.key === key ? 1 : 0;
      this.#ranges.set(prefix, range.toSpliced(index, replaced, ...(entry ? [entry] : [])));
    }
  }
}

/** Anything that turns a stored value into a typed one, or throws. */
interface Schema<T> {
  parse(value: unknown): T;
}

const parsed = new WeakMap<object, WeakMap<object, unknown>>();

/** Parses a value; the same object is parsed by a schema once. */
export function parseOnce<T>(schema: Schema<T>, value: unknown): T {
  if (typeof value !== "object" || value === null) return schema.parse(value);
  const known = parsed.get(schema);
  const found = known?.get(value);
  if (found !== undefined) return found as T;
  const result = schema.parse(value);
  keepParsed(schema, value, result);
  return result;
}

/** Says of a value that is written that it is what the schema would make of it. */
export function keepParsed<T>(schema: Schema<T>, value: object, result: T): void {
  const known = parsed.get(schema) ?? new WeakMap<object, unknown>();
  parsed.set(schema, known.set(value, result));
}
