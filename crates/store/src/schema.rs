//! The tables, and how a file is recognised as one of ours.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::{Head, StoreError};

/// "OCOR", in SQLite's header field for what a database file is for.
pub(crate) const APPLICATION_ID: i32 = 0x4F43_4F52;
/// The schema that this build reads and writes, in SQLite's `user_version`.
pub(crate) const SCHEMA_VERSION: i32 = 2;

/// Every object of the schema with its definition. SQLite keeps the text as written, so a schema that
/// somebody has altered (a trigger, a dropped constraint) is recognised by comparing texts.
///
/// `versions.id` keeps the changes of a commit in the order of the log, and makes it an ordinary table: its
/// values are too large for one clustered by its key. There is no table of current values: what is current
/// follows from `versions`, and two copies could disagree. `head.token` is the newest fencing token of any
/// lease.
const OBJECTS: [(&str, &str); 5] = [
    (
        "commits",
        "CREATE TABLE commits(
  revision INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  mission TEXT,
  hash BLOB NOT NULL
) STRICT",
    ),
    (
        "versions",
        "CREATE TABLE versions(
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  revision INTEGER NOT NULL,
  value TEXT,
  sha256 BLOB,
  UNIQUE(key, revision),
  CHECK(value IS NULL OR sha256 IS NULL)
) STRICT",
    ),
    ("versions_by_revision", "CREATE INDEX versions_by_revision ON versions(revision)"),
    (
        "head",
        "CREATE TABLE head(
  only INTEGER PRIMARY KEY CHECK(only = 0),
  revision INTEGER NOT NULL,
  hash BLOB NOT NULL,
  token INTEGER NOT NULL
) STRICT",
    ),
    (
        "leases",
        "CREATE TABLE leases(
  name TEXT PRIMARY KEY,
  token INTEGER NOT NULL,
  holder TEXT,
  expires_ms INTEGER,
  CHECK((holder IS NULL) = (expires_ms IS NULL))
) STRICT, WITHOUT ROWID",
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Nothing is in it yet.
    Empty,
    /// A store with the schema of this build.
    Store,
}

/// Says what the file is, without changing it. A file that is not ours is an error.
pub(crate) fn identify(connection: &mut Connection) -> Result<FileKind, StoreError> {
    // In a transaction, so that a store that another process creates meanwhile is seen whole or not at all.
    identify_in(&connection.transaction()?)
}

/// Sets what can only be set before there is anything in the file: that free pages can be given back.
pub(crate) fn prepare_file(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    Ok(())
}

/// Creates the tables if the file is empty. Several processes may try at once.
pub(crate) fn create(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    if identify_in(&transaction)? == FileKind::Empty {
        for (_, definition) in OBJECTS {
            transaction.execute_batch(definition)?;
        }
        transaction
            .execute("INSERT INTO head(only, revision, hash, token) VALUES (0, 0, zeroblob(32), 0)", [])?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    transaction.commit()?;
    Ok(())
}

/// The newest commit.
pub(crate) fn head(connection: &Connection) -> Result<Head, StoreError> {
    connection
        .prepare_cached("SELECT revision, hash FROM head")?
        .query_row([], |row| Ok(Head { revision: row.get(0)?, hash: row.get(1)? }))
        .optional()?
        .ok_or_else(|| StoreError::corrupt("the record of the newest commit is missing"))
}

/// Writes what the newest commit is.
pub(crate) fn set_head(connection: &Connection, head: &Head) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE head SET revision = ?1, hash = ?2")?
        .execute(rusqlite::params![head.revision, head.hash])?;
    Ok(())
}

fn identify_in(transaction: &Transaction<'_>) -> Result<FileKind, StoreError> {
    let application_id = pragma(transaction, "application_id")?;
    let version = pragma(transaction, "user_version")?;
    let objects = objects(transaction)?;
    if application_id == 0 && version == 0 && objects.is_empty() {
        return Ok(FileKind::Empty);
    }
    if application_id != APPLICATION_ID || version != SCHEMA_VERSION {
        return Err(StoreError::Schema { application_id, version, supported: SCHEMA_VERSION });
    }
    let mut expected = OBJECTS.map(|(name, definition)| (name.to_owned(), definition.to_owned()));
    expected.sort();
    if objects != expected {
        return Err(StoreError::corrupt("the tables are not the ones that this schema version has"));
    }
    Ok(FileKind::Store)
}

fn pragma(connection: &Connection, name: &str) -> Result<i32, StoreError> {
    Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
}

/// The objects of the file in order of name, without those that SQLite makes by itself (they have no text).
fn objects(connection: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
