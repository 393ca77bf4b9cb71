//! How a store is opened.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What an acknowledged commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// The death of the process and a power cut: every commit is synced to the disk (SQLite's
    /// `synchronous=FULL`).
    #[default]
    Full,
    /// The death of the process, but not a power cut, which may take the newest commits (never the file's
    /// consistency): SQLite's `synchronous=NORMAL`.
    Process,
}

/// Where the store takes the time from, in milliseconds since the Unix epoch.
///
/// The time is recorded with commits and decides when leases expire; it never decides the order of commits.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// A clock that calls `now` for the time in milliseconds since the Unix epoch.
    pub fn new(now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The computer's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|| {
            // A clock set before 1970 reads as 0: recorded times are information, not order.
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
    }

    /// The time now, at most 2^53 - 1 so that JSON holds it exactly.
    pub(crate) fn now_ms(&self) -> u64 {
        (self.0)().min(MAX_TIME_MS)
    }
}

/// The largest integer that every JSON reader holds exactly.
pub(crate) const MAX_TIME_MS: u64 = (1 << 53) - 1;

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

/// Options of [`Store::open`](crate::Store::open).
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// What an acknowledged commit survives. Default: [`Durability::Full`].
    pub durability: Durability,
    /// How long a write waits for another process's write before it fails with `ERR_BUSY`. Default: 5 s.
    pub busy_timeout: Duration,
    /// The source of time. Default: the computer's clock.
    pub clock: Clock,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { durability: Durability::Full, busy_timeout: Duration::from_secs(5), clock: Clock::system() }
    }
}
