//! The versioned state store: keys with every past version (MVCC), optimistic transactions, fenced leases and
//! an audit hash chain, in one SQLite file that several processes may use at once.
//!
//! What it promises
//! - **Strict serializability.** A transaction reads at one revision and commits only if nothing that it
//!   declared as read has changed since; the first committer wins, the other gets [`StoreError::Conflict`].
//!   Commits have one total order, the [`Revision`].
//! - **Durability.** A commit that was acknowledged survives the death of the process, and with
//!   [`Durability::Full`] a power cut too.
//! - **Evidence.** Every commit is linked into a SHA-256 chain ([`chain`] says how); [`Store::verify`]
//!   recomputes it from the stored rows and names the first revision that does not hold.
//! - **History.** Any key can be read at any past revision, and the commits after a revision are listed
//!   without gaps.
//!
//! ```
//! use orchestrator_store::{OpenOptions, Read, Store, Transaction, Write};
//! # fn main() -> Result<(), orchestrator_store::StoreError> {
//! # let folder = tempfile::tempdir().expect("a temporary folder");
//! # let path = folder.path().join("state.db");
//! let store = Store::open(path, OpenOptions::default())?;
//! let committed = store.commit(Transaction {
//!     actor: "commander".into(),
//!     mission: None,
//!     snapshot: store.snapshot()?,
//!     reads: vec![Read::Prefix("task/".into())],
//!     writes: vec![Write::put("task/1", serde_json::json!({ "state": "ready" }))],
//!     fence: None,
//! })?;
//! let task = store.get("task/1", Some(committed.revision))?.expect("it was just written");
//! assert_eq!(task.value, r#"{"state":"ready"}"#);
//! # Ok(())
//! # }
//! ```

mod backup;
mod beside;
pub mod chain;
mod commit;
mod compact;
mod connection;
mod error;
mod key;
mod lease;
mod model;
mod options;
mod read;
mod recover;
mod salvage;
mod schema;
mod store;
mod transfer;
mod turnstile;
mod value;
mod verify;
mod watch;
mod writer;

pub use backup::{Backup, backups};
pub use chain::ChainHash;
pub use compact::Compaction;
pub use error::StoreError;
pub use key::{MAX_KEY_BYTES, MAX_LABEL_BYTES};
pub use lease::{Hold, Lease, LeaseGrant, MAX_HOLDER_BYTES};
pub use model::{
    Change, CommitRecord, Committed, Content, Entry, Fence, Head, Read, Revision, Transaction, Version, Write,
};
pub use options::{Clock, Durability, OpenOptions};
pub use recover::Recovery;
pub use store::Store;
pub use value::{MAX_VALUE_BYTES, MAX_VALUE_DEPTH};
pub use verify::{BadReason, BadRevision, VerifyReport};
pub use watch::WaitId;

pub use commit::{MAX_COMMIT_BYTES, MAX_COMMIT_CHANGES};
