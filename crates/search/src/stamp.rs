//! Telling whether a file is still what it was, without reading it.

use std::fs::Metadata;
use std::time::{Duration, SystemTime};

/// What the file system says of a file: as long as it stays equal, the file counts as unchanged.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Stamp {
    /// Length in bytes.
    pub size: u64,
    /// Time of the last change of the content, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Time of the last change of content or metadata, in nanoseconds since 1970. A program cannot
    /// set it back, as it can `mtime_ns`. Zero where the system has none.
    pub ctime_ns: i64,
    /// The file's number on its device: a replaced file has another. Zero where the system has none.
    pub inode: u64,
    /// The device that the file is on. Zero where the system has none.
    pub device: u64,
}

impl Stamp {
    /// The stamp of a file with this metadata.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000) + rest;
            Self {
                size: metadata.len(),
                mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
                ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
                inode: metadata.ino(),
                device: metadata.dev(),
            }
        }
        #[cfg(not(unix))]
        {
            let mtime_ns = metadata.modified().ok().and_then(since_epoch).unwrap_or(0);
            Self { size: metadata.len(), mtime_ns, ctime_ns: 0, inode: 0, device: 0 }
        }
    }

    /// Whether the file changed so shortly before `now` that it could change once more and keep its
    /// stamp: file systems count time in steps of up to two seconds.
    #[must_use]
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        const COARSEST_CLOCK: i64 = 2_000_000_000;
        let now = since_epoch(now).unwrap_or(0);
        now.saturating_sub(self.mtime_ns.max(self.ctime_ns)) < COARSEST_CLOCK
    }

    /// Which file it is, whatever its name: device and number. `None` where the system does not say.
    #[must_use]
    pub fn identity(&self) -> Option<(u64, u64)> {
        (self.inode != 0).then_some((self.device, self.inode))
    }

    /// The time of the last change of the content.
    #[must_use]
    pub fn modified(&self) -> SystemTime {
        let nanoseconds = Duration::from_nanos(self.mtime_ns.unsigned_abs());
        if self.mtime_ns < 0 {
            SystemTime::UNIX_EPOCH - nanoseconds
        } else {
            SystemTime::UNIX_EPOCH + nanoseconds
        }
    }
}

/// How many names the file has; a file with several can be written through one that nobody watches.
#[must_use]
pub fn link_count(metadata: &Metadata) -> u64 {
    #[cfg(unix)]
    {
        std::os::unix::fs::MetadataExt::nlink(metadata)
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        1
    }
}

fn since_epoch(time: SystemTime) -> Option<i64> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_nanos()).ok())
}
