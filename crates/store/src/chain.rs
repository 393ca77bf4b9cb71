//! The audit hash chain, described so that anybody can check it with another tool.
//!
//! The hash of the commit with revision *r* is
//!
//! ```text
//! hash(0) = 32 zero bytes
//! hash(r) = SHA-256( hash(r - 1)  ||  body(r) )
//! body(r) = {"actor":A,"changes":[C, C, …],"mission":M,"revision":r,"time":T}
//! C       = {"key":K,"sha256":H}   a key that was set (to any JSON value, null included)
//!         | {"key":K}              a key that was deleted
//! ```
//!
//! `hash(r - 1)` goes in as 32 raw bytes and `body(r)` as the UTF-8 bytes of its canonical JSON (RFC 8785):
//! no white space, members ordered by name, numbers and strings written in one way only. *A* is a string, *M*
//! a string or null, *T* the time in milliseconds since the Unix epoch. *H* is the SHA-256 of the value's
//! canonical JSON text, as 64 lower-case hexadecimal digits: a value stands in the chain by its hash, so that
//! compaction can drop values that nobody reads any more and the chain still verifies. The changes are in
//! ascending order of their keys' UTF-8 bytes, each key once, and there is at least one.
//!
//! In the file, the rows are `commits(revision, time_ms, actor, mission, hash)` and `versions(id, key,
//! revision, value, sha256)`: take the commits by `revision`, and for each its versions by `key`. `value`
//! holds the canonical text; where it is NULL, `sha256` holds *H* of a value that was compacted away, and
//! where that is NULL too, the key was deleted. The row of `head` repeats the revision and the hash of the
//! newest commit.
//!
//! **Compaction is part of the chain.** It commits the key `$compaction` with the value `{"floor":F}`: only
//! values that were replaced or deleted at or before revision *F* may then be gone, and
//! [`Store::verify`](crate::Store::verify) holds it to that. No other commit can write a key that begins with
//! `$`.
//!
//! **Why it is unambiguous.** The first 32 bytes have a fixed length, the rest is one JSON text, and RFC 8785
//! gives different data different texts, so two different commits never hash the same bytes. A deletion
//! leaves the member out, because a stored JSON null has a hash like any value.
//!
//! **What it does not show.** The chain has no secret: whoever can rewrite the whole file can compute a new
//! chain and a new head. To hold against that, keep a head (revision and hash) somewhere else and compare.
//! Leases are not part of it.

use std::fmt;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use sha2::{Digest, Sha256};

use crate::{Content, Head, Revision, StoreError, value};

/// A SHA-256 hash: a link of the chain, or what stands in it for a value. Displayed as 64 lower-case
/// hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// What stands before the first commit.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash that stands for a value in the chain.
    #[must_use]
    pub fn of_value(canonical: &str) -> Self {
        Self(Sha256::digest(canonical).into())
    }

    /// A hash from its 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let valid =
            digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2).filter(|_| valid)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

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

    /// Adds a change. The caller keeps the order of keys.
    pub(crate) fn change(&mut self, key: &str, content: &Content) -> Result<(), StoreError> {
        self.sha.update(self.separator);
        self.separator = ",";
        self.sha.update(format!("{{\"key\":{}", string(key)?));
        if let Some(hash) = content.hash() {
            self.sha.update(format!(",\"sha256\":\"{hash}\""));
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
        hasher.change("a", &Content::Value("{\"x\":null}".into())).unwrap();
        hasher.change("b", &Content::Deleted).unwrap();
        let head = hasher.finish(None, 1, 1_700_000_000_000).unwrap();
        assert_eq!(head.hash.to_string(), "d2dbdbf507ca7db020a86b5cef5e90889dab343aa9ae81f9233cbf10e002c08a");
    }

    #[test]
    fn a_value_hashes_alike_before_and_after_compaction_and_unlike_a_deletion() {
        let hash = |content| {
            let mut hasher = CommitHasher::new(&ChainHash::ZERO, "a").unwrap();
            hasher.change("k", &content).unwrap();
            hasher.finish(Some("m"), 1, 0).unwrap().hash
        };
        let value = hash(Content::Value("null".into()));
        assert_eq!(hash(Content::Compacted(ChainHash::of_value("null"))), value);
        assert_ne!(hash(Content::Deleted), value);
    }
}
