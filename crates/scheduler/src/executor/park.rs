//! Where idle workers sleep.
//!
//! No wake-up is lost: who queues a ticket does so *before* a sequentially consistent fence and looks for
//! sleepers after it; who goes to sleep enters the list before such a fence and looks for tickets after it.
//! Whichever fence comes second, its thread sees what the other one wrote before the first.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

/// The workers that sleep or are about to.
pub(super) struct Parking {
    /// Length of `seats`, readable without the lock.
    sleepers: AtomicUsize,
    /// The last to come is the first to be called: its caches are warm.
    seats: Mutex<Vec<Arc<Seat>>>,
}

/// A worker's place in the list.
pub(super) struct Seat {
    thread: Thread,
    /// Whether the worker was called out of the list; written under the list's lock.
    called: AtomicBool,
}

impl Seat {
    /// A seat of the calling thread.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { thread: thread::current(), called: AtomicBool::new(false) })
    }

    /// Sleeps until called; spurious wake-ups are slept over.
    pub fn sleep(&self) {
        while !self.called.load(Ordering::Acquire) {
            thread::park();
        }
    }
}

impl Parking {
    pub fn new(workers: usize) -> Self {
        Self { sleepers: AtomicUsize::new(0), seats: Mutex::new(Vec::with_capacity(workers)) }
    }

    /// Enters the list. The caller looks once more for work, and then either sleeps or leaves.
    pub fn enter(&self, seat: &Arc<Seat>) {
        let mut seats = self.lock();
        seat.called.store(false, Ordering::Relaxed);
        seats.push(Arc::clone(seat));
        self.sleepers.store(seats.len(), Ordering::Relaxed);
        drop(seats);
        fence(Ordering::SeqCst);
    }

    /// Leaves the list without having slept. A call that came meanwhile is used up by it.
    pub fn leave(&self, seat: &Arc<Seat>) {
        let mut seats = self.lock();
        seats.retain(|other| !Arc::ptr_eq(other, seat));
        self.sleepers.store(seats.len(), Ordering::Relaxed);
    }

    /// Calls up to `workers` sleepers. A fence and a load if nobody sleeps.
    pub fn wake(&self, workers: usize) {
        fence(Ordering::SeqCst);
        for _ in 0..workers {
            if self.sleepers.load(Ordering::Relaxed) == 0 {
                return;
            }
            let mut seats = self.lock();
            let Some(seat) = seats.pop() else { return };
            self.sleepers.store(seats.len(), Ordering::Relaxed);
            seat.called.store(true, Ordering::Release);
            drop(seats);
            seat.thread.unpark();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        // Nothing under the lock can panic half-way.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
