//! Verification: the whole chain, recomputed from what is stored.

use std::fmt;

use rusqlite::{Connection, ErrorCode, Row, Rows};

use crate::chain::CommitHasher;
use crate::error::is_io_failure;
use crate::{ChainHash, Content, Head, Revision, Store, StoreError, compact, read, schema};

/// How many lines of SQLite's own findings are kept: the first few say what is wrong.
const MAX_DAMAGE_LINES: usize = 10;

/// What [`Store::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Whether every commit holds, the newest is the stored head, and the file is sound.
    pub ok: bool,
    /// How many commits hold: all, or those before the first bad one.
    pub commits: u64,
    /// The head as stored. Compare it with one that you have kept elsewhere.
    pub head: Head,
    /// The lowest revision that does not hold.
    pub first_bad: Option<BadRevision>,
    /// What SQLite's integrity check says of the file, at most 10 lines; empty if it is sound.
    pub damage: Vec<String>,
}

/// A revision that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRevision {
    /// The revision. Changes with a negative one are reported as 0.
    pub revision: Revision,
    /// Why it does not hold.
    pub reason: BadReason,
}

/// Why a revision does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadReason {
    /// There is no such commit, though there are later ones.
    Missing,
    /// There is no such commit nor a later one, though the stored head says so.
    Truncated,
    /// There is such a commit, but the stored head is before it.
    BeyondHead,
    /// It is the newest commit and holds, but the stored head has another hash.
    HeadMismatch,
    /// The stored hash does not follow from the rows and the hash before.
    HashMismatch,
    /// There are changed keys, but no commit.
    Orphaned,
    /// The value of this key is gone, and no compaction can have dropped it.
    ValueMissing {
        /// The key.
        key: String,
    },
    /// A row that no commit could have written: what is wrong with it.
    Malformed(String),
}

impl fmt::Display for BadReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Missing => "the commit is missing",
            Self::Truncated => "the commit is missing at the end of the log",
            Self::BeyondHead => "the commit is newer than the stored head",
            Self::HeadMismatch => "the stored head has another hash",
            Self::HashMismatch => "the stored hash does not follow from the stored rows",
            Self::Orphaned => "there are changes that belong to no commit",
            Self::ValueMissing { key } => {
                return write!(
                    formatter,
                    "the value of {key:?} is gone, and no compaction can have dropped it"
                );
            }
            Self::Malformed(detail) => detail,
        };
        formatter.write_str(text)
    }
}

impl Store {
    /// Checks the whole store on one snapshot: every hash recomputed from the stored rows, every version
    /// accounted for, the newest commit against the stored head, and the pages and indexes of the file.
    /// Others may go on committing.
    ///
    /// Reads everything once, row by row; memory is needed for one value at a time. Findings are in the
    /// report; an error means that the check could not be made (`ERR_CORRUPT` where not even the head can be
    /// read).
    pub fn verify(&self) -> Result<VerifyReport, StoreError> {
        self.read(verify)
    }
}

/// Checks all that a connection sees.
pub(crate) fn verify(connection: &Connection) -> Result<VerifyReport, StoreError> {
    let head = schema::head(connection)?;
    let mut damage = damage(connection)?;
    let (mut commits, mut first_bad) = walk(connection, &head)?;
    match orphaned(connection, first_bad.as_ref()) {
        Ok(None) => {}
        Ok(Some(revision)) => {
            first_bad = Some(BadRevision { revision, reason: BadReason::Orphaned });
            commits = commits.min(revision.saturating_sub(1));
        }
        Err(StoreError::Corrupt { detail }) => damage.push(detail),
        Err(error) => return Err(error),
    }
    let ok = first_bad.is_none() && damage.is_empty();
    Ok(VerifyReport { ok, commits, head, first_bad, damage })
}

