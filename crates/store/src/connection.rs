//! Connections to the file: how each is set up, and the pool of those that only read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::{Durability, OpenOptions, StoreError};

/// How many reading connections are kept for the next reader. More may be open at once; they are closed after
/// use.
const IDLE_READERS: usize = 4;
/// Between two attempts to switch the file to WAL mode.
const WAL_RETRY: Duration = Duration::from_millis(5);
/// More than the number of different statements that one connection runs.
const CACHED_STATEMENTS: usize = 32;

/// What the writing connection keeps of the file: the indexes of a store of some 100,000 versions.
const WRITER_CACHE_KIB: i32 = 16 * 1024;
/// How large the write-ahead log gets before it is moved into the file: 16 MiB. A page that changes often is then moved
/// once for many changes.
const CHECKPOINT_PAGES: i32 = 4096;

/// Opens the file, creating it if it does not exist, and changes nothing in it.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Connection, StoreError> {
    // No SQLITE_OPEN_URI: a path that starts with "file:" is a path like any other.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // The file lies in a project's folder, so somebody else may have made it: nothing stored in it is to be
    // run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    // Damage is noticed when a page is read, not when it has been misunderstood.
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Turns a connection into one that writes: WAL mode, and as many syncs as the durability asks for.
pub(crate) fn prepare_writer(connection: &Connection, options: &OpenOptions) -> Result<(), StoreError> {
    enter_wal_mode(connection, options.busy_timeout)?;
    let full = options.durability == Durability::Full;
    connection.pragma_update(None, "synchronous", if full { "FULL" } else { "NORMAL" })?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    // On macOS a plain fsync leaves the data in the drive's cache; elsewhere these do nothing.
    connection.pragma_update(None, "fullfsync", full)?;
    connection.pragma_update(None, "checkpoint_fullfsync", full)?;
    Ok(())
}

/// A path beside the store: its own with a suffix.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    // Windows does so by itself, and opens no folders.
    if cfg!(unix) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Creates the missing folders and syncs the folder that each lies in: SQLite does that for its files only.
pub(crate) fn create_folders(folder: &Path) -> Result<(), StoreError> {
    let missing: Vec<PathBuf> =
        folder.ancestors().take_while(|ancestor| !ancestor.exists()).map(Path::to_owned).collect();
    std::fs::create_dir_all(folder)?;
    missing.iter().filter_map(|folder| folder.parent()).try_for_each(sync_folder)
}

fn enter_wal_mode(connection: &Connection, timeout: Duration) -> Result<(), StoreError> {
    let deadline = Instant::now() + timeout;
    loop {
        let mode = switch_to_wal(connection).map_err(StoreError::from);
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let detail = format!("write-ahead logging is not possible here (journal mode {mode})");
                return Err(StoreError::Io { detail, sqlite_code: None });
            }
            // Two processes that create one file would wait for each other, so SQLite does not wait at all
            // here.
            Err(StoreError::Busy) if Instant::now() < deadline => thread::sleep(WAL_RETRY),
            Err(error) => return Err(error),
        }
    }
}

/// The journal mode after the attempt. The statement runs to its end: only there the mode is committed, and a failure
/// heard of.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<String> {
    let mut statement = connection.prepare("PRAGMA journal_mode = wal")?;
    let mut rows = statement.query([])?;
    let mut mode = String::new();
    while let Some(row) = rows.next()? {
        mode = row.get(0)?;
    }
    Ok(mode)
}

/// Reading connections, handed out one per reader at a time.
#[derive(Debug)]
pub(crate) struct ReaderPool {
    path: PathBuf,
    options: OpenOptions,
    /// `None` once the pool is closed.
    idle: Mutex<Option<Vec<Connection>>>,
}

impl ReaderPool {
    pub(crate) fn new(path: PathBuf, options: OpenOptions) -> Self {
        Self { path, options, idle: Mutex::new(Some(Vec::new())) }
    }

    /// Runs `read` on a snapshot of the database that no commit changes meanwhile.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().as_mut().ok_or(StoreError::Closed)?.pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.open_reader()?,
        };
        let result = {
            let transaction = connection.transaction()?;
            let result = read(&transaction);
            transaction.finish()?;
            result
        };
        if let Some(idle) = self.idle().as_mut()
            && idle.len() < IDLE_READERS
        {
            idle.push(connection);
        }
        result
    }

    /// Closes the idle connections; those in use close when their reader is done.
    pub(crate) fn close(&self) {
        *self.idle() = None;
    }

    fn open_reader(&self) -> Result<Connection, StoreError> {
        // Not opened read-only: after a crash the first to come has to recover the write-ahead log, reader or
        // not.
        let connection = open(&self.path, &self.options)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }

    fn idle(&self) -> MutexGuard<'_, Option<Vec<Connection>>> {
        // A list of connections is whole whatever a panicking thread was doing.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_durability_syncs_every_commit_and_process_durability_does_not() {
        let folder = tempfile::tempdir().unwrap();
        for (durability, expected) in [(Durability::Full, 2), (Durability::Process, 1)] {
            let options = OpenOptions { durability, ..OpenOptions::default() };
            let connection = open(&folder.path().join("state.db"), &options).unwrap();
            prepare_writer(&connection, &options).unwrap();
            let level: i32 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            assert_eq!((level, mode.as_str()), (expected, "wal"));
        }
    }

    #[test]
    fn a_reading_connection_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let pool = ReaderPool::new(folder.path().join("state.db"), OpenOptions::default());
        let error = pool.read(|connection| Ok(connection.execute_batch("CREATE TABLE t(a)")?)).unwrap_err();
        assert_eq!(error.code(), "ERR_IO");
    }
}
