//! The open store: one writing connection behind a mutex, and a pool of reading ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::connection::{self, ReaderPool};
use crate::schema::{self, FileKind};
use crate::{Clock, OpenOptions, StoreError};

/// A store in one SQLite file. Share it between threads by reference; every method blocks until it is done.
///
/// Any number of stores, in this process and in others, may be open on one file. Do not open the file with
/// another copy of SQLite in the same process: on Unix, when one copy closes the file, the other loses its
/// locks.
#[derive(Debug)]
pub struct Store {
    /// `None` once the store is closed.
    writer: Mutex<Option<Connection>>,
    readers: ReaderPool,
    clock: Clock,
}

impl Store {
    /// Opens the store in the file `path`, creating the file and the folders above it where they do not
    /// exist.
    ///
    /// Fails with `ERR_SCHEMA`, and leaves the file alone, if it is a database of a newer version or of
    /// another program; with `ERR_CORRUPT` if it is no database or its tables are damaged (damage further in
    /// is reported when it is read).
    pub fn open(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self, StoreError> {
        // Absolute, because readers are opened later and the working directory may change.
        let path = std::path::absolute(path)?;
        if let Some(folder) = path.parent() {
            create_folders(folder)?;
        }
        let mut writer = connection::open(&path, &options)?;
        let kind = schema::identify(&mut writer)?;
        connection::prepare_writer(&writer, &options)?;
        if kind == FileKind::Empty {
            schema::create(&mut writer)?;
        }
        schema::head(&writer)?;
        let clock = options.clock.clone();
        Ok(Self { writer: Mutex::new(Some(writer)), readers: ReaderPool::new(path, options), clock })
    }

    /// Closes the store: later calls fail with `ERR_CLOSED`, a write that is under way is finished first.
    /// Moves the write-ahead log into the main file where no other process needs it. Closing twice is
    /// allowed.
    pub fn close(&self) -> Result<(), StoreError> {
        self.readers.close();
        let Some(writer) = self.writer().take() else {
            return Ok(());
        };
        // Best effort, without waiting for others: what stays in the log is in the store all the same.
        let _ = writer.busy_timeout(Duration::ZERO);
        let _ = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        writer.close().map_err(|(_, error)| error.into())
    }

    /// Runs `read` on a snapshot of the file.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.read(read)
    }

    /// Runs `write` while holding the write lock of the file, and makes its changes durable if it succeeds.
    /// It gets the time, read under the lock so that times follow the order of commits as far as the clock
    /// does.
    pub(crate) fn write<T>(
        &self,
        write: impl FnOnce(&Connection, u64) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer();
        let connection = writer.as_mut().ok_or(StoreError::Closed)?;
        let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
        let result = write(&transaction, self.clock.now_ms())?;
        transaction.commit()?;
        Ok(result)
    }

    fn writer(&self) -> MutexGuard<'_, Option<Connection>> {
        // A thread that panicked while writing rolled its transaction back as it unwound.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

/// Creates the missing folders and syncs the folder that each lies in: SQLite does that for its files only.
fn create_folders(folder: &Path) -> Result<(), StoreError> {
    let missing: Vec<PathBuf> =
        folder.ancestors().take_while(|ancestor| !ancestor.exists()).map(Path::to_owned).collect();
    fs::create_dir_all(folder)?;
    if cfg!(unix) {
        for parent in missing.iter().filter_map(|folder| folder.parent()) {
            fs::File::open(parent)?.sync_all()?;
        }
    }
    Ok(())
}
