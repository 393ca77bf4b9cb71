//! Who is let in: back-pressure, and the end of it all.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::SubmitError;

/// Counts the calls, and refuses those that are too many or too late.
pub(super) struct Admission {
    max_calls: usize,
    /// Calls that were admitted and have not ended. Grows under the lock only.
    calls: AtomicUsize,
    /// Set under the lock only.
    closed: AtomicBool,
    tally: Mutex<Tally>,
}

/// How the submissions so far went.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    pub submitted: u64,
    pub refused: u64,
}

impl Admission {
    pub fn new(max_calls: usize) -> Self {
        Self {
            max_calls,
            calls: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            tally: Mutex::default(),
        }
    }

    /// Admits a call and queues it, in one: what `queue` pushes is in its queue before [`close`](Self::close)
    /// returns, or never.
    pub fn admit(&self, queue: impl FnOnce()) -> Result<(), SubmitError> {
        let mut tally = self.lock();
        let refused = if self.is_closed() {
            Some(SubmitError::ShutDown)
        } else if self.calls.load(Ordering::Relaxed) >= self.max_calls {
            Some(SubmitError::Busy { max_calls: self.max_calls })
        } else {
            None
        };
        if let Some(error) = refused {
            tally.refused += 1;
            return Err(error);
        }
        tally.submitted += 1;
        self.calls.fetch_add(1, Ordering::Relaxed);
        queue();
        Ok(())
    }

    /// A call has ended: another one may come.
    pub fn release(&self) {
        self.calls.fetch_sub(1, Ordering::Relaxed);
    }

    /// Admits nobody from now on.
    pub fn close(&self) {
        let _tally = self.lock();
        self.closed.store(true, Ordering::Release);
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub fn tally(&self) -> Tally {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        // Nothing under the lock can panic half-way.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
