//! Where tickets wait, and which one a worker takes next.
//!
//! For each priority there is one *injector*, which holds the calls that have not begun (one ticket each), and one
//! Chase-Lev deque for each worker, in first-in-first-out order, which holds the tickets of calls that have.

use crossbeam_deque::{Injector, Steal, Stealer, Worker as Deque};

use super::Priority;
use super::call::Ticket;

/// How often in succession a worker passes over its own tickets for calls that have not begun.
pub(super) const PASS_LIMIT: u32 = 8;

/// Each how many turns of its own deque a worker compares the length of the others'.
const BALANCE_INTERVAL: u32 = 16;

const LEVELS: usize = Priority::ALL.len();

/// Where a ticket was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// In the worker's own deque.
    Own,
    /// In the injector: the call begins.
    Injector,
    /// In the deque of another worker.
    Stolen,
}

/// The queues that all threads reach.
pub(super) struct Queues {
    injectors: [Injector<Ticket>; LEVELS],
    stealers: Box<[[Stealer<Ticket>; LEVELS]]>,
}

/// The deques that one worker owns.
pub(super) struct OwnQueues {
    index: usize,
    deques: [Deque<Ticket>; LEVELS],
    /// Takes in succession that served the injector while own tickets of that priority waited.
    passed_over: [u32; LEVELS],
    /// Times that the worker's own deque had its turn.
    own_turns: [u32; LEVELS],
}

impl Queues {
    /// The queues of `workers` workers, and the part of each.
    pub fn new(workers: usize) -> (Self, Vec<OwnQueues>) {
        let owned: Vec<_> = (0..workers).map(OwnQueues::new).collect();
        let stealers = owned.iter().map(|own| own.deques.each_ref().map(Deque::stealer)).collect();
        (Self { injectors: [Injector::new(), Injector::new()], stealers }, owned)
    }

    /// Queues the first ticket of a call.
    pub fn inject(&self, ticket: Ticket) {
        self.injectors[ticket.priority() as usize].push(ticket);
    }

    /// Tickets of this priority that wait, anywhere; inexact while others push and take.
    pub fn waiting(&self, priority: Priority) -> usize {
        let level = priority as usize;
        let begun: usize = self.stealers.iter().map(|deques| deques[level].len()).sum();
        self.injectors[level].len() + begun
    }

    /// Whether any ticket waits anywhere.
    pub fn any_waiting(&self) -> bool {
        self.any_injected() || self.stealers.iter().flatten().any(|deque| !deque.is_empty())
    }

    fn any_injected(&self) -> bool {
        self.injectors.iter().any(|injector| !injector.is_empty())
    }

    /// The oldest ticket of some other worker, asked in a circle from the one after `thief`.
    fn steal(&self, thief: usize, level: usize) -> Option<Ticket> {
        let (before, after) = self.stealers.split_at(thief);
        let mut victims = after[1..].iter().chain(before);
        victims.find_map(|deques| until_settled(|| deques[level].steal()))
    }

    /// The oldest ticket of the longest deque, if that one has at least `length` tickets.
    fn steal_from_longest(&self, length: usize, level: usize) -> Option<Ticket> {
        let deques = self.stealers.iter().map(|deques| &deques[level]);
        let longest = deques.max_by_key(|deque| deque.len()).filter(|deque| deque.len() >= length)?;
        until_settled(|| longest.steal())
    }
}

impl OwnQueues {
    fn new(index: usize) -> Self {
        let deques = [Deque::new_fifo(), Deque::new_fifo()];
        Self { index, deques, passed_over: [0; LEVELS], own_turns: [0; LEVELS] }
    }

    /// Index of the worker that owns these.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Puts a ticket behind the worker's others.
    pub fn push(&self, ticket: Ticket) {
        self.deques[ticket.priority() as usize].push(ticket);
    }

    /// Whether tickets wait here or in the injectors.
    pub fn any_waiting(&self, queues: &Queues) -> bool {
        self.deques.iter().any(|deque| !deque.is_empty()) || queues.any_injected()
    }

    /// The next ticket of this worker; `None` if it found none anywhere.
    pub fn take(&mut self, queues: &Queues) -> Option<(Ticket, Source)> {
        Priority::ALL.into_iter().find_map(|priority| self.take_at(priority as usize, queues))
    }

    /// Any ticket of the worker's own deques and the injectors, in no order that matters.
    pub fn drain(&self, queues: &Queues) -> Option<Ticket> {
        let own = || self.deques.iter().find_map(Deque::pop);
        own().or_else(|| queues.injectors.iter().find_map(|injector| until_settled(|| injector.steal())))
    }

    fn take_at(&mut self, level: usize, queues: &Queues) -> Option<(Ticket, Source)> {
        let begin =
            || until_settled(|| queues.injectors[level].steal()).map(|ticket| (ticket, Source::Injector));
        if self.passed_over[level] < PASS_LIMIT
            && let Some(begun) = begin()
        {
            let passes = if self.deques[level].is_empty() { 0 } else { self.passed_over[level] + 1 };
            self.passed_over[level] = passes;
            return Some(begun);
        }
        self.passed_over[level] = 0;
        self.take_own(level, queues)
            .or_else(begin)
            .or_else(|| queues.steal(self.index, level).map(|ticket| (ticket, Source::Stolen)))
    }

    /// The worker's oldest ticket; at times one of a worker that has more of them, so that all wait about
    /// equally long.
    fn take_own(&mut self, level: usize, queues: &Queues) -> Option<(Ticket, Source)> {
        let own = &self.deques[level];
        self.own_turns[level] = self.own_turns[level].wrapping_add(1);
        if self.own_turns[level].is_multiple_of(BALANCE_INTERVAL)
            && let Some(ticket) = queues.steal_from_longest(own.len() + 2, level)
        {
            return Some((ticket, Source::Stolen));
        }
        own.pop().map(|ticket| (ticket, Source::Own))
    }
}

/// Repeats an attempt that lost a race; each loss is another thread's success.
fn until_settled(attempt: impl Fn() -> Steal<Ticket>) -> Option<Ticket> {
    loop {
        match attempt() {
            Steal::Success(ticket) => return Some(ticket),
            Steal::Empty => return None,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::executor::{Job, JobError, Step, StepContext};

    struct Idle;

    impl Job for Idle {
        fn step(&self, _: &StepContext<'_>) -> Step {
            Step::Done
        }
        fn finish(&self, _: Result<(), JobError>) {}
    }

    fn ticket() -> Ticket {
        Ticket::first(Arc::new(Idle), Priority::Interactive)
    }

    #[test]
    fn a_worker_with_few_tickets_takes_over_some_of_one_with_many() {
        let (queues, mut owned) = Queues::new(2);
        owned[0].push(ticket());
        for _ in 0..5 {
            owned[1].push(ticket());
        }
        let mut stolen_at = Vec::new();
        for turn in 1..=100 {
            let (ticket, source) = owned[0].take(&queues).unwrap();
            if source == Source::Stolen {
                stolen_at.push(turn);
            }
            owned[0].push(ticket);
        }
        // Until each has three.
        assert_eq!(stolen_at, [BALANCE_INTERVAL, 2 * BALANCE_INTERVAL]);
        assert!(owned.iter().all(|own| own.deques[0].len() == 3));
    }
}
