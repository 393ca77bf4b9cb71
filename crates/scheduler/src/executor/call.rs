//! A call and its tickets.
//!
//! A *call* is one submission of a job. Its *tickets* are permissions to step it: each lies in a queue or is
//! held by the one worker that steps it. The call ends when its last ticket is retired.
//!
//! The count of live tickets only grows through [`Ticket::widen`], by the holder of a live ticket. So it cannot
//! leave zero again, and exactly one `retire` sees it become zero.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::{Job, JobError, Priority, Step, StepContext};

struct Call {
    job: Arc<dyn Job>,
    priority: Priority,
    submitted: Instant,
    /// Live tickets: those in queues and those that workers hold.
    tickets: AtomicUsize,
    /// Set once, by the first failure: no step is begun after it has been seen.
    failure: OnceLock<JobError>,
}

/// Permission to step a call, held by one worker or one queue. It must be retired, never merely dropped.
#[must_use]
pub(super) struct Ticket {
    call: Arc<Call>,
    /// Whether the ticket may make others: the first one of a call, and those that have found work. Without this
    /// condition a job that widens in each step, also in those that find nothing to do, would go on for
    /// ever: each ticket would be replaced before it is retired.
    proven: bool,
}

/// A call that has no tickets any more, and whose job has not been told yet.
#[must_use]
pub(super) struct Ended(Arc<Call>);

impl Ticket {
    /// The first ticket of a new call.
    pub fn first(job: Arc<dyn Job>, priority: Priority) -> Self {
        let call = Call {
            job,
            priority,
            submitted: Instant::now(),
            tickets: AtomicUsize::new(1),
            failure: OnceLock::new(),
        };
        Self { call: Arc::new(call), proven: true }
    }

    pub fn priority(&self) -> Priority {
        self.call.priority
    }

    /// Tells calls apart while they live.
    pub fn call_id(&self) -> usize {
        Arc::as_ptr(&self.call).addr()
    }

    pub fn is_proven(&self) -> bool {
        self.proven
    }

    /// The ticket, whose step has said that there is more to do.
    pub fn proven(self) -> Self {
        Self { proven: true, ..self }
    }

    /// Live tickets of the call, this one included.
    pub fn siblings(&self) -> usize {
        self.call.tickets.load(Ordering::Relaxed)
    }

    /// Time since the call was submitted.
    pub fn age(&self) -> Duration {
        self.call.submitted.elapsed()
    }

    pub fn has_failed(&self) -> bool {
        self.call.failure.get().is_some()
    }

    /// Ends the call before its time; `true` for the first failure, which is the one that is reported.
    pub fn fail(&self, error: JobError) -> bool {
        self.call.failure.set(error).is_ok()
    }

    /// Makes the tickets that the call lacks to have `wanted` live ones.
    pub fn widen(&self, wanted: usize) -> impl Iterator<Item = Self> {
        // Relaxed: the new tickets reach other threads through queues, which order what comes with them.
        let missing = |live: usize| (live < wanted).then_some(wanted);
        let before = self.call.tickets.try_update(Ordering::Relaxed, Ordering::Relaxed, missing);
        let added = before.map_or(0, |live| wanted - live);
        (0..added).map(|_| Self { call: Arc::clone(&self.call), proven: false })
    }

    /// Runs one step, and turns a panic into its message.
    pub fn step(&self, context: &StepContext<'_>) -> Result<Step, String> {
        catch_panic(|| self.call.job.step(context))
    }

    /// Gives the ticket up. Whoever gives up the last one has to finish the call.
    pub fn retire(self) -> Option<Ended> {
        // Release: what this worker did comes before `finish`. Acquire: so does what the others did.
        if self.call.tickets.fetch_sub(1, Ordering::AcqRel) == 1 {
            return Some(Ended(self.call));
        }
        // The call may have been finished meanwhile, so that this drops the job.
        let _ = catch_panic(|| drop(self.call));
        None
    }
}

impl Ended {
    /// Tells the job, and turns a panic of its `finish` (or `Drop`) into the message.
    pub fn finish(self) -> Result<(), String> {
        let ended = self.0.failure.get().cloned().map_or(Ok(()), Err);
        let told = catch_panic(|| self.0.job.finish(ended));
        let dropped = catch_panic(|| drop(self.0));
        told.and(dropped)
    }
}

fn catch_panic<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    // Unwind safe: after a panic nobody looks at the job's state but the job itself, in `finish`, which is told.
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let message = message_of(&*payload);
        // A payload is any value, and its `Drop` can panic in turn: that one is leaked, to come to an end.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(another);
        }
        message
    })
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
