//! The versioned store.

use std::fs::File;
use std::io::BufReader;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Object};
use napi_derive::napi;
use orchestrator_store::{Durability, OpenOptions, Store, StoreError, WaitId};

use crate::call::Deferred;
use crate::failure::{BindingFailure, Crossing, crossing};
use crate::lanes::number;
use crate::offload::{Offload, offload};
use crate::store_records::{
    BindingBackup, BindingCommit, BindingCompaction, BindingEntry, BindingRecovery, BindingTransaction,
    BindingVerification, BindingVersion, commit_of, compaction_of, entry_of, recovery_of, revision,
    transaction_of, verification_of, version_of,
};

/// A wait for a commit.
#[napi(object, object_from_js = false)]
pub struct BindingWait<'env> {
    /// Settles with the newest revision.
    #[napi(ts_type = "Promise<number | BindingFailure>")]
    pub promise: Object<'env>,
    /// Names the wait.
    pub wait: f64,
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
            let options = OpenOptions { durability, ..options(busy_timeout_ms) };
            Ok(Self { store: Arc::new(Store::open(path, options)?) })
        })
    }

    /// Rebuilds a damaged store; resolves with nothing if it is sound.
    #[napi(ts_return_type = "Promise<BindingRecovery | null | BindingFailure>")]
    #[must_use]
    pub fn recover(path: String, busy_timeout_ms: u32) -> AsyncTask<Offload<Option<BindingRecovery>>> {
        offload(move || Ok(Store::recover(path, &options(busy_timeout_ms))?.map(recovery_of)))
    }

    /// Makes a store of a file that an export was written to; resolves with its newest revision.
    #[napi(js_name = "import", ts_return_type = "Promise<number | BindingFailure>")]
    #[must_use]
    pub fn import_file(path: String, from: String) -> AsyncTask<Offload<f64>> {
        offload(move || {
            let file = File::open(&from).map_err(StoreError::from)?;
            Ok(number(Store::import(path, BufReader::new(file))?.revision))
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
    pub fn commit<'env>(
        &self,
        env: &'env Env,
        transaction: BindingTransaction,
    ) -> napi::Result<Object<'env>> {
        let (deferred, promise) = Deferred::new(env)?;
        match transaction_of(transaction) {
            Err(failure) => deferred.settle(Err(failure), number),
            Ok(transaction) => self.store.submit(transaction, move |committed| {
                let revision = committed.map(|committed| committed.revision);
                deferred.settle(revision.map_err(BindingFailure::from), number);
            }),
        }
        Ok(promise)
    }

    /// Resolves with the newest revision as soon as it is greater than `after`. The wait can be given up by its
    /// number.
    #[napi]
    pub fn wait_after<'env>(&self, env: &'env Env, after: f64) -> napi::Result<BindingWait<'env>> {
        let (deferred, promise) = Deferred::new(env)?;
        let deferred = Arc::new(Mutex::new(Some(deferred)));
        let of_wait = Arc::clone(&deferred);
        let settle = move |result: Result<u64, StoreError>| {
            let deferred = of_wait.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(deferred) = deferred {
                deferred.settle(result.map_err(BindingFailure::from), number);
            }
        };
        let wait = self.store.wait_after(revision(after), settle);
        if let Err(error) = &wait
            && let Some(deferred) = deferred.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            deferred.settle(Err(BindingFailure::from(error.clone())), number);
        }
        Ok(BindingWait { promise, wait: wait.map_or(0.0, |wait| number(wait.number())) })
    }

    /// Gives up a wait: its promise settles with `ERR_CANCELLED`.
    #[napi]
    pub fn stop_waiting(&self, wait: f64) {
        self.store.stop_waiting(WaitId::from_number(revision(wait)));
    }

    /// The versions of a key, newest first, at most `limit`.
    #[napi(ts_return_type = "Promise<BindingVersion[] | BindingFailure>")]
    #[must_use]
    pub fn history(&self, key: String, limit: u32) -> AsyncTask<Offload<Vec<BindingVersion>>> {
        let store = Arc::clone(&self.store);
        offload(move || Ok(store.history(&key, limit as usize)?.into_iter().map(version_of).collect()))
    }

    /// The oldest revision that can be read.
    #[napi(catch_unwind, ts_return_type = "number | BindingFailure")]
    pub fn floor(&self) -> Crossing<f64> {
        crossing(self.store.floor().map(number))
    }

    /// Drops the values that no read at `floor` or later can see.
    #[napi(ts_return_type = "Promise<BindingCompaction | BindingFailure>")]
    #[must_use]
    pub fn compact(&self, floor: f64, actor: String) -> AsyncTask<Offload<BindingCompaction>> {
        let store = Arc::clone(&self.store);
        offload(move || Ok(compaction_of(store.compact(revision(floor), &actor)?)))
    }

    /// Writes a backup beside the store and keeps so many.
    #[napi(ts_return_type = "Promise<BindingBackup | BindingFailure>")]
    #[must_use]
    pub fn backup(&self, keep: u32) -> AsyncTask<Offload<BindingBackup>> {
        let store = Arc::clone(&self.store);
        offload(move || {
            let backup = store.backup(keep as usize)?;
            Ok(BindingBackup {
                path: backup.path.to_string_lossy().into_owned(),
                revision: number(backup.head.revision),
                hash: backup.head.hash.to_string(),
            })
        })
    }

    /// The first line of an export.
    #[napi(catch_unwind, ts_return_type = "string | BindingFailure")]
    pub fn export_header(&self) -> Crossing<String> {
        crossing(self.store.export_header().map(|(line, _)| line))
    }

    /// The export's lines of the commits after a revision, at most `limit`.
    #[napi(ts_return_type = "Promise<string[] | BindingFailure>")]
    #[must_use]
    pub fn export_commits(&self, after: f64, limit: u32) -> AsyncTask<Offload<Vec<String>>> {
        let store = Arc::clone(&self.store);
        offload(move || Ok(store.export_commits(revision(after), limit as usize)?))
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
        offload(move || {
            store.close();
            Ok(true)
        })
    }
}

fn options(busy_timeout_ms: u32) -> OpenOptions {
    OpenOptions { busy_timeout: Duration::from_millis(busy_timeout_ms.into()), ..OpenOptions::default() }
}
