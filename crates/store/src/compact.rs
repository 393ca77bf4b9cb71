//! Compaction: dropping values that were replaced long ago, so that the file does not grow for ever.
//!
//! What remains of a dropped value is its hash, which is what the chain holds of it: who changed which key,
//! when and for which mission stays in the audit log, and the chain verifies as before. A compaction moves the
//! *floor*, the oldest revision that can be read, by a commit of the store's own key [`KEY`]; then it drops, in
//! small transactions between those of others, each value that was replaced or deleted at or before the floor.
//! One that is interrupted is finished by the next.

use rusqlite::{Connection, OptionalExtension, params};

use crate::commit::{Appended, append};
use crate::writer::Writing;
use crate::{ChainHash, Change, Content, Revision, Store, StoreError, key};

/// The key under which the floor is committed.
pub(crate) const KEY: &str = "$compaction";
/// How many values one transaction drops: others wait no longer than that takes.
const BATCH: usize = 500;
/// How many free pages one transaction gives back to the file system.
const VACUUM_PAGES: usize = 1_000;

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compaction {
    /// The oldest revision that can be read from now on.
    pub floor: Revision,
    /// How many values were dropped.
    pub dropped: u64,
    /// How many bytes of canonical JSON they had.
    pub bytes: u64,
}

impl Store {
    /// Drops all values that no read at `floor` or later can see, and gives their space back to the file
    /// system. A floor that is not above the present one only finishes what was interrupted.
    ///
    /// Fails with `ERR_FUTURE_REVISION` if the store has not reached `floor`.
    pub fn compact(&self, floor: Revision, actor: &str) -> Result<Compaction, StoreError> {
        key::check_label("the actor", actor)?;
        let actor = actor.to_owned();
        let floor = self.write(move |writing| raise(writing, floor, &actor))?;
        let mut done = Compaction { floor, dropped: 0, bytes: 0 };
        let mut from = (String::new(), 0);
        loop {
            let (dropped, bytes, next) =
                self.write(move |writing| drop_batch(writing.connection, floor, &from))?;
            done.dropped += dropped;
            done.bytes += bytes;
            match next {
                Some(next) => from = next,
                None => break,
            }
        }
        while self.write(|writing| vacuum_some(writing.connection))? {}
        Ok(done)
    }

    /// The oldest revision that can be read.
    pub fn floor(&self) -> Result<Revision, StoreError> {
        self.read(floor)
    }
}

/// The oldest revision that can be read.
pub(crate) fn floor(connection: &Connection) -> Result<Revision, StoreError> {
    let value: Option<Option<String>> = connection
        .prepare_cached("SELECT value FROM versions WHERE key = ?1 ORDER BY revision DESC LIMIT 1")?
        .query_row([KEY], |row| row.get(0))
        .optional()?;
    let Some(text) = value else { return Ok(0) };
    let parsed: Option<serde_json::Value> = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
    parsed
        .and_then(|value| value.get("floor")?.as_u64())
        .ok_or_else(|| StoreError::corrupt("the record of the last compaction cannot be read"))
}

/// Whether a version may have lost its value in a compaction up to `floor`.
pub(crate) fn is_due(
    connection: &Connection,
    key: &str,
    revision: Revision,
    floor: Revision,
) -> Result<bool, StoreError> {
    let replaced = connection
        .prepare_cached("SELECT 1 FROM versions WHERE key = ?1 AND revision > ?2 AND revision <= ?3 LIMIT 1")?
        .query_row(params![key, revision, floor], |_| Ok(()))
        .optional()?;
    Ok(replaced.is_some())
}

fn raise(writing: &mut Writing<'_>, requested: Revision, actor: &str) -> Result<Revision, StoreError> {
    let head = writing.head.revision;
    if requested > head {
        return Err(StoreError::FutureRevision { requested, head });
    }
    let present = floor(writing.connection)?;
    if requested <= present {
        return Ok(present);
    }
    let content = Content::Value(format!("{{\"floor\":{requested}}}"));
    let changes = [Change { key: KEY.into(), content }];
    let commit = Appended { actor, mission: None, time_ms: writing.now_ms, changes: &changes };
    writing.head = append(writing.connection, &writing.head, &commit)?;
    Ok(requested)
}

/// The place of a version in the order of keys and revisions.
type Place = (String, Revision);

/// Drops values behind `from`; answers how many, how many bytes they had, and where to go on.
fn drop_batch(
    connection: &Connection,
    floor: Revision,
    from: &Place,
) -> Result<(u64, u64, Option<Place>), StoreError> {
    // The version of a key that the floor sees stays; what is before it goes.
    let mut find = connection.prepare_cached(
        "SELECT id, key, revision, value FROM versions
         WHERE (key, revision) > (?1, ?2) AND revision < ?3 AND value IS NOT NULL
           AND EXISTS (SELECT 1 FROM versions AS newer WHERE newer.key = versions.key
                       AND newer.revision > versions.revision AND newer.revision <= ?3)
         ORDER BY key, revision LIMIT ?4",
    )?;
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    let rows = find.query_map(params![from.0, from.1, floor, limit], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get::<_, String>(3)?))
    })?;
    let found = rows.collect::<Result<Vec<_>, _>>()?;
    let mut drop_value =
        connection.prepare_cached("UPDATE versions SET value = NULL, sha256 = ?2 WHERE id = ?1")?;
    let mut bytes = 0;
    for (id, _, _, value) in &found {
        bytes += value.len() as u64;
        drop_value.execute(params![id, ChainHash::of_value(value)])?;
    }
    let dropped = found.len() as u64;
    let next = if found.len() < BATCH { None } else { found.into_iter().last() };
    Ok((dropped, bytes, next.map(|(_, key, revision, _)| (key, revision))))
}

/// Gives free pages back to the file system; whether some are left.
fn vacuum_some(connection: &Connection) -> Result<bool, StoreError> {
    let mut vacuum = connection.prepare_cached(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
    let mut steps = vacuum.query([])?;
    while steps.next()?.is_some() {}
    let left: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    Ok(left > 0)
}