/// What stops the check of one commit.
enum Fault {
    Bad(BadReason),
    Failed(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // A row of the wrong shape, or on a broken page: this revision's own fault.
            None | Some(ErrorCode::DatabaseCorrupt) => Self::Bad(BadReason::Malformed(error.to_string())),
            Some(_) => Self::Failed(error.into()),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Follows the chain from the start to the first commit that does not hold. Returns how many hold.
fn walk(connection: &Connection, head: &Head) -> Result<(u64, Option<BadRevision>), StoreError> {
    let mut statement = connection
        .prepare("SELECT revision, time_ms, actor, mission, hash FROM commits ORDER BY revision")?;
    let mut rows = statement.query([])?;
    let mut last = Head { revision: 0, hash: ChainHash::ZERO };
    // Its own commit is verified with the others.
    let floor = compact::floor(connection)?;
    let bad = |holding: Revision, revision: Revision, reason: BadReason| {
        Ok((holding, Some(BadRevision { revision, reason })))
    };
    loop {
        match next_commit(connection, &mut rows, &last, head, floor) {
            Ok(Some(commit)) => last = commit,
            Ok(None) if last.revision < head.revision => {
                return bad(last.revision, last.revision + 1, BadReason::Truncated);
            }
            Ok(None) if last.hash != head.hash => {
                return bad(last.revision, last.revision, BadReason::HeadMismatch);
            }
            Ok(None) => return Ok((last.revision, None)),
            Err(Fault::Bad(reason)) => return bad(last.revision, last.revision + 1, reason),
            Err(Fault::Failed(error)) => return Err(error),
        }
    }
}

/// Checks the commit after `last`; `None` if there is none.
fn next_commit(
    connection: &Connection,
    rows: &mut Rows<'_>,
    last: &Head,
    head: &Head,
    floor: Revision,
) -> Result<Option<Head>, Fault> {
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let expected = last.revision + 1;
    let found: i64 = row.get(0)?;
    match u64::try_from(found) {
        Ok(revision) if revision == expected => {}
        Ok(revision) if revision > expected => return Err(Fault::Bad(BadReason::Missing)),
        // The rows come in order, so this can only be the very first.
        _ => {
            return Err(Fault::Bad(BadReason::Malformed(format!(
                "there is a commit with revision {found} before it"
            ))));
        }
    }
    if expected > head.revision {
        return Err(Fault::Bad(BadReason::BeyondHead));
    }
    let hash = check_commit(connection, row, &last.hash, expected, floor)?;
    Ok(Some(Head { revision: expected, hash }))
}

/// Recomputes one commit from its rows.
fn check_commit(
    connection: &Connection,
    row: &Row<'_>,
    previous: &ChainHash,
    revision: Revision,
    floor: Revision,
) -> Result<ChainHash, Fault> {
    let malformed = |detail: &str| Err(Fault::Bad(BadReason::Malformed(detail.into())));
    let (time_ms, actor, mission): (u64, String, Option<String>) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let stored: ChainHash = row.get(4)?;
    let mut hasher = CommitHasher::new(previous, &actor)?;
    let mut last_key = String::new();
    let mut statement = connection
        .prepare_cached("SELECT key, value, sha256 FROM versions WHERE revision = ?1 ORDER BY id")?;
    let mut changes = statement.query([revision])?;
    while let Some(change) = changes.next()? {
        let key: String = change.get(0)?;
        // No key is empty, so this also refuses an empty first one.
        if key <= last_key {
            return malformed("the changed keys are not in ascending order");
        }
        let content = read::content(change, 1)?;
        if matches!(content, Content::Compacted(_)) && !compact::is_due(connection, &key, revision, floor)? {
            return Err(Fault::Bad(BadReason::ValueMissing { key }));
        }
        hasher.change(&key, &content)?;
        last_key = key;
    }
    if last_key.is_empty() {
        return malformed("the commit changes nothing");
    }
    let computed = hasher.finish(mission.as_deref(), revision, time_ms)?.hash;
    if computed == stored { Ok(computed) } else { Err(Fault::Bad(BadReason::HashMismatch)) }
}

/// The lowest revision before the first bad one that has versions but no commit.
fn orphaned(
    connection: &Connection,
    first_bad: Option<&BadRevision>,
) -> Result<Option<Revision>, StoreError> {
    let limit = first_bad.map_or(i64::MAX, |bad| i64::try_from(bad.revision).unwrap_or(i64::MAX));
    let lowest: Option<i64> = connection.query_row(
        "SELECT min(revision) FROM versions
         WHERE revision < ?1 AND NOT EXISTS (SELECT 1 FROM commits WHERE commits.revision = versions.revision)",
        [limit],
        |row| row.get(0),
    )?;
    Ok(lowest.map(|revision| u64::try_from(revision).unwrap_or(0)))
}

/// What SQLite finds wrong with the file's pages and indexes.
fn damage(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let check = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(&format!("PRAGMA integrity_check({MAX_DAMAGE_LINES})"))?;
        let lines = statement.query_map([], |row| row.get(0))?;
        lines.collect()
    };
    // A page that could not be read for a moment is reported like one that is wrong: damage is what is found twice.
    let found = match check() {
        Ok(lines) if lines != ["ok"] => check(),
        first => first,
    };
    match found.map_err(StoreError::from) {
        Ok(lines) if lines == ["ok"] => Ok(Vec::new()),
        Ok(lines) => match lines.iter().find_map(|line| failed_read(line)) {
            Some(code) => Err(StoreError::Io { detail: lines.join("; "), sqlite_code: Some(code) }),
            None => Ok(lines),
        },
        // A file too broken for the check is a finding like any other.
        Err(StoreError::Corrupt { detail }) => Ok(vec![detail]),
        Err(error) => Err(error),
    }
}

/// The code of the read that failed, if a line of the integrity check is about one: that the disk could not be read
/// says nothing of the file, and what other lines say may follow from it.
fn failed_read(line: &str) -> Option<i32> {
    let (_, rest) = line.split_once("error code=")?;
    let digits = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|&code| is_io_failure(code))
}
