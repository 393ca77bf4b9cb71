//! What callers hand in: a job that does its work in steps.

use std::cell::Cell;

use super::JobError;
use super::call::Ticket;
use super::worker::Worker;

/// Which calls go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Somebody waits for the answer.
    Interactive,
    /// Runs only while no interactive ticket waits anywhere, and starves for as long as one does.
    Background,
}

impl Priority {
    /// Both, the first to be served first.
    pub(super) const ALL: [Self; 2] = [Self::Interactive, Self::Background];
}

/// Work that is done in bounded steps.
///
/// The job itself holds what is left to do and what came of it, shared between the workers that step it. The
/// executor holds a reference until shortly *after* `finish` has returned: hand results over in `finish` or
/// through shared state, not by waiting to own the last `Arc`.
pub trait Job: Send + Sync + 'static {
    /// Does one bounded piece of work; at most about 1 ms, since other calls wait for its end. One worker calls
    /// it at first, up to `n` at once after [`StepContext::widen`]`(n)`.
    ///
    /// Returns [`Step::Done`] only if it saw no work left. Steps that run at that time may still add some: a
    /// step that has added work returns [`Step::Again`], so that at least its own worker comes back for it, and
    /// widens anew to get company.
    ///
    /// A panic ends the call with [`JobError::Panicked`].
    fn step(&self, context: &StepContext<'_>) -> Step;

    /// Called exactly once for each accepted call, on a worker, when no step is running any more and none will be.
    /// Everything that the steps did happens before it. A panic here is counted and otherwise ignored.
    fn finish(&self, ended: Result<(), JobError>);
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is (or may be) more to do: step again when the other calls have had their turn.
    Again,
    /// This worker is not needed any more. The call finishes when all of its workers have said so.
    Done,
}

/// What a running step can ask of its executor.
pub struct StepContext<'a> {
    pub(super) worker: &'a Worker,
    pub(super) ticket: &'a Ticket,
    /// The workers that a ticket asked for which may not ask yet.
    pub(super) asked: Cell<usize>,
}

impl StepContext<'_> {
    /// Asks that up to `workers` workers in all, this one included and at most the executor's threads, step
    /// this job from now on; it never asks for fewer than there are.
    ///
    /// One atomic read if they are there already, so a producer calls it each time that it adds work. In the
    /// first step of a worker that was itself asked for, it takes effect at the end of the step, if that
    /// returns [`Step::Again`]: so a job may widen in every step, and still ends when its steps find nothing to
    /// do.
    pub fn widen(&self, workers: usize) {
        if self.ticket.is_proven() {
            self.worker.widen(self.ticket, workers);
        } else {
            self.asked.set(self.asked.get().max(workers));
        }
    }

    /// Whether an interactive call other than this one waits for a worker, so that a long step should come to
    /// its end.
    ///
    /// A reading of counters that others change, and so only advice. Costs a few loads for each thread: call it
    /// every some microseconds, not for each byte.
    #[must_use]
    pub fn should_yield(&self) -> bool {
        self.worker.others_wait(self.ticket)
    }

    /// Index of the worker thread, below [`Executor::threads`](super::Executor::threads).
    #[must_use]
    pub fn worker(&self) -> usize {
        self.worker.index()
    }
}
