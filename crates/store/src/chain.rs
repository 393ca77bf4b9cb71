//! The audit hash chain, described so that anybody can check it with another tool.
//!
//! The hash of the commit with revision *r* is
//!
//! ```text
//! hash(0) = 32 zero bytes
//! hash(r) = SHA-256( hash(r - 1)  ||  body(r) )
//! body(r) = {"actor":A,"changes":[C, C, …],"mission":M,"revision":r,"time":T}
//! C       = {"key":K,"value":V}   a key that was set to V (any JSON value, null included)
//!         | {"key":K}             a key that was deleted
//! ```
//!
//! `hash(r - 1)` goes in as 32 raw bytes and `body(r)` as the UTF-8 bytes of its canonical JSON (RFC 8785):
//! no white space, members ordered by name, numbers and strings written in one way only. *A* is a string, *M*
//! a string or null, *T* the time in milliseconds since the Unix epoch. The changes are in ascending order of
//! their keys' UTF-8 bytes, each key once, and there is at least one.
//!
//! In the file, the rows are `commits(revision, time_ms, actor, mission, hash)` and `versions(id, key,
//! revision, value)`: take the commits by `revision`, and for each its versions by `key`; `value` holds *V*
//! as canonical text, and SQL NULL is a deletion. The row of `head` repeats the revision and the hash of the
//! newest commit.
//!
//! **Why it is unambiguous.** The first 32 bytes have a fixed length, the rest is one JSON text, and RFC 8785
//! gives different data different texts, so two different commits never hash the same bytes. That rests on
//! two conditions, which [`Store::verify`](crate::Store::verify) checks beside the hash: every stored value
//! is by itself a canonical JSON text (else a value `1},{"key":"b","value":2` could stand for two changes),
//! and the keys are in ascending order. A deletion leaves the member out, because `"value":null` is what a
//! stored JSON null gives.
//!
//! **What it does not show.** The chain has no secret: whoever can rewrite the whole file can compute a new
//! chain and a new head. To hold against that, keep a head (revision and hash) somewhere else and compare.
//! Leases are not part of it.

use std::fmt;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use sha2::{Digest, Sha256};

use crate::{Head, Revision, StoreError, value};

/// A link of the chain: a SHA-256 hash. Displayed as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// What stands before the first commit.
    pub const ZERO: Self = Self([0; 32]);

    /// A hash from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash as bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromSql for ChainHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}

impl ToSql for ChainHash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// Hashes one commit, change by change, so that a commit never has to be in memory as a whole.
///
/// The members of `body` happen to sort so that the changes come before everything but the actor.
pub(crate) struct CommitHasher {
    sha: Sha256,
    separator: &'static str,
}

impl CommitHasher {
    pub(crate) fn new(previous: &ChainHash, actor: &str) -> Result<Self, StoreError> {
        let mut sha = Sha256::new();
        sha.update(previous.0);
        sha.update(format!("{{\"actor\":{},\"changes\":[", string(actor)?));
        Ok(Self { sha, separator: "" })
    }

    /// Adds a change. The caller keeps the order of keys, and `value` must be canonical JSON text.
    pub(crate) fn change(&mut self, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.sha.update(self.separator);
        self.separator = ",";
        self.sha.update(format!("{{\"key\":{}", string(key)?));
        if let Some(text) = value {
            self.sha.update(",\"value\":");
            self.sha.update(text);
        }
        self.sha.update("}");
        Ok(())
    }

    pub(crate) fn finish(
        mut self,
        mission: Option<&str>,
        revision: Revision,
        time_ms: u64,
    ) -> Result<Head, StoreError> {
        let mission = mission.map_or_else(|| Ok("null".into()), string)?;
        self.sha.update(format!("],\"mission\":{mission},\"revision\":{revision},\"time\":{time_ms}}}"));
        Ok(Head { revision, hash: ChainHash(self.sha.finalize().into()) })
    }
}

fn string(text: &str) -> Result<String, StoreError> {
    value::canonical_string(text).map_err(|reason| StoreError::InvalidValue { key: text.into(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_hashes_to_what_sha256sum_says() {
        let mut hasher = CommitHasher::new(&ChainHash::ZERO, "worker \"1\"").unwrap();
        hasher.change("a", Some("{\"x\":null}")).unwrap();
        hasher.change("b", None).unwrap();
        let head = hasher.finish(None, 1, 1_700_000_000_000).unwrap();
        assert_eq!(head.hash.to_string(), "71fe4239fb7418c22f6a7bad06e3d504ff4b3711eadf45309b564bae00217100");
    }

    #[test]
    fn deleting_a_key_and_storing_null_hash_differently() {
        let hash = |value| {
            let mut hasher = CommitHasher::new(&ChainHash::ZERO, "a").unwrap();
            hasher.change("k", value).unwrap();
            hasher.finish(Some("m"), 1, 0).unwrap().hash
        };
        assert_ne!(hash(None), hash(Some("null")));
    }
}
