//! The data that goes in and out of the store.

use serde_json::Value;

use crate::ChainHash;

/// The number of a commit: 1 for the first, each next one greater by one. 0 is the empty store before any
/// commit.
pub type Revision = u64;

/// A key with its value at some revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value, as canonical JSON text.
    pub value: String,
    /// The revision that wrote this value.
    pub revision: Revision,
}

/// What a commit made of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// It set it to this value, as canonical JSON text.
    Value(String),
    /// It deleted it.
    Deleted,
    /// It set it to a value that was compacted away since; this is the hash that stands for it in the chain.
    Compacted(ChainHash),
}

impl Content {
    /// The value as canonical JSON text, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Value(text) => Some(text),
            Self::Deleted | Self::Compacted(_) => None,
        }
    }

    /// What stands for the value in the chain; `None` for a deletion.
    #[must_use]
    pub fn hash(&self) -> Option<ChainHash> {
        match self {
            Self::Value(text) => Some(ChainHash::of_value(text)),
            Self::Deleted => None,
            Self::Compacted(hash) => Some(*hash),
        }
    }
}

/// One version of a key, with the commit that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The commit's revision.
    pub revision: Revision,
    /// What the commit made of the key.
    pub content: Content,
    /// When it was committed, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Who committed it.
    pub actor: String,
    /// For which mission.
    pub mission: Option<String>,
}

/// One key that a commit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key.
    pub key: String,
    /// What the commit made of it (a JSON null is the value `null`).
    pub content: Content,
}

/// A commit as it stands in the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRecord {
    /// Its revision.
    pub revision: Revision,
    /// When it was committed, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Who committed it.
    pub actor: String,
    /// For which mission.
    pub mission: Option<String>,
    /// What it changed, in ascending order of keys.
    pub changes: Vec<Change>,
    /// Its link in the hash chain.
    pub hash: ChainHash,
}

/// Something that a transaction read, and that must not have changed when it commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// One key, whether it existed or not.
    Key(String),
    /// Every key that starts with this text, those that do not exist yet included. The empty prefix is every
    /// key.
    Prefix(String),
}

/// A key to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The key.
    pub key: String,
    /// The new value; `None` deletes the key (deleting one that does not exist is recorded, too).
    pub value: Option<Value>,
}

impl Write {
    /// Sets a key.
    pub fn put(key: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { key: key.into(), value: Some(value.into()) }
    }

    /// Deletes a key.
    pub fn delete(key: impl Into<String>) -> Self {
        Self { key: key.into(), value: None }
    }
}

/// Proof that the committer still holds a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The lease's name.
    pub lease: String,
    /// The token of the grant.
    pub token: u64,
}

/// A change to the store, to be committed as a whole or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// Who makes the change (1 to 512 bytes, no control characters).
    pub actor: String,
    /// For which mission (the same limits).
    pub mission: Option<String>,
    /// The revision at which everything in `reads` was read.
    pub snapshot: Revision,
    /// What the change depends on. A key that is written but not listed here is a blind write: it never
    /// conflicts.
    pub reads: Vec<Read>,
    /// What to change. Each key at most once.
    pub writes: Vec<Write>,
    /// A lease that the committer must still hold.
    pub fence: Option<Fence>,
}

/// The receipt of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The revision that the commit got.
    pub revision: Revision,
    /// Its link in the hash chain.
    pub hash: ChainHash,
}

impl From<Head> for Committed {
    fn from(head: Head) -> Self {
        Self { revision: head.revision, hash: head.hash }
    }
}

/// The newest commit, as it is stored beside the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its revision; 0 while there is none.
    pub revision: Revision,
    /// Its hash; all zeros while there is none.
    pub hash: ChainHash,
}
