//! The versioned store. Values cross as JSON text.

use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use orchestrator_store::{
    CommitRecord, Durability, Fence, OpenOptions, Read, Store, StoreError, Transaction, VerifyReport, Write,
};

use crate::failure::{BindingFailure, Crossing, crossing};
use crate::lanes::number;
use crate::offload::{Offload, offload};

/// A key with its value.
#[napi(object)]
pub struct BindingEntry {
    /// The key.
    pub key: String,
    /// The value as canonical JSON.
    pub value: String,
    /// The revision that wrote it.
    pub revision: f64,
}

/// A key to be written.
#[napi(object)]
pub struct BindingWrite {
    /// The key.
    pub key: String,
    /// The value as JSON; nothing deletes the key.
    pub value: Option<String>,
}

/// A transaction.
#[napi(object)]
pub struct BindingTransaction {
    /// Who commits.
    pub actor: String,
    /// For which mission.
    pub mission: Option<String>,
    /// The revision of the reads.
    pub snapshot: f64,
    /// Keys that were read.
    pub read_keys: Vec<String>,
    /// Prefixes that were listed.
    pub read_prefixes: Vec<String>,
    /// What to write.
    pub writes: Vec<BindingWrite>,
    /// The lease that must still be held.
    pub fence_lease: Option<String>,
    /// Its token.
    pub fence_token: Option<f64>,
}

/// One changed key of a commit.
#[napi(object)]
pub struct BindingChange {
    /// The key.
    pub key: String,
    /// The value as canonical JSON; nothing where the key was deleted.
    pub value: Option<String>,
}

/// A commit of the audit log.
#[napi(object)]
pub struct BindingCommit {
    /// Its revision.
    pub revision: f64,
    /// Milliseconds since the Unix epoch.
    pub time_ms: f64,
    /// Who committed.
    pub actor: String,
    /// For which mission.
    pub mission: Option<String>,
    /// What it changed, by key.
    pub changes: Vec<BindingChange>,
    /// Its link in the chain, in hexadecimal.
    pub hash: String,
}

/// What a verification found.
#[napi(object)]
pub struct BindingVerification {
    /// Whether everything holds.
    pub ok: bool,
    /// How many commits hold.
    pub commits: f64,
    /// The newest revision.
    pub head_revision: f64,
    /// The newest hash, in hexadecimal.
    pub head_hash: String,
    /// The first revision that does not hold.
    pub bad_revision: Option<f64>,
    /// Why it does not.
    pub bad_reason: Option<String>,
    /// Damage of the file.
    pub damage: Vec<String>,
}

/// An open store.
#[napi]
pub struct BindingStore {
    store: Arc<Store>,
}

#[napi]
impl BindingStore {
    /// Opens the store, creating it when there is none. `durability` is `full` or `process`.
    #[napi(ts_return_type = "Promise<BindingStore | BindingFailure>")]
    #[must_use]
    pub fn open(path: String, durability: String, busy_timeout_ms: u32) -> AsyncTask<Offload<BindingStore>> {
        offload(move || {
            let durability = match durability.as_str() {
                "full" => Durability::Full,
                "process" => Durability::Process,
                other => {
                    return Err(BindingFailure::argument(format!(
                        "`{other}` is no durability: full, process"
                    )));
                }
            };
            let busy_timeout = Duration::from_millis(busy_timeout_ms.into());
            let options = OpenOptions { durability, busy_timeout, ..OpenOptions::default() };
            Ok(Self { store: Arc::new(Store::open(path, options)?) })
        })
    }

    /// The newest revision.
    #[napi(catch_unwind, ts_return_type = "number | BindingFailure")]
    pub fn snapshot(&self) -> Crossing<f64> {
        crossing(self.store.snapshot().map(number))
    }

    /// The value of a key.
    #[napi(catch_unwind, ts_return_type = "BindingEntry | null | BindingFailure")]
    pub fn get(&self, key: String, at: Option<f64>) -> Crossing<Option<BindingEntry>> {
        crossing(self.store.get(&key, at.map(revision)).map(|entry| entry.map(entry_of)))
    }

    /// The keys with a prefix, in order.
    #[napi(catch_unwind, ts_return_type = "BindingEntry[] | BindingFailure")]
    pub fn list(&self, prefix: String, at: Option<f64>) -> Crossing<Vec<BindingEntry>> {
        let listed = self.store.list(&prefix, at.map(revision));
        crossing(listed.map(|entries| entries.into_iter().map(entry_of).collect()))
    }

    /// The commits after a revision, at most `limit`.
    #[napi(ts_return_type = "Promise<BindingCommit[] | BindingFailure>")]
    #[must_use]
    pub fn commits_since(&self, after: f64, limit: u32) -> AsyncTask<Offload<Vec<BindingCommit>>> {
        let store = Arc::clone(&self.store);
        offload(move || {
            let commits = store.commits_since(revision(after), limit as usize)?;
            Ok(commits.into_iter().map(commit_of).collect())
        })
    }

