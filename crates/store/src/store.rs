//! The open store: a thread that writes, and a pool of connections that read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;

use rusqlite::Connection;

use crate::beside::{Beside, InUse};
use crate::connection::{self, ReaderPool};
use crate::recover;
use crate::schema::{self, FileKind};
use crate::turnstile::Turnstile;
use crate::writer::{Tools, Writer, Writing};
use crate::{Durability, OpenOptions, Revision, StoreError};

/// A store in one SQLite file. Share it between threads by reference; every method blocks until it is done, unless
/// it says otherwise.
///
/// Any number of stores, in this process and in others, may be open on one file. Do not open the file with
/// another copy of SQLite in the same process: on Unix, when one copy closes the file, the other loses its
/// locks.
pub struct Store {
    writer: Writer,
    readers: ReaderPool,
    path: PathBuf,
    in_use: Mutex<Option<InUse>>,
}

impl Store {
    /// Opens the store in the file `path`, creating the file and the folders above it where they do not
    /// exist.
    ///
    /// Fails with `ERR_SCHEMA`, and leaves the file alone, if it is a database of a newer version or of
    /// another program; with `ERR_CORRUPT` if it is no database, its tables are damaged or commits that were
    /// acknowledged are not in it (damage further in is reported when it is read). [`Store::recover`] rebuilds what
    /// can be rebuilt.
    pub fn open(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self, StoreError> {
        // Absolute, because readers are opened later and the working directory may change.
        let path = std::path::absolute(path)?;
        if let Some(folder) = path.parent() {
            connection::create_folders(folder)?;
        }
        let beside = Beside::of(&path)?;
        let in_use = beside.lock_in_use(Instant::now() + options.busy_timeout)?;
        if recover::finished_of(&path).exists() {
            return Err(StoreError::corrupt("its recovery was interrupted"));
        }
        let mut connection = connection::open(&path, &options)?;
        let kind = schema::identify(&mut connection)?;
        if kind == FileKind::Empty {
            schema::prepare_file(&connection)?;
        }
        connection::prepare_writer(&connection, &options)?;
        if kind == FileKind::Empty {
            schema::create(&mut connection)?;
        }
        // The note first: others may be committing.
        let noted = beside.head();
        check_noted(noted, schema::head(&connection)?.revision)?;
        let writer = Writer::start(Tools {
            connection,
            turnstile: Turnstile::open(beside.folder()),
            note: (options.durability == Durability::Full).then(|| beside.note()).transpose()?,
            clock: options.clock.clone(),
            busy_timeout: options.busy_timeout,
        })?;
        Ok(Self {
            writer,
            readers: ReaderPool::new(path.clone(), options),
            path,
            in_use: Mutex::new(Some(in_use)),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the store: later calls fail with `ERR_CLOSED`, writes that wait or are under way are finished first.
    /// Moves the write-ahead log into the main file where no other process needs it. Closing twice is
    /// allowed.
    pub fn close(&self) {
        self.readers.close();
        self.writer.close();
        drop(self.in_use.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Runs `read` on a snapshot of the file.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.readers.read(read)
    }

    /// Runs `write` while holding the write lock of the file, and makes its changes durable if it succeeds.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit_write(write, move |result| {
            let _ = sender.send(result);
        });
        receiver.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// As [`Store::write`], without blocking.
    pub(crate) fn submit_write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) {
        self.writer.submit(write, done);
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

/// The store must not have less than was acknowledged.
fn check_noted(noted: Option<Revision>, head: Revision) -> Result<(), StoreError> {
    match noted {
        Some(noted) if noted > head => {
            let missing = head + 1;
            Err(StoreError::corrupt(format!("the commits {missing} to {noted} are not in it any more")))
        }
        _ => Ok(()),
    }
}
