//! The deques that hold the jobs, with lazy removal of cancelled ones.

use crossbeam_deque::{Injector, Steal, Stealer, Worker};

/// Position of a push in the lane's history; a job that is pushed again gets a new one.
pub(super) type Ticket = u64;

/// What lies in a deque.
pub(super) struct Entry<J> {
    pub ticket: Ticket,
    pub job: J,
}

/// A deque of which everybody may take the oldest end.
pub(super) trait Deque {
    type Job;
    fn put(&self, entry: Entry<Self::Job>);
    fn steal(&self) -> Steal<Entry<Self::Job>>;
}

/// The Chase-Lev deque of one slot: the owner's end is the newest, the thieves' end the oldest.
pub(super) struct SlotDeque<J> {
    owner: Worker<Entry<J>>,
    thieves: Stealer<Entry<J>>,
}

impl<J> Default for SlotDeque<J> {
    fn default() -> Self {
        let owner = Worker::new_lifo();
        let thieves = owner.stealer();
        Self { owner, thieves }
    }
}

impl<J> Deque for SlotDeque<J> {
    type Job = J;

    fn put(&self, entry: Entry<J>) {
        self.owner.push(entry);
    }

    fn steal(&self) -> Steal<Entry<J>> {
        self.thieves.steal()
    }
}

impl<J> Deque for Injector<Entry<J>> {
    type Job = J;

    fn put(&self, entry: Entry<J>) {
        self.push(entry);
    }

    fn steal(&self) -> Steal<Entry<J>> {
        Self::steal(self)
    }
}

/// A deque that knows how many of its entries still count.
///
/// Nothing can be removed from the middle of a Chase-Lev deque, so a cancelled job stays in it as a *stale* entry
/// until somebody meets it. Invariants: entries lie in the order of their tickets, and after each call there
/// are at most as many stale entries as live ones, so that cancelling cannot make memory grow.
pub(super) struct Queue<D> {
    deque: D,
    live: usize,
    stale: usize,
}

impl<D: Default> Default for Queue<D> {
    fn default() -> Self {
        Self { deque: D::default(), live: 0, stale: 0 }
    }
}

impl<D: Deque> Queue<D> {
    /// Entries that are not cancelled.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Adds an entry; its ticket must be higher than those inside.
    pub fn push(&mut self, entry: Entry<D::Job>) {
        self.deque.put(entry);
        self.live += 1;
    }

    /// Removes the oldest live entry.
    pub fn take_oldest(&mut self, is_live: impl Fn(Ticket) -> bool) -> Option<Entry<D::Job>> {
        while let Some(entry) = self.oldest() {
            if is_live(entry.ticket) {
                self.live -= 1;
                self.sweep(is_live);
                return Some(entry);
            }
            self.stale -= 1;
        }
        None
    }

    /// Records that one of the entries has been cancelled; `is_live` must already say so.
    pub fn forget_one(&mut self, is_live: impl Fn(Ticket) -> bool) {
        self.live -= 1;
        self.stale += 1;
        self.sweep(is_live);
    }

    /// Empties the deque and returns what was live in it, oldest first.
    pub fn drain(&mut self, is_live: impl Fn(Ticket) -> bool) -> Vec<Entry<D::Job>> {
        let mut kept = Vec::with_capacity(self.live);
        while let Some(entry) = self.oldest() {
            if is_live(entry.ticket) {
                kept.push(entry);
            }
        }
        self.live = 0;
        self.stale = 0;
        kept
    }

    /// Drops all stale entries once they outnumber the live ones. The work is paid for by the cancellations
    /// that made them stale, so a cancellation costs O(1) amortised.
    fn sweep(&mut self, is_live: impl Fn(Ticket) -> bool) {
        if self.stale > self.live {
            for entry in self.drain(is_live) {
                self.push(entry);
            }
        }
    }

    fn oldest(&self) -> Option<Entry<D::Job>> {
        loop {
            match self.deque.steal() {
                Steal::Success(entry) => return Some(entry),
                Steal::Empty => return None,
                // The injector uses weak compare-and-swap, which may fail without a rival.
                Steal::Retry => {}
            }
        }
    }
}

impl<J> Queue<SlotDeque<J>> {
    /// Removes the newest live entry, as only the owner of the deque may.
    pub fn take_newest(&mut self, is_live: impl Fn(Ticket) -> bool) -> Option<Entry<J>> {
        while let Some(entry) = self.deque.owner.pop() {
            if is_live(entry.ticket) {
                self.live -= 1;
                self.sweep(is_live);
                return Some(entry);
            }
            self.stale -= 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn stale_entries_never_outnumber_live_ones() {
        let mut queue = Queue::<SlotDeque<u64>>::default();
        let mut live = BTreeSet::new();
        for ticket in 0..1_000 {
            queue.push(Entry { ticket, job: ticket });
            live.insert(ticket);
        }
        for ticket in (0..1_000).rev().filter(|ticket| ticket % 10 != 0) {
            live.remove(&ticket);
            queue.forget_one(|ticket| live.contains(&ticket));
            assert!(queue.deque.owner.len() <= 2 * live.len(), "the deque grew past twice its live entries");
            assert_eq!(queue.len(), live.len());
        }
        while let Some(entry) = queue.take_newest(|ticket| live.contains(&ticket)) {
            assert_eq!(live.pop_last(), Some(entry.ticket));
            assert!(queue.deque.owner.len() <= 2 * live.len());
        }
        assert!(live.is_empty() && queue.deque.owner.is_empty());
    }
}
