//! What must hold of a store when its machine has started again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use orchestrator_store::{Change, CommitRecord, Durability, Store, StoreError, VerifyReport, Write};

use crate::support;
use crate::workload::{self, Attempt, KnownLease, Record};

/// What must have been kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Everything that was acknowledged.
    All,
    /// Of what was acknowledged, all up to some commit.
    Prefix,
}

/// A promise that was not kept.
#[derive(Debug)]
#[allow(dead_code, reason = "the content is for whoever reads that a test has failed")]
pub enum Broken {
    /// A call failed that must not.
    Call(&'static str, StoreError),
    /// The file or its chain does not verify.
    Verify(VerifyReport),
    /// A commit was acknowledged and is not there, or with another hash.
    Lost(Attempt),
    /// A commit is there without all of its changes, or with others.
    Altered(CommitRecord),
    /// A commit is there that nobody made, that was refused, or that is there twice.
    Unasked(CommitRecord),
    /// A commit was answered with an error and was visible all the same.
    Visible(Attempt),
    /// An operation failed for a reason that the disk does not explain.
    Code(&'static str),
    /// While the disk failed, something was answered that is not so.
    Answer(String),
    /// The newest values are not those of the newest commits.
    State,
    /// An acknowledged step of the lease is lost.
    Lease(KnownLease),
}

/// Opens the store and compares everything in it with what a client was told. Commits once more. Returns the
/// number of commits that were found.
pub fn check(path: &PathBuf, record: &Record, promise: Promise) -> Result<u64, Broken> {
    let store = workload::open(path, Durability::Full).map_err(|error| Broken::Call("open", error))?;
    verify(&store)?;
    let log = store.commits_since(0, usize::MAX).map_err(|error| Broken::Call("commits_since", error))?;
    check_answers(record)?;
    check_log(&log, &record.attempts, promise)?;
    check_state(&store, &log, record)?;
    if promise == Promise::All {
        check_lease(&store, record.lease)?;
    }
    let next = support::transaction(0, &[], vec![Write::put("later", 1)]);
    let committed = store.commit(next).map_err(|error| Broken::Call("commit", error))?;
    assert_eq!(committed.revision, log.len() as u64 + 1);
    verify(&store)?;
    store.close();
    Ok(log.len() as u64)
}

fn verify(store: &Store) -> Result<(), Broken> {
    let report = store.verify().map_err(|error| Broken::Call("verify", error))?;
    if report.ok { Ok(()) } else { Err(Broken::Verify(report)) }
}

/// A failing disk is reported as such, and what was reported as failed is not visible.
fn check_answers(record: &Record) -> Result<(), Broken> {
    let refusals = record.attempts.iter().filter_map(|attempt| attempt.answer.err());
    for code in refusals.filter(|code| !is_refusal(code)).chain(record.errors.iter().copied()) {
        if code != "ERR_IO" {
            return Err(Broken::Code(code));
        }
    }
    if let Some(answer) = record.wrong.first() {
        return Err(Broken::Answer(answer.clone()));
    }
    match record.attempts.iter().find(|attempt| attempt.seen_after_error) {
        Some(attempt) => Err(Broken::Visible(attempt.clone())),
        None => Ok(()),
    }
}

/// Whether nothing can have been written, whatever the disk did.
fn is_refusal(code: &str) -> bool {
    ["ERR_CONFLICT", "ERR_FENCED"].contains(&code)
}

/// Every commit in the log was asked for, once and with these changes; every acknowledged one is in it.
pub fn check_log(log: &[CommitRecord], attempts: &[Attempt], promise: Promise) -> Result<(), Broken> {
    let by_name: BTreeMap<_, _> = attempts.iter().map(|attempt| (attempt.name.as_str(), attempt)).collect();
    let mut seen = BTreeSet::new();
    for commit in log {
        let asked = by_name.get(commit.actor.as_str());
        let Some(attempt) = asked.filter(|attempt| !attempt.answer.is_err_and(is_refusal_of)) else {
            return Err(Broken::Unasked(commit.clone()));
        };
        if !seen.insert(&commit.actor) {
            return Err(Broken::Unasked(commit.clone()));
        }
        if !same(&commit.changes, &attempt.changes) {
            return Err(Broken::Altered(commit.clone()));
        }
    }
    for attempt in attempts {
        let Ok(receipt) = attempt.answer else { continue };
        let index = usize::try_from(receipt.revision - 1).unwrap();
        let kept = match log.get(index) {
            Some(commit) => commit.hash == receipt.hash && commit.actor == attempt.name,
            None => promise == Promise::Prefix,
        };
        if !kept {
            return Err(Broken::Lost(attempt.clone()));
        }
    }
    Ok(())
}

fn is_refusal_of(code: &'static str) -> bool {
    is_refusal(code)
}

/// Whether changes are those that were asked for. Values that were compacted away are known by their hashes.
fn same(found: &[Change], asked: &[Change]) -> bool {
    let known = |change: &Change| (change.key.clone(), change.content.hash());
    found.iter().map(known).eq(asked.iter().map(known))
}

/// The values are those that follow from the log, now and at every revision that can be read.
fn check_state(store: &Store, log: &[CommitRecord], record: &Record) -> Result<(), Broken> {
    let floor = store.floor().map_err(|error| Broken::Call("floor", error))?;
    if floor < record.floor {
        return Err(Broken::State);
    }
    let asked: BTreeMap<_, _> =
        record.attempts.iter().map(|attempt| (attempt.name.as_str(), &attempt.changes)).collect();
    let mut state = BTreeMap::new();
    for commit in log {
        for change in asked[commit.actor.as_str()] {
            match change.content.value() {
                Some(value) => state.insert(&change.key, (value, commit.revision)),
                None => state.remove(&change.key),
            };
            if commit.revision < floor {
                continue;
            }
            let found = store.get(&change.key, Some(commit.revision));
            let found = found.map_err(|error| Broken::Call("get", error))?;
            if found.as_ref().map(|entry| entry.value.as_str()) != change.content.value() {
                return Err(Broken::State);
            }
        }
    }
    let listed = store.list("", None).map_err(|error| Broken::Call("list", error))?;
    let listed = listed.iter().map(|entry| (&entry.key, (entry.value.as_str(), entry.revision)));
    if listed.eq(state) { Ok(()) } else { Err(Broken::State) }
}

/// The last acknowledged step of the lease has been kept, and tokens do not start again.
fn check_lease(store: &Store, known: KnownLease) -> Result<(), Broken> {
    let lease = store.lease("l/1").map_err(|error| Broken::Call("lease", error))?;
    let (token, held) = lease.map_or((0, false), |lease| (lease.token, lease.hold.is_some()));
    // A step that failed may have been kept after all.
    let as_known = known.held.is_none_or(|expected| expected == held && token == known.token);
    if token >= known.token && as_known { Ok(()) } else { Err(Broken::Lease(known)) }
}
