//! Hearing of changes, without a gap.
//!
//! Linux puts an event into the queue of every inotify instance concerned before the system call that caused it returns.
//! A search that reads the queue until it is empty has therefore heard of every write that ended before the search
//! began. No other system makes that promise: there, and where Linux cannot (see [`trust`](super::trust)), a tree is walked
//! and every file's stamp compared before its index is used.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orchestrator_search::paths::absolute;

#[cfg(target_os = "linux")]
use super::inotify as system;
#[cfg(not(target_os = "linux"))]
use super::no_events as system;

/// What happened to an entry of a directory.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Touch {
    /// It came, went, or was renamed: not merely its content or its attributes changed.
    pub(super) entry: bool,
    /// The event said that it is (or was) a directory.
    pub(super) directory: bool,
}

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The touched entries, by path.
    pub(super) touched: HashMap<Vec<u8>, Touch>,
    /// Events were lost: everything may have changed.
    pub(super) lost: bool,
    /// The root itself went.
    pub(super) root_gone: bool,
}

impl Heard {
    pub(super) fn is_anything(&self) -> bool {
        self.lost || self.root_gone || !self.touched.is_empty()
    }
}

/// Why a wait ended.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "elsewhere nothing is heard of changes"))]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Waited {
    Events,
    TimeOut,
    Woken,
}

/// The watched directories of one root.
pub(super) struct Watcher {
    queue: system::Queue,
    directories: Mutex<Directories>,
    /// Not every directory could be watched.
    incomplete: AtomicBool,
}

#[derive(Default)]
struct Directories {
    by_descriptor: HashMap<i32, Vec<u8>>,
    by_path: HashMap<Vec<u8>, i32>,
}

impl Watcher {
    /// A watcher of nothing yet; `None` where the system has none that can be trusted.
    pub(super) fn new() -> Option<Self> {
        let queue = system::Queue::new()?;
        Some(Self { queue, directories: Mutex::default(), incomplete: AtomicBool::new(false) })
    }

    /// Watches a directory. Must be called before the directory is read, so that nothing falls between.
    pub(super) fn add(&self, root: &Path, path: &[u8]) {
        // Under the lock: an event of the new watch must find its path.
        let mut directories = self.lock();
        if !self.is_complete() {
            return;
        }
        match self.queue.add(&absolute(root, path)) {
            Ok(descriptor) => {
                // The same directory under an older name: it was moved, and this is its name now.
                if let Some(old) = directories.by_descriptor.insert(descriptor, path.to_vec())
                    && old != path
                    && directories.by_path.get(&old) == Some(&descriptor)
                {
                    directories.by_path.remove(&old);
                }
                directories.by_path.insert(path.to_vec(), descriptor);
            }
            Err(error) if is_gone(&error) => {}
            // Reading it will fail likewise, and be reported.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(_) => self.give_up(&mut directories),
        }
    }

    /// Stops watching a directory and all below it.
    pub(super) fn remove_below(&self, path: &[u8]) {
        let mut directories = self.lock();
        let gone: Vec<Vec<u8>> = directories
            .by_path
            .keys()
            .filter(|one| *one == path || orchestrator_search::paths::is_below(one, path))
            .cloned()
            .collect();
        for path in gone {
            if let Some(descriptor) = directories.by_path.remove(&path) {
                directories.by_descriptor.remove(&descriptor);
                self.queue.remove(descriptor);
            }
        }
    }

    /// Whether changes of every directory are heard.
    pub(super) fn is_complete(&self) -> bool {
        !self.incomplete.load(Ordering::Relaxed)
    }

    /// From now on, changes may not be heard of.
    pub(super) fn distrust(&self) {
        self.give_up(&mut self.lock());
    }

    /// What hears not of all is of no use, and takes watches from others.
    fn give_up(&self, directories: &mut Directories) {
        self.incomplete.store(true, Ordering::Relaxed);
        for descriptor in directories.by_descriptor.drain().map(|(descriptor, _)| descriptor) {
            self.queue.remove(descriptor);
        }
        directories.by_path.clear();
        self.queue.wake();
    }

    /// Adds to `heard` all that happened so far.
    pub(super) fn drain(&self, heard: &mut Heard) {
        let mut directories = self.lock();
        self.queue.drain(|event| match event {
            system::Event::Lost => heard.lost = true,
            system::Event::Unwatched { descriptor } => {
                if let Some(path) = directories.by_descriptor.remove(&descriptor)
                    && directories.by_path.get(&path) == Some(&descriptor)
                {
                    directories.by_path.remove(&path);
                }
            }
            system::Event::OwnEnd { descriptor } => {
                if directories.by_descriptor.get(&descriptor).is_some_and(Vec::is_empty) {
                    heard.root_gone = true;
                }
            }
            system::Event::Entry { descriptor, name, touch } => {
                let Some(directory) = directories.by_descriptor.get(&descriptor) else { return };
                let all =
                    heard.touched.entry(orchestrator_search::paths::joined(directory, name)).or_default();
                all.entry |= touch.entry;
                all.directory |= touch.directory;
            }
        });
    }

    /// Waits until there is something to drain, and then for what comes with it; for `patience` at most.
    pub(super) fn wait(&self, patience: Duration, coalesce: Duration) -> Waited {
        self.queue.wait(patience, coalesce)
    }

    /// Ends a [`wait`](Self::wait), for good.
    pub(super) fn wake(&self) {
        self.queue.wake();
    }

    fn lock(&self) -> MutexGuard<'_, Directories> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
