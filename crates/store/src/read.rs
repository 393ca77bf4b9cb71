//! Reading: keys at a revision, their history, and the log of commits.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    ChainHash, Change, CommitRecord, Content, Entry, Revision, Store, StoreError, Version, compact, key,
    schema,
};

impl Store {
    /// The newest revision: what a transaction that starts now reads at. 0 before the first commit.
    pub fn snapshot(&self) -> Result<Revision, StoreError> {
        self.read(|connection| Ok(schema::head(connection)?.revision))
    }

    /// The value of `key` at a revision (`None`: the newest); `None` if it did not exist there.
    ///
    /// Fails with `ERR_FUTURE_REVISION` if the store has not reached the revision, and with `ERR_COMPACTED` if
    /// it is before the floor of a compaction.
    pub fn get(&self, key: &str, at: Option<Revision>) -> Result<Option<Entry>, StoreError> {
        key::check_key(key)?;
        self.read(|connection| {
            let at = resolve(connection, at)?;
            let found = connection
                .prepare_cached(
                    "SELECT revision, value FROM versions WHERE key = ?1 AND revision <= ?2
                     ORDER BY revision DESC LIMIT 1",
                )?
                .query_row(params![key, at], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            Ok(found.and_then(|(revision, value): (_, Option<String>)| {
                value.map(|value| Entry { key: key.to_owned(), value, revision })
            }))
        })
    }

    /// The keys that start with `prefix` (empty: all) and exist at a revision (`None`: the newest), in
    /// ascending order of their UTF-8 bytes.
    ///
    /// The cost grows with the number of keys under the prefix that ever existed, not with the number of
    /// their versions. Fails as [`Store::get`].
    pub fn list(&self, prefix: &str, at: Option<Revision>) -> Result<Vec<Entry>, StoreError> {
        key::check_prefix(prefix)?;
        self.read(|connection| {
            let at = resolve(connection, at)?;
            // Leaps from key to key by the index; a GROUP BY would walk over every version.
            let mut statement = connection.prepare_cached(
                "WITH RECURSIVE keys(key) AS (
                   SELECT min(key) FROM versions WHERE key >= ?1 AND key < ?2
                   UNION ALL
                   SELECT (SELECT min(key) FROM versions WHERE key > keys.key AND key < ?2)
                   FROM keys WHERE keys.key IS NOT NULL
                 )
                 SELECT versions.key, versions.value, versions.revision
                 FROM keys CROSS JOIN versions ON versions.key = keys.key AND versions.revision =
                   (SELECT max(revision) FROM versions WHERE key = keys.key AND revision <= ?3)
                 WHERE versions.value IS NOT NULL",
            )?;
            let rows = statement.query_map(params![prefix, key::prefix_end(prefix), at], |row| {
                Ok(Entry { key: row.get(0)?, value: row.get(1)?, revision: row.get(2)? })
            })?;
            let mut entries = rows.collect::<Result<Vec<_>, _>>()?;
            // They come in order, but SQL does not promise it. On sorted input this is one pass.
            entries.sort_by(|left, right| left.key.cmp(&right.key));
            Ok(entries)
        })
    }

    /// The versions of `key`, newest first, deletions included; at most `limit`.
    pub fn history(&self, key: &str, limit: usize) -> Result<Vec<Version>, StoreError> {
        key::check_key(key)?;
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT revision, time_ms, actor, mission, value, sha256
                 FROM versions JOIN commits USING (revision) WHERE key = ?1 ORDER BY revision DESC LIMIT ?2",
            )?;
            let rows = statement.query_map(params![key, sql_limit(limit)], |row| {
                Ok(Version {
                    revision: row.get(0)?,
                    time_ms: row.get(1)?,
                    actor: row.get(2)?,
                    mission: row.get(3)?,
                    content: content(row, 4)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The commits after `revision`, oldest first and without a gap; at most `limit`.
    ///
    /// Values that were compacted away are so in the answer. To watch, call it again with the last revision
    /// received. Fails with `ERR_FUTURE_REVISION` if the store
    /// has not reached `revision` (it was restored from a backup, say), and with `ERR_CORRUPT` if a commit is
    /// missing.
    pub fn commits_since(&self, revision: Revision, limit: usize) -> Result<Vec<CommitRecord>, StoreError> {
        self.read(|connection| {
            let head = schema::head(connection)?.revision;
            if revision > head {
                return Err(StoreError::FutureRevision { requested: revision, head });
            }
            let mut statement = connection.prepare_cached(
                "SELECT revision, time_ms, actor, mission, hash FROM commits
                 WHERE revision > ?1 ORDER BY revision LIMIT ?2",
            )?;
            let rows = statement.query_map(params![revision, sql_limit(limit)], |row| {
                Ok(CommitRecord {
                    revision: row.get(0)?,
                    time_ms: row.get(1)?,
                    actor: row.get(2)?,
                    mission: row.get(3)?,
                    changes: Vec::new(),
                    hash: row.get(4)?,
                })
            })?;
            let mut commits = Vec::new();
            for (expected, row) in (revision + 1..).zip(rows) {
                let mut commit = row?;
                if commit.revision != expected {
                    return Err(StoreError::corrupt(format!("commit {expected} is missing")));
                }
                commit.changes = changes(connection, expected)?;
                commits.push(commit);
            }
            Ok(commits)
        })
    }
}

/// The revision to read at.
fn resolve(connection: &Connection, at: Option<Revision>) -> Result<Revision, StoreError> {
    let head = schema::head(connection)?.revision;
    match at {
        Some(requested) if requested > head => Err(StoreError::FutureRevision { requested, head }),
        Some(requested) if requested < head => {
            let floor = compact::floor(connection)?;
            if requested < floor { Err(StoreError::Compacted { requested, floor }) } else { Ok(requested) }
        }
        _ => Ok(head),
    }
}

/// What a commit changed, in order of keys.
pub(crate) fn changes(connection: &Connection, revision: Revision) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT key, value, sha256 FROM versions WHERE revision = ?1 ORDER BY id")?;
    let rows =
        statement.query_map([revision], |row| Ok(Change { key: row.get(0)?, content: content(row, 1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What a version holds, in the columns `value` and `sha256` from `column` on.
pub(crate) fn content(row: &Row<'_>, column: usize) -> rusqlite::Result<Content> {
    if let Some(text) = row.get(column)? {
        return Ok(Content::Value(text));
    }
    let compacted: Option<ChainHash> = row.get(column + 1)?;
    Ok(compacted.map_or(Content::Deleted, Content::Compacted))
}

/// SQLite counts in signed 64-bit integers; more rows than that there are not.
fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
