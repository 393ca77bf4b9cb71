/** The versioned store as the engine sees it. Values are JSON. */

export interface StoredEntry {
  readonly key: string;
  readonly value: unknown;
  /** Revision of the commit that wrote this version. */
  readonly revision: number;
}

export interface StoreWrite {
  readonly key: string;
  /** `null` deletes the key. */
  readonly value: unknown;
}

export interface Fence {
  readonly lease: string;
  readonly token: number;
}

export interface StoreTransaction {
  readonly actor: string;
  readonly mission?: string | undefined;
  /** The revision that the reads were made at. */
  readonly snapshot: number;
  readonly readKeys: readonly string[];
  readonly readPrefixes: readonly string[];
  readonly writes: readonly StoreWrite[];
  /** Refuses the commit unless the lease still carries this token. */
  readonly fence?: Fence | undefined;
}

export interface LeaseRequest {
  readonly name: string;
  readonly holder: unknown;
  readonly ttlMs: number;
  /** The token of a hold that may be broken though it has not run out: its holder is known to be dead. */
  readonly steal?: number | undefined;
}

export type LeaseAnswer =
  | { readonly granted: true; readonly token: number }
  | { readonly granted: false; readonly holder: unknown; readonly token: number; readonly expiresMs: number };

export interface Store {
  /** Revision of the newest commit; 0 when there is none. */
  snapshot(): number;
  get(key: string, at?: number): StoredEntry | undefined;
  /** Entries whose key starts with `prefix`, ordered by key. */
  list(prefix: string, at?: number): StoredEntry[];
  /** Resolves with the new revision once the commit is durable. */
  commit(transaction: StoreTransaction): Promise<number>;
  acquireLease(request: LeaseRequest): Promise<LeaseAnswer>;
  /** Rejects with `ERR_FENCED` when the lease has passed to somebody else. */
  renewLease(name: string, token: number, ttlMs: number): Promise<void>;
  releaseLease(name: string, token: number): Promise<void>;
}
