import type { LeaseAnswer, LeaseRequest, Store, StoredEntry, StoreTransaction } from "../ports/index.js";
import { addon } from "./addon.js";
import type { BindingEntry, BindingFailure, BindingStore } from "./binding.js";
import { NativeError, unwrap } from "./errors.js";

export interface StoreOptions {
  /** `full` survives a power cut; `process` only the death of the process. Default: `full`. */
  readonly durability?: "full" | "process";
  /** How long a write waits for another process, in milliseconds. Default: 5,000. */
  readonly busyTimeoutMs?: number;
}

/** One change of a commit; `value` is absent where the key was deleted. */
export interface AuditChange {
  readonly key: string;
  readonly value?: unknown;
}

export interface AuditEntry {
  readonly revision: number;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly actor: string;
  readonly mission?: string;
  readonly changes: readonly AuditChange[];
  /** Link in the hash chain: 64 hexadecimal digits. */
  readonly hash: string;
}

export interface Verification {
  readonly ok: boolean;
  /** Commits that hold: all, or those before the first bad one. */
  readonly commits: number;
  readonly head: { readonly revision: number; readonly hash: string };
  readonly firstBad?: { readonly revision: number; readonly reason: string };
  /** What SQLite says of a damaged file; empty for a sound one. */
  readonly damage: readonly string[];
}

/**
 * Opens the store in the file, creating it when there is none.
 * @throws NativeError `ERR_CORRUPT`, `ERR_SCHEMA` (written by a newer version), `ERR_BUSY`, `ERR_IO`
 */
export async function openStore(path: string, options: StoreOptions = {}): Promise<NativeStore> {
  const opened = addon().BindingStore.open(
    path,
    options.durability ?? "full",
    options.busyTimeoutMs ?? 5_000,
  );
  return new NativeStore(unwrap(await opened));
}

/** The versioned store with its audit log. Reads take microseconds; everything that writes is asynchronous. */
export class NativeStore implements Store {
  readonly #store: BindingStore;

  constructor(store: BindingStore) {
    this.#store = store;
  }

  snapshot(): number {
    return unwrap(this.#store.snapshot());
  }

  get(key: string, at?: number): StoredEntry | undefined {
    const entry = unwrap(this.#store.get(key, at));
    return entry ? toEntry(entry) : undefined;
  }

  list(prefix: string, at?: number): StoredEntry[] {
    return unwrap(this.#store.list(prefix, at)).map(toEntry);
  }

  async commit(transaction: StoreTransaction): Promise<number> {
    return unwrap(
      await this.#store.commit({
        actor: transaction.actor,
        ...(transaction.mission !== undefined && { mission: transaction.mission }),
        snapshot: transaction.snapshot,
        readKeys: [...transaction.readKeys],
        readPrefixes: [...transaction.readPrefixes],
        writes: transaction.writes.map(({ key, value }) =>
          value === null ? { key } : { key, value: JSON.stringify(value) },
        ),
        ...(transaction.fence && {
          fenceLease: transaction.fence.lease,
          fenceToken: transaction.fence.token,
        }),
      }),
    );
  }

  async acquireLease(request: LeaseRequest): Promise<LeaseAnswer> {
    const holder = JSON.stringify(request.holder);
    try {
      const answer = this.#store.acquireLease(request.name, holder, request.ttlMs, request.steal);
      return { granted: true, token: unwrap(await answer) };
    } catch (error) {
      if (!(error instanceof NativeError) || error.code !== "ERR_LEASE_HELD") throw error;
      const held = error.details as { holder: string; token: number; expiresMs: number };
      return {
        granted: false,
        holder: JSON.parse(held.holder) as unknown,
        token: held.token,
        expiresMs: held.expiresMs,
      };
    }
  }

  async renewLease(name: string, token: number, ttlMs: number): Promise<void> {
    unwrap(await this.#store.renewLease(name, token, ttlMs));
  }

  async releaseLease(name: string, token: number): Promise<void> {
    unwrap(await this.#store.releaseLease(name, token));
  }

  /** Commits after a revision, oldest first, at most `limit`. No commit is ever missing between two. */
  async commitsSince(revision: number, limit = 1_000): Promise<AuditEntry[]> {
    const commits = unwrap(await this.#store.commitsSince(revision, limit));
    return commits.map(({ mission, changes, ...commit }) => ({
      ...commit,
      ...(mission != null && { mission }),
      changes: changes.map(({ key, value }) => (value == null ? { key } : { key, value: JSON.parse(value) })),
    }));
  }

  /** Recomputes the whole audit chain from the stored rows. */
  async verify(): Promise<Verification> {
    const found = unwrap<Awaited<Exclude<ReturnType<BindingStore["verify"]>, Promise<BindingFailure>>>>(
      await this.#store.verify(),
    );
    if ("failureCode" in found) throw new Error("unreachable: unwrap has thrown");
    return {
      ok: found.ok,
      commits: found.commits,
      head: { revision: found.headRevision, hash: found.headHash },
      ...(found.badRevision != null && {
        firstBad: { revision: found.badRevision, reason: found.badReason ?? "unknown" },
      }),
      damage: found.damage,
    };
  }

  /** Later calls fail with `ERR_CLOSED`. */
  async close(): Promise<void> {
    unwrap(await this.#store.close());
  }
}

function toEntry(entry: BindingEntry): StoredEntry {
  return { key: entry.key, value: JSON.parse(entry.value) as unknown, revision: entry.revision };
}
