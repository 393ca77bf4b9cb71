//! Taking turns among processes.
//!
//! SQLite lets one writer in at a time, but whoever waits for it looks again only now and then: a process that
//! writes without a pause keeps all others out until they give up. So writers first take their turn with two lock
//! files beside the store. Only the holder of `next` waits for `turn`; the one who writes has to take `next` again
//! for its next turn, and finds those there who came meanwhile. The locks are the system's own (`flock`,
//! `LockFileEx`), which end with the process that holds them, however it ends. They only order the writers: that
//! there is one at a time is still SQLite's lock.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::StoreError;

/// Between two attempts to get a lock.
const SHORTEST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(2);

/// The lock files of one store.
#[derive(Debug)]
pub(crate) struct Turnstile {
    next: File,
    turn: File,
}

/// A turn, which ends when it is dropped.
pub(crate) struct Turn<'a>(&'a File);

impl Turnstile {
    /// Opens the lock files in a folder. `None`: locks are not to be had there, and SQLite's own have to do.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        let turnstile = Self { next: lock_file(folder, "next").ok()?, turn: lock_file(folder, "turn").ok()? };
        match turnstile.next.try_lock() {
            Ok(()) => turnstile.next.unlock().ok()?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(_)) => return None,
        }
        Some(turnstile)
    }

    /// Waits for a turn. Fails with `ERR_BUSY` at the deadline.
    pub(crate) fn take(&self, deadline: Instant) -> Result<Turn<'_>, StoreError> {
        wait_for(&self.next, deadline)?;
        let turn = wait_for(&self.turn, deadline);
        self.next.unlock()?;
        turn.map(|()| Turn(&self.turn))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // What cannot be unlocked is unlocked when the file is closed.
        let _ = self.0.unlock();
    }
}

/// A file of the folder of locks that is never written, only locked.
pub(crate) fn lock_file(folder: &Path, name: &str) -> io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(folder.join(name))
}

fn wait_for(file: &File, deadline: Instant) -> Result<(), StoreError> {
    let mut pause = SHORTEST_PAUSE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(pause),
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(50)
    }

    #[test]
    fn one_at_a_time_has_the_turn() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = [(); 2].map(|()| Turnstile::open(folder.path()).unwrap());
        let turn = one.take(soon()).unwrap();
        assert_eq!(other.take(soon()).map(drop).unwrap_err().code(), "ERR_BUSY");
        drop(turn);
        drop(other.take(soon()).unwrap());
        drop(one.take(soon()).unwrap());
    }

    #[test]
    fn who_takes_turn_after_turn_lets_the_others_in() {
        let folder = tempfile::tempdir().unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        let greedy = Turnstile::open(folder.path()).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let patient = Turnstile::open(folder.path()).unwrap();
                (0..20).for_each(|_| drop(patient.take(deadline).unwrap()));
            });
            while !waiting.is_finished() {
                let _turn = greedy.take(deadline).unwrap();
                thread::sleep(Duration::from_millis(1));
            }
        });
    }
}
