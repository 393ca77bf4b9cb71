//! The queue of events: Linux.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

use super::watch::{Touch, Waited};

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
            } else if flags.intersects(ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT) {
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

fn poll_for<const N: usize>(mut fds: [PollFd<'_>; N], time: Duration) -> Waited {
    let Ok(time) = Timespec::try_from(time) else { return Waited::TimeOut };
    match poll(&mut fds, Some(&time)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Waited::TimeOut,
        Ok(_) if fds[0].revents().is_empty() => Waited::Events,
        // A queue that cannot be waited for is of no use to the one who waits.
        Ok(_) | Err(_) => Waited::Woken,
    }
}