    /// Commits; resolves with the new revision once it is durable.
    #[napi(ts_return_type = "Promise<number | BindingFailure>")]
    #[must_use]
    pub fn commit(&self, transaction: BindingTransaction) -> AsyncTask<Offload<f64>> {
        let store = Arc::clone(&self.store);
        offload(move || Ok(number(store.commit(transaction_of(transaction)?)?.revision)))
    }

    /// Takes a lease; resolves with its token. `steal` is the token of a hold whose holder is known to be dead.
    #[napi(ts_return_type = "Promise<number | BindingFailure>")]
    #[must_use]
    pub fn acquire_lease(
        &self,
        name: String,
        holder: String,
        ttl_ms: f64,
        steal: Option<f64>,
    ) -> AsyncTask<Offload<f64>> {
        let store = Arc::clone(&self.store);
        offload(move || {
            let grant = store.acquire_lease(&name, &holder, revision(ttl_ms), steal.map(revision))?;
            Ok(number(grant.token))
        })
    }

    /// Prolongs a lease; resolves with the time of its end.
    #[napi(ts_return_type = "Promise<number | BindingFailure>")]
    #[must_use]
    pub fn renew_lease(&self, name: String, token: f64, ttl_ms: f64) -> AsyncTask<Offload<f64>> {
        let store = Arc::clone(&self.store);
        offload(move || Ok(number(store.renew_lease(&name, revision(token), revision(ttl_ms))?)))
    }

    /// Gives a lease back.
    #[napi(ts_return_type = "Promise<boolean | BindingFailure>")]
    #[must_use]
    pub fn release_lease(&self, name: String, token: f64) -> AsyncTask<Offload<bool>> {
        let store = Arc::clone(&self.store);
        offload(move || Ok(store.release_lease(&name, revision(token)).map(|()| true)?))
    }

    /// Recomputes the audit chain from the stored rows.
    #[napi(ts_return_type = "Promise<BindingVerification | BindingFailure>")]
    #[must_use]
    pub fn verify(&self) -> AsyncTask<Offload<BindingVerification>> {
        let store = Arc::clone(&self.store);
        offload(move || Ok(verification_of(store.verify()?)))
    }

    /// Closes the store; later calls fail with `ERR_CLOSED`.
    #[napi(ts_return_type = "Promise<boolean | BindingFailure>")]
    #[must_use]
    pub fn close(&self) -> AsyncTask<Offload<bool>> {
        let store = Arc::clone(&self.store);
        offload(move || Ok(store.close().map(|()| true)?))
    }
}

/// A JavaScript number as a counter; what is not one counts as 0.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, which is what is wanted.
fn revision(number: f64) -> u64 {
    number as u64
}

fn entry_of(entry: orchestrator_store::Entry) -> BindingEntry {
    BindingEntry { key: entry.key, value: entry.value, revision: number(entry.revision) }
}

fn commit_of(commit: CommitRecord) -> BindingCommit {
    BindingCommit {
        revision: number(commit.revision),
        time_ms: number(commit.time_ms),
        actor: commit.actor,
        mission: commit.mission,
        changes: commit
            .changes
            .into_iter()
            .map(|change| BindingChange { key: change.key, value: change.value })
            .collect(),
        hash: commit.hash.to_string(),
    }
}

fn transaction_of(transaction: BindingTransaction) -> Result<Transaction, BindingFailure> {
    let keys = transaction.read_keys.into_iter().map(Read::Key);
    let prefixes = transaction.read_prefixes.into_iter().map(Read::Prefix);
    let writes = transaction
        .writes
        .into_iter()
        .map(|write| {
            let value = write.value.as_deref().map(serde_json::from_str).transpose().map_err(|error| {
                StoreError::InvalidValue { key: write.key.clone(), reason: error.to_string() }
            })?;
            Ok(Write { key: write.key, value })
        })
        .collect::<Result<_, StoreError>>()?;
    let fence = transaction
        .fence_lease
        .zip(transaction.fence_token)
        .map(|(lease, token)| Fence { lease, token: revision(token) });
    Ok(Transaction {
        actor: transaction.actor,
        mission: transaction.mission,
        snapshot: revision(transaction.snapshot),
        reads: keys.chain(prefixes).collect(),
        writes,
        fence,
    })
}

fn verification_of(report: VerifyReport) -> BindingVerification {
    let (bad_revision, bad_reason) =
        report.first_bad.map(|bad| (number(bad.revision), bad.reason.to_string())).unzip();
    BindingVerification {
        ok: report.ok,
        commits: number(report.commits),
        head_revision: number(report.head.revision),
        head_hash: report.head.hash.to_string(),
        bad_revision,
        bad_reason,
        damage: report.damage,
    }
}
