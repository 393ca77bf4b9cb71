//! What lies beside the store's file: locks, and a note of the newest commit.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::connection::{beside, create_folders};
use crate::turnstile::lock_file;
use crate::{Revision, StoreError};

const PAUSE: Duration = Duration::from_millis(5);

/// The folder `<file>-locks`.
#[derive(Debug)]
pub(crate) struct Beside {
    folder: PathBuf,
}

/// Held as long as a store is open.
#[derive(Debug)]
pub(crate) struct InUse {
    _lock: Option<File>,
}

impl Beside {
    pub(crate) fn of(path: &Path) -> Result<Self, StoreError> {
        let folder = beside(path, "-locks");
        create_folders(&folder)?;
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Says that the store is in use. Waits for who rebuilds it.
    pub(crate) fn lock_in_use(&self, deadline: Instant) -> Result<InUse, StoreError> {
        self.lock(deadline, File::try_lock_shared)
    }

    /// Makes sure that nobody uses the store.
    pub(crate) fn lock_alone(&self, deadline: Instant) -> Result<InUse, StoreError> {
        self.lock(deadline, File::try_lock)
    }

    fn lock(
        &self,
        deadline: Instant,
        attempt: impl Fn(&File) -> Result<(), TryLockError>,
    ) -> Result<InUse, StoreError> {
        let file = lock_file(&self.folder, "open")?;
        loop {
            match attempt(&file) {
                Ok(()) => return Ok(InUse { _lock: Some(file) }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
                // A file system without locks.
                Err(TryLockError::Error(_)) => return Ok(InUse { _lock: None }),
            }
        }
    }

    /// The newest revision that is known to have been durable; `None`: nobody noted one.
    pub(crate) fn head(&self) -> Option<Revision> {
        let bytes = fs::read(self.folder.join("head")).ok()?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Notes a head, for good.
    pub(crate) fn set_head(&self, revision: Revision) -> Result<(), StoreError> {
        let mut note = self.note()?;
        note.write(revision)?;
        Ok(note.file.sync_all()?)
    }

    pub(crate) fn note(&self) -> Result<HeadNote, StoreError> {
        Ok(HeadNote { file: lock_file(&self.folder, "head")? })
    }
}

/// The note of the newest commit that was synced. It is not synced itself: it may be old, but never ahead. Where the
/// store has less than the note says, commits were taken from it: its log was deleted, say, or an older file was put
/// in its place.
#[derive(Debug)]
pub(crate) struct HeadNote {
    file: File,
}

impl HeadNote {
    pub(crate) fn write(&mut self, revision: Revision) -> Result<(), StoreError> {
        self.file.seek(SeekFrom::Start(0))?;
        Ok(self.file.write_all(&revision.to_le_bytes())?)
    }

    /// Notes a revision unless a greater one stands there: another process may be ahead.
    pub(crate) fn raise(&mut self, revision: Revision) -> Result<(), StoreError> {
        let mut bytes = [0; 8];
        self.file.seek(SeekFrom::Start(0))?;
        let noted = self.file.read_exact(&mut bytes).map_or(0, |()| u64::from_le_bytes(bytes));
        if noted < revision { self.write(revision) } else { Ok(()) }
    }
}
