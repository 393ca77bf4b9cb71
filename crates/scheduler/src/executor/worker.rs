//! The loop of a worker thread.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::admission::Admission;
use super::call::Ticket;
use super::metrics::Counters;
use super::park::{Parking, Seat};
use super::queues::{OwnQueues, Queues, Source};
use super::{JobError, Priority, Step, StepContext};

thread_local! {
    /// Address of the `Shared` whose worker this thread is; 0 on other threads.
    static EMPLOYER: Cell<usize> = const { Cell::new(0) };
}

/// What the handles and the workers of one executor share.
pub(super) struct Shared {
    pub admission: Admission,
    pub queues: Queues,
    pub parking: Parking,
    pub desks: Box<[Desk]>,
}

/// What one worker shows to the others. Aligned, so that no two workers write to one cache line (or to a pair
/// of lines that the processor fetches together).
#[repr(align(128))]
#[derive(Default)]
pub(super) struct Desk {
    /// The call that the worker steps at the moment ([`Ticket::call_id`]); 0 for none.
    running: AtomicUsize,
    pub counters: Counters,
}

impl Shared {
    /// Whether the calling thread is one of this executor's workers.
    pub fn employs_this_thread(&self) -> bool {
        EMPLOYER.get() == std::ptr::from_ref(self).addr()
    }

    /// Lets nobody in any more, and has the workers come to their end.
    pub fn close(&self) {
        self.admission.close();
        self.parking.wake(self.desks.len());
    }
}

/// The state of one worker thread.
pub(super) struct Worker {
    shared: Arc<Shared>,
    own: OwnQueues,
}

impl Worker {
    pub fn new(shared: Arc<Shared>, own: OwnQueues) -> Self {
        Self { shared, own }
    }

    /// Serves calls until the executor is closed.
    pub fn run(mut self) {
        EMPLOYER.set(Arc::as_ptr(&self.shared).addr());
        let seat = Seat::new();
        while !self.shared.admission.is_closed() {
            match self.own.take(&self.shared.queues) {
                Some((ticket, source)) => self.serve(ticket, source),
                None => self.rest(&seat),
            }
        }
        self.abandon_calls();
    }

    pub fn index(&self) -> usize {
        self.own.index()
    }

    /// See [`StepContext::widen`].
    pub fn widen(&self, ticket: &Ticket, workers: usize) {
        let mut added = 0;
        for sibling in ticket.widen(workers.min(self.shared.desks.len())) {
            self.own.push(sibling);
            added += 1;
        }
        if added > 0 {
            self.shared.parking.wake(added);
        }
    }

    /// See [`StepContext::should_yield`].
    pub fn others_wait(&self, ticket: &Ticket) -> bool {
        let waiting = self.shared.queues.waiting(Priority::Interactive);
        waiting > 0 && (ticket.priority() != Priority::Interactive || waiting > self.waiting_siblings(ticket))
    }

    /// Tickets of this call that wait in queues: all but those that workers hold.
    fn waiting_siblings(&self, ticket: &Ticket) -> usize {
        let call = ticket.call_id();
        let held =
            self.shared.desks.iter().filter(|desk| desk.running.load(Ordering::Relaxed) == call).count();
        ticket.siblings().saturating_sub(held)
    }

    fn serve(&self, ticket: Ticket, source: Source) {
        // This worker may have been called for another ticket than the one it found: pass the call on.
        if self.own.any_waiting(&self.shared.queues) {
            self.shared.parking.wake(1);
        }
        if ticket.has_failed() {
            return self.retire(ticket);
        }
        match self.step(&ticket, source) {
            Ok((Step::Again, asked)) if !ticket.has_failed() => {
                self.widen(&ticket, asked);
                self.own.push(ticket.proven());
            }
            Ok(_) => self.retire(ticket),
            Err(message) => {
                if ticket.fail(JobError::Panicked { message }) {
                    self.counters().count_panicked();
                }
                self.retire(ticket);
            }
        }
    }

    /// Runs a step; also gives the workers that it asked for and is still to get.
    fn step(&self, ticket: &Ticket, source: Source) -> Result<(Step, usize), String> {
        self.counters().count_step(source);
        if source == Source::Injector {
            self.counters().count_wait(ticket.age());
        }
        let running = &self.desk().running;
        running.store(ticket.call_id(), Ordering::Relaxed);
        let context = StepContext { worker: self, ticket, asked: Cell::new(0) };
        let stepped = ticket.step(&context);
        running.store(0, Ordering::Relaxed);
        Ok((stepped?, context.asked.get()))
    }

    fn retire(&self, ticket: Ticket) {
        let Some(ended) = ticket.retire() else { return };
        // Before the job hears of it: who waits for that may submit again, and finds the counts as they should be.
        self.counters().count_finished();
        self.shared.admission.release();
        if ended.finish().is_err() {
            self.counters().count_finish_panic();
        }
    }

    /// Sleeps until there may be work.
    fn rest(&self, seat: &Arc<Seat>) {
        let Shared { parking, queues, admission, .. } = &*self.shared;
        parking.enter(seat);
        if queues.any_waiting() || admission.is_closed() {
            parking.leave(seat);
        } else {
            self.counters().count_park();
            seat.sleep();
        }
    }

    /// Ends the calls whose tickets nobody will serve any more. The injectors do not grow after the executor is
    /// closed, and only this thread adds to its own deques: nothing is left behind.
    fn abandon_calls(&self) {
        while let Some(ticket) = self.own.drain(&self.shared.queues) {
            ticket.fail(JobError::ShutDown);
            self.retire(ticket);
        }
    }

    fn desk(&self) -> &Desk {
        &self.shared.desks[self.own.index()]
    }

    fn counters(&self) -> &Counters {
        &self.desk().counters
    }
}
