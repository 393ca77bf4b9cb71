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

/// Why a wait ended.
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
        match self.queue.add(&absolute(root, path)) {
            Ok(descriptor) => {
                // The same directory under an older name: it was moved, and this is its name now.
                if let Some(old) = directories.by_descriptor.insert(descriptor, path.to_vec())
                    && old != path
                {
                    directories.by_path.remove(&old);
                }
                directories.by_path.insert(path.to_vec(), descriptor);
            }
            Err(error) if is_gone(&error) => {}
            // Reading it will fail likewise, and be reported.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(_) => self.incomplete.store(true, Ordering::Relaxed),
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
        self.incomplete.store(true, Ordering::Relaxed);
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

#[cfg(target_os = "linux")]
mod system {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;
    use std::time::Duration;

    use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};
    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

    use super::{Touch, Waited, poll_for};

    pub(super) enum Event<'a> {
        Lost,
        Unwatched { descriptor: i32 },
        OwnEnd { descriptor: i32 },
        Entry { descriptor: i32, name: &'a [u8], touch: Touch },
    }

    pub(super) struct Queue {
        inotify: OwnedFd,
        stop: OwnedFd,
    }

    const BUFFER_BYTES: usize = 16 << 10;

    impl Queue {
        pub(super) fn new() -> Option<Self> {
            let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
            let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
            Some(Self { inotify, stop })
        }

        pub(super) fn add(&self, directory: &Path) -> io::Result<i32> {
            let flags = WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::MOVE
                | WatchFlags::MODIFY
                | WatchFlags::CLOSE_WRITE
                | WatchFlags::ATTRIB
                | WatchFlags::DELETE_SELF
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR
                | WatchFlags::DONT_FOLLOW
                | WatchFlags::EXCL_UNLINK;
            Ok(inotify::add_watch(&self.inotify, directory, flags)?)
        }

        pub(super) fn remove(&self, descriptor: i32) {
            // It is gone already when its directory is.
            let _ = inotify::remove_watch(&self.inotify, descriptor);
        }

        pub(super) fn drain(&self, mut each: impl FnMut(Event<'_>)) {
            let mut buffer = [MaybeUninit::<u8>::uninit(); BUFFER_BYTES];
            let mut reader = Reader::new(&self.inotify, &mut buffer);
            loop {
                let event = match reader.next() {
                    Ok(event) => event,
                    Err(rustix::io::Errno::INTR) => continue,
                    Err(rustix::io::Errno::AGAIN) => return,
                    // A queue that cannot be read says nothing.
                    Err(_) => return each(Event::Lost),
                };
                let (descriptor, flags) = (event.wd(), event.events());
                if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                    each(Event::Lost);
                } else if flags.contains(ReadFlags::IGNORED) {
                    each(Event::Unwatched { descriptor });
                } else if let Some(name) = event.file_name() {
                    let entry = flags.intersects(
                        ReadFlags::CREATE | ReadFlags::DELETE | ReadFlags::MOVED_FROM | ReadFlags::MOVED_TO,
                    );
                    let touch = Touch { entry, directory: flags.contains(ReadFlags::ISDIR) };
                    each(Event::Entry { descriptor, name: name.to_bytes(), touch });
                } else if flags.intersects(ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT)
                {
                    each(Event::OwnEnd { descriptor });
                }
            }
        }

        pub(super) fn wait(&self, patience: Duration, coalesce: Duration) -> Waited {
            let stop = PollFd::new(&self.stop, PollFlags::IN);
            let first = [stop.clone(), PollFd::new(&self.inotify, PollFlags::IN)];
            match poll_for(first, patience) {
                // The rest of a burst; an end must not wait for it.
                Waited::Events if poll_for([stop], coalesce) == Waited::Woken => Waited::Woken,
                waited => waited,
            }
        }

        pub(super) fn wake(&self) {
            // Fails only when it was woken 2^64 times.
            let _ = rustix::io::write(&self.stop, &1_u64.to_ne_bytes());
        }
    }
}

#[cfg(target_os = "linux")]
fn poll_for<const N: usize>(mut fds: [rustix::event::PollFd<'_>; N], time: Duration) -> Waited {
    let Ok(time) = rustix::event::Timespec::try_from(time) else { return Waited::TimeOut };
    match rustix::event::poll(&mut fds, Some(&time)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Waited::TimeOut,
        Ok(_) if fds[0].revents().is_empty() => Waited::Events,
        // A queue that cannot be waited for is of no use to the one who waits.
        Ok(_) | Err(_) => Waited::Woken,
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;
    use std::path::Path;
    use std::time::Duration;

    use super::{Touch, Waited};

    #[allow(dead_code, reason = "what no other system can say")]
    pub(super) enum Event<'a> {
        Lost,
        Unwatched { descriptor: i32 },
        OwnEnd { descriptor: i32 },
        Entry { descriptor: i32, name: &'a [u8], touch: Touch },
    }

    pub(super) enum Queue {}

    impl Queue {
        pub(super) fn new() -> Option<Self> {
            None
        }

        pub(super) fn add(&self, _: &Path) -> io::Result<i32> {
            match *self {}
        }

        pub(super) fn remove(&self, _: i32) {
            match *self {}
        }

        pub(super) fn drain(&self, _: impl FnMut(Event<'_>)) {
            match *self {}
        }

        pub(super) fn wait(&self, _: Duration, _: Duration) -> Waited {
            match *self {}
        }

        pub(super) fn wake(&self) {
            match *self {}
        }
    }
}
