import type { LeaseAnswer, LeaseRequest, Store, StoredEntry, StoreTransaction } from "../src/ports/index.js";
import type { World } from "./world.js";

interface Version {
  readonly revision: number;
  /** JSON, so that nobody can change what is stored; `undefined`: deleted. */
  readonly text: string | undefined;
}

/** An error with the store's codes. */
export class StoreFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * What the store promises, in memory: for runs without number. A test holds it to the real one. Processes reach it
 * through handles, which add the time that a commit takes.
 */
export class MemoryStore {
  readonly #world: World;
  readonly #versions = new Map<string, Version[]>();
  readonly #leases = new Map<string, { token: number; holder: string | undefined; expiresMs: number }>();
  #revision = 0;
  #token = 0;
  /** Told of each commit, in order. */
  onCommit: (revision: number, transaction: StoreTransaction) => void = () => undefined;

  constructor(world: World) {
    this.#world = world;
  }

  snapshot(): number {
    return this.#revision;
  }

  get(key: string, at = this.#revision): StoredEntry | undefined {
    const version = this.#versions.get(key)?.findLast(({ revision }) => revision <= at);
    if (version?.text === undefined) return undefined;
    return { key, value: JSON.parse(version.text) as unknown, revision: version.revision };
  }

  list(prefix: string, at = this.#revision): StoredEntry[] {
    const keys = [...this.#versions.keys()].filter((key) => key.startsWith(prefix)).sort();
    return keys.flatMap((key) => this.get(key, at) ?? []);
  }

  commit(transaction: StoreTransaction): number {
    const { fence, snapshot, writes } = transaction;
    if (fence) this.#checkFence(fence.lease, fence.token);
    const changed = (key: string) => (this.#versions.get(key)?.at(-1)?.revision ?? 0) > snapshot;
    const keys = new Set([
      ...transaction.readKeys.filter(changed),
      ...transaction.readPrefixes.flatMap((prefix) =>
        [...this.#versions.keys()].filter((key) => key.startsWith(prefix) && changed(key)),
      ),
    ]);
    if (keys.size > 0) throw new StoreFailure("ERR_CONFLICT", `${[...keys].join(", ")} changed`);
    if (writes.length === 0) return this.#revision;
    const revision = ++this.#revision;
    for (const { key, value } of writes) {
      const versions = this.#versions.get(key) ?? [];
      versions.push({ revision, text: value === null ? undefined : JSON.stringify(value) });
      this.#versions.set(key, versions);
    }
    this.onCommit(revision, transaction);
    return revision;
  }

  acquireLease({ name, holder, ttlMs, steal }: LeaseRequest): LeaseAnswer {
    const lease = this.#leases.get(name);
    const nowMs = this.#world.now();
    if (lease?.holder !== undefined && lease.expiresMs > nowMs && steal !== lease.token)
      return {
        granted: false,
        holder: JSON.parse(lease.holder) as unknown,
        token: lease.token,
        expiresMs: lease.expiresMs,
      };
    const token = ++this.#token;
    this.#leases.set(name, { token, holder: JSON.stringify(holder), expiresMs: nowMs + ttlMs });
    return { granted: true, token };
  }

  renewLease(name: string, token: number, ttlMs: number): void {
    this.#checkFence(name, token);
    const lease = this.#leases.get(name);
    if (lease) lease.expiresMs = this.#world.now() + ttlMs;
  }

  releaseLease(name: string, token: number): void {
    this.#checkFence(name, token);
    const lease = this.#leases.get(name);
    if (lease) lease.holder = undefined;
  }

  /** How many leases are held that have not run out. */
  get heldLeases(): number {
    const nowMs = this.#world.now();
    return [...this.#leases.values()].filter(
      ({ holder, expiresMs }) => holder !== undefined && expiresMs > nowMs,
    ).length;
  }

  /** The store as a process sees it. */
  handle(world: World, mostMs = 5): Store {
    return {
      snapshot: () => this.snapshot(),
      get: (key, at) => this.get(key, at),
      list: (prefix, at) => this.list(prefix, at),
      commit: (transaction) => world.takes(mostMs, () => this.commit(transaction)),
      acquireLease: (request) => world.takes(mostMs, () => this.acquireLease(request)),
      renewLease: (name, token, ttlMs) => world.takes(mostMs, () => this.renewLease(name, token, ttlMs)),
      releaseLease: (name, token) => world.takes(mostMs, () => this.releaseLease(name, token)),
    };
  }

  #checkFence(name: string, token: number): void {
    const lease = this.#leases.get(name);
    if (lease?.holder === undefined || lease.token !== token)
      throw new StoreFailure("ERR_FENCED", `token ${token} of ${name} is not current`);
  }
}
