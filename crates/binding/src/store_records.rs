//! What goes in and out of the store: values cross as JSON text.

use napi_derive::napi;
use orchestrator_store::{
    Change, CommitRecord, Compaction, Content, Fence, Read, Recovery, StoreError, Transaction, VerifyReport,
    Version, Write,
};

use crate::failure::BindingFailure;
use crate::lanes::number;

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
    /// The value as canonical JSON; nothing where the key was deleted, or the value compacted away.
    pub value: Option<String>,
    /// The SHA-256 of a value that was compacted away, in hexadecimal.
    pub compacted: Option<String>,
}

/// One version of a key.
#[napi(object)]
pub struct BindingVersion {
    /// Its revision.
    pub revision: f64,
    /// Milliseconds since the Unix epoch.
    pub time_ms: f64,
    /// Who committed.
    pub actor: String,
    /// For which mission.
    pub mission: Option<String>,
    /// The value as canonical JSON; nothing where the key was deleted, or the value compacted away.
    pub value: Option<String>,
    /// The SHA-256 of a value that was compacted away, in hexadecimal.
    pub compacted: Option<String>,
}

/// What a compaction did.
#[napi(object)]
pub struct BindingCompaction {
    /// The oldest revision that can be read.
    pub floor: f64,
    /// How many values were dropped.
    pub dropped: f64,
    /// How many bytes they had.
    pub bytes: f64,
}

/// A backup.
#[napi(object)]
pub struct BindingBackup {
    /// The file.
    pub path: String,
    /// The newest revision in it.
    pub revision: f64,
    /// Its hash, in hexadecimal.
    pub hash: String,
}

/// What a recovery did.
#[napi(object)]
pub struct BindingRecovery {
    /// Where the damaged files are.
    pub set_aside: String,
    /// The backup that was the base.
    pub backup: Option<String>,
    /// How many commits came from it.
    pub from_backup: f64,
    /// The newest revision now.
    pub revision: f64,
    /// The newest that the damaged store is known to have had.
    pub known: Option<f64>,
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

/// A JavaScript number as a counter; what is not one counts as 0.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, which is what is wanted.
pub(crate) fn revision(number: f64) -> u64 {
    number as u64
}

pub(crate) fn entry_of(entry: orchestrator_store::Entry) -> BindingEntry {
    BindingEntry { key: entry.key, value: entry.value, revision: number(entry.revision) }
}

pub(crate) fn commit_of(commit: CommitRecord) -> BindingCommit {
    BindingCommit {
        revision: number(commit.revision),
        time_ms: number(commit.time_ms),
        actor: commit.actor,
        mission: commit.mission,
        changes: commit.changes.into_iter().map(change_of).collect(),
        hash: commit.hash.to_string(),
    }
}

fn change_of(Change { key, content }: Change) -> BindingChange {
    let (value, compacted) = content_of(content);
    BindingChange { key, value, compacted }
}

fn content_of(content: Content) -> (Option<String>, Option<String>) {
    match content {
        Content::Value(text) => (Some(text), None),
        Content::Deleted => (None, None),
        Content::Compacted(hash) => (None, Some(hash.to_string())),
    }
}

pub(crate) fn version_of(version: Version) -> BindingVersion {
    let (value, compacted) = content_of(version.content);
    BindingVersion {
        revision: number(version.revision),
        time_ms: number(version.time_ms),
        actor: version.actor,
        mission: version.mission,
        value,
        compacted,
    }
}

pub(crate) fn compaction_of(done: Compaction) -> BindingCompaction {
    BindingCompaction { floor: number(done.floor), dropped: number(done.dropped), bytes: number(done.bytes) }
}

pub(crate) fn recovery_of(done: Recovery) -> BindingRecovery {
    let text = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    BindingRecovery {
        set_aside: text(done.set_aside),
        backup: done.backup.map(text),
        from_backup: number(done.from_backup),
        revision: number(done.head.revision),
        known: done.known.map(number),
    }
}

pub(crate) fn transaction_of(transaction: BindingTransaction) -> Result<Transaction, BindingFailure> {
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

pub(crate) fn verification_of(report: VerifyReport) -> BindingVerification {
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
