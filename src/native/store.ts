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

/** One change of a commit. */
export interface AuditChange {
  readonly key: string;
  /** Absent where the key was deleted, or the value compacted away. */
  readonly value?: unknown;
  /** What stands in the chain for a value that was compacted away: its SHA-256, 64 hexadecimal digits. */
  readonly compacted?: string;
}

/** One version of a key, with the commit that made it. */
export type StoredVersion = Omit<AuditChange, "key"> & Omit<AuditEntry, "changes" | "hash">;

/** What a compaction did. */
export interface Compaction {
  /** The oldest revision that can be read from now on. */
  readonly floor: number;
  /** How many values were dropped, and how many bytes of JSON they had. */
  readonly dropped: number;
  readonly bytes: number;
}

/** A backup: a store of its own. */
export interface Backup {
  readonly path: string;
  /** The newest commit in it. */
  readonly revision: number;
  readonly hash: string;
}

/** What a recovery did. */
export interface Recovery {
  /** The folder in which the damaged files are now. */
  readonly setAside: string;
  /** The backup that was the base, and how many commits came from it. */
  readonly backup?: string;
  readonly fromBackup: number;
  /** The newest revision of the store as it is now. */
  readonly revision: number;
  /** The newest that the damaged store is known to have had: the commits between are lost. */
  readonly known?: number;
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
    options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
  );
  return new NativeStore(unwrap(await opened));
}

/**
 * Rebuilds a store that was found damaged: the newest sound backup, and behind it every commit that can still be read
 * and follows in the chain. The damaged files are set aside. `undefined`: it is sound, and was left alone.
 * @throws NativeError `ERR_BUSY` (somebody has it open), `ERR_SCHEMA`, `ERR_IO`
 */
export async function recoverStore(
  path: string,
  options: Pick<StoreOptions, "busyTimeoutMs"> = {},
): Promise<Recovery | undefined> {
  const done = unwrap(await addon().BindingStore.recover(path, options.busyTimeoutMs ?? BUSY_TIMEOUT_MS));
  if (!done) return undefined;
  const { backup, known, ...rest } = done;
  return { ...rest, ...(backup != null && { backup }), ...(known != null && { known }) };
}

/**
 * Makes a store in `path` of a file that an export was written to; answers its newest revision.
 * @throws NativeError `ERR_EXISTS`, `ERR_CORRUPT` (a line is not what an export writes), `ERR_IO`
 */
export async function importStore(path: string, from: string): Promise<number> {
  return unwrap(await addon().BindingStore.import(path, from));
}

const BUSY_TIMEOUT_MS = 5_000;
/** How many commits are fetched at a time. */
const PAGE = 500;

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
      changes: changes.map((change) => ({ key: change.key, ...toContent(change) })),
    }));
  }

  /**
   * Every commit after a revision, and then each as it comes, whichever process makes it: none is missing, none comes
   * twice. Ends when the signal is aborted or the store closed.
   */
  async *watch(after: number, signal: AbortSignal): AsyncGenerator<AuditEntry, void> {
    for (let seen = after; !signal.aborted; ) {
      const page = await this.commitsSince(seen, PAGE);
      for (const commit of page) {
        if (signal.aborted) return;
        seen = commit.revision;
        yield commit;
      }
      if (page.length === 0 && !(await this.#newerThan(seen, signal))) return;
    }
  }

  async #newerThan(revision: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const { promise, wait } = this.#store.waitAfter(revision);
    const stop = () => this.#store.stopWaiting(wait);
    signal.addEventListener("abort", stop, { once: true });
    try {
      unwrap(await promise);
      return true;
    } catch (error) {
      if (error instanceof NativeError && ["ERR_CANCELLED", "ERR_CLOSED"].includes(error.code)) return false;
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** The versions of a key, newest first, deletions included; at most `limit`. */
  async history(key: string, limit = 100): Promise<StoredVersion[]> {
    const versions = unwrap(await this.#store.history(key, limit));
    return versions.map(({ value, compacted, mission, ...version }) => ({
      ...version,
      ...(mission != null && { mission }),
      ...toContent({ value, compacted }),
    }));
  }

  /** The oldest revision that can be read. */
  floor(): number {
    return unwrap(this.#store.floor());
  }

  /**
   * Drops all values that no read at `floor` or later can see; the audit log keeps their hashes.
   * @throws NativeError `ERR_FUTURE_REVISION`
   */
  async compact(floor: number, actor: string): Promise<Compaction> {
    return unwrap(await this.#store.compact(floor, actor));
  }

  /** Writes a verified backup beside the store, and keeps the newest ones. @throws NativeError `ERR_CORRUPT`, `ERR_IO` */
  async backup(keep = 5): Promise<Backup> {
    return unwrap(await this.#store.backup(keep));
  }

  /** The lines of an export, which `importStore` reads. */
  async *exportLines(): AsyncGenerator<string, void> {
    const header = unwrap(this.#store.exportHeader());
    const { revision: head } = JSON.parse(header) as { revision: number };
    yield header;
    for (let revision = 0; revision < head; revision += PAGE)
      yield* unwrap(await this.#store.exportCommits(revision, Math.min(PAGE, head - revision)));
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

function toContent(content: {
  readonly value?: string | undefined;
  readonly compacted?: string | undefined;
}): Omit<AuditChange, "key"> {
  return {
    ...(content.value != null && { value: JSON.parse(content.value) as unknown }),
    ...(content.compacted != null && { compacted: content.compacted }),
  };
}

function toEntry(entry: BindingEntry): StoredEntry {
  return { key: entry.key, value: JSON.parse(entry.value) as unknown, revision: entry.revision };
}
