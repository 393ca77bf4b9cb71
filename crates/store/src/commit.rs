//! Committing a transaction: checked first, then validated and appended under the write lock.

use rusqlite::{Connection, OptionalExtension, params};

use crate::chain::CommitHasher;
use crate::writer::Writing;
use crate::{
    Change, Committed, Content, Fence, Head, Read, Revision, Store, StoreError, Transaction, key, lease,
    schema, value,
};

/// The most keys that one transaction may write.
pub const MAX_COMMIT_CHANGES: usize = 10_000;
/// The most bytes that one transaction may write, keys and canonical values together.
pub const MAX_COMMIT_BYTES: usize = 64 * 1024 * 1024;

impl Store {
    /// Commits a transaction, all or nothing, and returns when it is as durable as the store was opened for.
    ///
    /// A transaction without writes takes no revision: its fence and its reads are checked against the newest
    /// commit, whose receipt is returned. It so proves that what it read was still current at that revision.
    ///
    /// Fails with `ERR_FENCED` if the fence's token is not current, with `ERR_CONFLICT` if something in
    /// `reads` has a version newer than `snapshot`, with `ERR_FUTURE_REVISION` if the store has not reached
    /// `snapshot`, with `ERR_TOO_LARGE`, `ERR_INVALID_KEY`, `ERR_INVALID_VALUE` or `ERR_DUPLICATE_WRITE` if
    /// the transaction is not allowed, and with `ERR_BUSY` if another process held the write lock for too
    /// long.
    pub fn commit(&self, transaction: Transaction) -> Result<Committed, StoreError> {
        let prepared = Prepared::new(transaction)?;
        if prepared.changes.is_empty() {
            return self.read(|connection| {
                let head = schema::head(connection)?;
                prepared.validate(connection, &head)?;
                Ok(head.into())
            });
        }
        self.write(move |writing| prepared.commit(writing))
    }

    /// As [`Store::commit`], without blocking: `done` gets the outcome, on another thread. Of two that are
    /// submitted by one thread, the first takes its place first.
    pub fn submit(
        &self,
        transaction: Transaction,
        done: impl FnOnce(Result<Committed, StoreError>) + Send + 'static,
    ) {
        match Prepared::new(transaction) {
            Ok(prepared) => {
                self.submit_write(move |writing| prepared.commit(writing), done);
            }
            Err(error) => done(Err(error)),
        }
    }
}

/// A transaction that keeps every limit, with its values in canonical form: what is left needs the database.
/// Made before the write lock is taken, so that nobody waits for it.
struct Prepared {
    actor: String,
    mission: Option<String>,
    snapshot: Revision,
    reads: Vec<Read>,
    /// In ascending order of keys, each once.
    changes: Vec<Change>,
    fence: Option<Fence>,
}

impl Prepared {
    fn new(transaction: Transaction) -> Result<Self, StoreError> {
        let Transaction { actor, mission, snapshot, reads, writes, fence } = transaction;
        key::check_label("the actor", &actor)?;
        mission.iter().try_for_each(|mission| key::check_label("the mission", mission))?;
        for read in &reads {
            match read {
                Read::Key(key) => key::check_key(key)?,
                Read::Prefix(prefix) => key::check_prefix(prefix)?,
            }
        }
        if writes.len() > MAX_COMMIT_CHANGES {
            let (size, limit) = (writes.len(), MAX_COMMIT_CHANGES);
            return Err(StoreError::TooLarge { what: "the number of writes", size, limit });
        }
        let mut size = 0;
        let mut changes = Vec::with_capacity(writes.len());
        for write in writes {
            key::check_written_key(&write.key)?;
            let content = match write.value {
                Some(value) => Content::Value(value::canonical_value(&write.key, &value)?),
                None => Content::Deleted,
            };
            size += write.key.len() + content.value().map_or(0, str::len);
            if size > MAX_COMMIT_BYTES {
                return Err(StoreError::TooLarge { what: "the transaction", size, limit: MAX_COMMIT_BYTES });
            }
            changes.push(Change { key: write.key, content });
        }
        changes.sort_unstable_by(|left, right| left.key.cmp(&right.key));
        if let Some(pair) = changes.windows(2).find(|pair| pair[0].key == pair[1].key) {
            return Err(StoreError::DuplicateWrite { key: pair[0].key.clone() });
        }
        Ok(Self { actor, mission, snapshot, reads, changes, fence })
    }

