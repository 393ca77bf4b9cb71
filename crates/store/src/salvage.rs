//! Reading what is left in a damaged store.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use crate::read::{changes, content};
use crate::{Change, CommitRecord, Revision, StoreError};

/// A damaged store, of which some pages can be read and others cannot. Nothing that it gives is to be believed
/// before the chain has confirmed it.
pub(crate) struct Salvage {
    connection: Connection,
    /// The changes by revision, read from the table without its indexes.
    scanned: BTreeMap<Revision, BTreeMap<i64, Change>>,
}

/// A row of the leases.
pub(crate) struct SalvagedLease {
    pub(crate) name: String,
    pub(crate) token: u64,
    pub(crate) holder: Option<String>,
    pub(crate) expires_ms: Option<u64>,
}

impl Salvage {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        let mut scanned = BTreeMap::new();
        // From both ends to the first page that cannot be read: rows behind it are found from the other side.
        for order in ["ASC", "DESC"] {
            let _ = scan(&connection, order, &mut scanned);
        }
        Ok(Self { connection, scanned })
    }

    /// The commit as far as it can be read.
    pub(crate) fn commit(&self, revision: Revision) -> Option<CommitRecord> {
        let mut commit = self
            .connection
            .query_row(
                "SELECT time_ms, actor, mission, hash FROM commits WHERE revision = ?1",
                [revision],
                |row| {
                    Ok(CommitRecord {
                        revision,
                        time_ms: row.get(0)?,
                        actor: row.get(1)?,
                        mission: row.get(2)?,
                        changes: Vec::new(),
                        hash: row.get(3)?,
                    })
                },
            )
            .optional()
            .ok()??;
        commit.changes = match self.scanned.get(&revision) {
            Some(rows) => rows.values().cloned().collect(),
            None => changes(&self.connection, revision).ok()?,
        };
        // A commit has changes, and they have an order.
        commit.changes.sort_by(|a, b| a.key.cmp(&b.key));
        (!commit.changes.is_empty()).then_some(commit)
    }

    /// The leases, if they can be read.
    pub(crate) fn leases(&self) -> Vec<SalvagedLease> {
        let read = || -> rusqlite::Result<Vec<SalvagedLease>> {
            let mut statement =
                self.connection.prepare("SELECT name, token, holder, expires_ms FROM leases")?;
            let rows = statement.query_map([], |row| {
                Ok(SalvagedLease {
                    name: row.get(0)?,
                    token: row.get(1)?,
                    holder: row.get(2)?,
                    expires_ms: row.get(3)?,
                })
            })?;
            rows.collect()
        };
        read().unwrap_or_default()
    }

    /// The newest fencing token, if it can be read.
    pub(crate) fn token(&self) -> u64 {
        self.connection.query_row("SELECT token FROM head", [], |row| row.get(0)).unwrap_or(0)
    }
}

fn scan(
    connection: &Connection,
    order: &str,
    into: &mut BTreeMap<Revision, BTreeMap<i64, Change>>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!(
        "SELECT id, revision, key, value, sha256 FROM versions NOT INDEXED ORDER BY id {order}"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, revision): (i64, Revision) = (row.get(0)?, row.get(1)?);
        let change = Change { key: row.get(2)?, content: content(row, 3)? };
        if into.entry(revision).or_default().insert(id, change).is_some() && order == "DESC" {
            // From here on, the first pass has been.
            return Ok(());
        }
    }
    Ok(())
}
