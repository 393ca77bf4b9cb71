//! The one error type, with a stable code for the other side of the language boundary.

use rusqlite::ErrorCode;

use crate::Revision;

/// Why an operation of the store failed. [`StoreError::code`] is stable; the text is for people.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Something that the transaction read has a version newer than its snapshot. Nothing was written: read
    /// again and retry.
    #[error("the transaction read {} key(s) that have changed since its snapshot", keys.len())]
    Conflict {
        /// The keys that changed, in ascending order, each once.
        keys: Vec<String>,
    },
    /// The fencing token is not the current one of its lease: somebody else holds it, or it was released. Do
    /// not retry.
    #[error("token {token} of lease {lease:?} is no longer current")]
    Fenced {
        /// The lease's name.
        lease: String,
        /// The token that the caller presented.
        token: u64,
        /// The token of the present holder; `None` while nobody holds the lease.
        current: Option<u64>,
    },
    /// The lease is held and has not expired.
    #[error("lease {lease:?} is held until {expires_ms} ms")]
    LeaseHeld {
        /// The lease's name.
        lease: String,
        /// What the holder said of itself when it acquired the lease.
        holder: String,
        /// The holder's token, which a caller that has proved it dead passes to steal the lease.
        token: u64,
        /// When it expires, in milliseconds since the Unix epoch.
        expires_ms: u64,
    },
    /// Another process held the write lock for longer than the busy timeout. Nothing was written.
    #[error("the store is locked by another process")]
    Busy,
    /// The file is not a database, or its pages or rows contradict each other.
    #[error("the store is damaged: {detail}")]
    Corrupt {
        /// What was found.
        detail: String,
    },
    /// The file is a sound database, but not one that this version can use. It was not touched.
    #[error(
        "the file has application id {application_id:#x}, schema {version}; this version reads schema {supported}"
    )]
    Schema {
        /// SQLite's application id as found (0: none).
        application_id: i32,
        /// The schema version as found.
        version: i32,
        /// The schema version that this build reads and writes.
        supported: i32,
    },
    /// A limit was passed.
    #[error("{what} is {size}, the limit is {limit}")]
    TooLarge {
        /// What is too large, in words.
        what: &'static str,
        /// Its size (bytes, or a number of things).
        size: usize,
        /// The limit, in the same unit.
        limit: usize,
    },
    /// A key, prefix, lease name, actor or mission that is not allowed.
    #[error("{key:?} is not a valid key or name: it {reason}")]
    InvalidKey {
        /// The text as given.
        key: String,
        /// What is wrong with it, completing "it …".
        reason: &'static str,
    },
    /// A value that JSON text in its canonical form cannot hold exactly.
    #[error("the value of {key:?} cannot be stored: {reason}")]
    InvalidValue {
        /// The key that it was to be stored under.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A transaction that writes one key twice.
    #[error("the transaction writes {key:?} more than once")]
    DuplicateWrite {
        /// The key.
        key: String,
    },
    /// A revision that this store has not reached: it comes from another store, or from before a restore.
    #[error("revision {requested} is in the future: the head is {head}")]
    FutureRevision {
        /// The revision as given.
        requested: Revision,
        /// The store's newest revision.
        head: Revision,
    },
    /// A revision before the floor of the last compaction: what the store held then cannot be told any more.
    #[error("revision {requested} was compacted away: the oldest that can be read is {floor}")]
    Compacted {
        /// The revision as given.
        requested: Revision,
        /// The oldest revision that can be read.
        floor: Revision,
    },
    /// There is a file where a new store was to be made. It was not touched.
    #[error("{path} exists")]
    Exists {
        /// The file.
        path: String,
    },
    /// The operating system or SQLite failed (disk full, permissions, …). Nothing of the transaction is
    /// visible; only if the failure was in syncing it to the disk may it turn out, after a crash, to have
    /// been kept.
    #[error("{detail}")]
    Io {
        /// What failed.
        detail: String,
        /// SQLite's extended result code, where SQLite reported it.
        sqlite_code: Option<i32>,
    },
    /// The wait was given up.
    #[error("the wait was given up")]
    Cancelled,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// A stable identifier of the kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "ERR_CONFLICT",
            Self::Fenced { .. } => "ERR_FENCED",
            Self::LeaseHeld { .. } => "ERR_LEASE_HELD",
            Self::Busy => "ERR_BUSY",
            Self::Corrupt { .. } => "ERR_CORRUPT",
            Self::Schema { .. } => "ERR_SCHEMA",
            Self::TooLarge { .. } => "ERR_TOO_LARGE",
            Self::InvalidKey { .. } => "ERR_INVALID_KEY",
            Self::InvalidValue { .. } => "ERR_INVALID_VALUE",
            Self::DuplicateWrite { .. } => "ERR_DUPLICATE_WRITE",
            Self::FutureRevision { .. } => "ERR_FUTURE_REVISION",
            Self::Compacted { .. } => "ERR_COMPACTED",
            Self::Exists { .. } => "ERR_EXISTS",
            Self::Io { .. } => "ERR_IO",
            Self::Cancelled => "ERR_CANCELLED",
            Self::Closed => "ERR_CLOSED",
        }
    }

    pub(crate) fn corrupt(detail: impl Into<String>) -> Self {
        Self::Corrupt { detail: detail.into() }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Io { detail: error.to_string(), sqlite_code: None }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let detail = error.to_string();
        match error.sqlite_error() {
            Some(failure) => match failure.code {
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                // The statements never break a constraint of a sound store, so a broken one means that the
                // stored rows contradict the head (a forged commit after it, say).
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation => {
                    Self::Corrupt { detail }
                }
                ErrorCode::SystemIoFailure if !is_io_failure(failure.extended_code) => {
                    Self::Corrupt { detail }
                }
                _ => Self::Io { detail, sqlite_code: Some(failure.extended_code) },
            },
            // What is left is a row of an unexpected shape: a missing row, a wrong type, text that is not
            // UTF-8.
            None => Self::Corrupt { detail },
        }
    }
}

/// Whether an extended result code says that the system could not read or write. That a file ends before it should is
/// a fault of the file.
pub(crate) fn is_io_failure(extended_code: i32) -> bool {
    extended_code & 0xFF == rusqlite::ffi::SQLITE_IOERR
        && extended_code != rusqlite::ffi::SQLITE_IOERR_SHORT_READ
}