    fn commit(&self, writing: &mut Writing<'_>) -> Result<Committed, StoreError> {
        self.validate(writing.connection, &writing.head)?;
        if !self.changes.is_empty() {
            let commit = Appended {
                actor: &self.actor,
                mission: self.mission.as_deref(),
                time_ms: writing.now_ms,
                changes: &self.changes,
            };
            writing.head = append(writing.connection, &writing.head, &commit)?;
        }
        Ok(writing.head.into())
    }

    /// Checks that the transaction may take its place after the newest commit.
    fn validate(&self, connection: &Connection, head: &Head) -> Result<(), StoreError> {
        // Before the conflicts: whoever lost the lease must stop, not retry.
        if let Some(fence) = &self.fence {
            lease::check_fence(connection, &fence.lease, fence.token)?;
        }
        if self.snapshot > head.revision {
            return Err(StoreError::FutureRevision { requested: self.snapshot, head: head.revision });
        }
        if self.snapshot < head.revision {
            let keys = self.changed_reads(connection)?;
            if !keys.is_empty() {
                return Err(StoreError::Conflict { keys });
            }
        }
        Ok(())
    }

    /// The keys among what was read that have a version newer than the snapshot.
    fn changed_reads(&self, connection: &Connection) -> Result<Vec<String>, StoreError> {
        let mut by_key =
            connection.prepare_cached("SELECT 1 FROM versions WHERE key = ?1 AND revision > ?2 LIMIT 1")?;
        // By revision, whatever the planner would prefer: few commits are newer than a snapshot, many keys
        // share a prefix.
        let mut by_prefix = connection.prepare_cached(
            "SELECT DISTINCT key FROM versions INDEXED BY versions_by_revision
             WHERE revision > ?1 AND key >= ?2 AND key < ?3",
        )?;
        let mut keys = Vec::new();
        for read in &self.reads {
            match read {
                Read::Key(key) => {
                    if by_key.query_row(params![key, self.snapshot], |_| Ok(())).optional()?.is_some() {
                        keys.push(key.clone());
                    }
                }
                Read::Prefix(prefix) => {
                    let range = params![self.snapshot, prefix, key::prefix_end(prefix)];
                    for key in by_prefix.query_map(range, |row| row.get(0))? {
                        keys.push(key?);
                    }
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }
}

/// A commit that is about to be written.
pub(crate) struct Appended<'a> {
    pub(crate) actor: &'a str,
    pub(crate) mission: Option<&'a str>,
    pub(crate) time_ms: u64,
    /// In ascending order of keys, each once, and at least one.
    pub(crate) changes: &'a [Change],
}

/// Writes the commit that follows `previous`, and returns the new head, which is still to be written.
pub(crate) fn append(
    connection: &Connection,
    previous: &Head,
    commit: &Appended<'_>,
) -> Result<Head, StoreError> {
    let revision = previous.revision + 1;
    let mut hasher = CommitHasher::new(&previous.hash, commit.actor)?;
    let mut insert = connection
        .prepare_cached("INSERT INTO versions(key, revision, value, sha256) VALUES (?1, ?2, ?3, ?4)")?;
    for change in commit.changes {
        hasher.change(&change.key, &change.content)?;
        let compacted = match &change.content {
            Content::Compacted(hash) => Some(hash),
            Content::Value(_) | Content::Deleted => None,
        };
        insert.execute(params![change.key, revision, change.content.value(), compacted])?;
    }
    let head = hasher.finish(commit.mission, revision, commit.time_ms)?;
    connection
        .prepare_cached(
            "INSERT INTO commits(revision, time_ms, actor, mission, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![revision, commit.time_ms, commit.actor, commit.mission, head.hash])?;
    Ok(head)
}
