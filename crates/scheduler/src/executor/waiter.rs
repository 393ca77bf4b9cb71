//! A job whose submitter waits for its end.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Job, JobError, Step, StepContext};

type Outcome = Option<Result<(), JobError>>;

/// Wraps a job, and tells a waiting thread when it has finished.
pub(super) struct Waiter {
    job: Arc<dyn Job>,
    outcome: Mutex<Outcome>,
    finished: Condvar,
}

impl Waiter {
    pub fn new(job: Arc<dyn Job>) -> Self {
        Self { job, outcome: Mutex::new(None), finished: Condvar::new() }
    }

    /// Blocks until the job's `finish` has returned (or panicked).
    pub fn wait(&self) -> Result<(), JobError> {
        let mut outcome = self.lock();
        loop {
            match outcome.take() {
                Some(ended) => return ended,
                None => outcome = self.finished.wait(outcome).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Outcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job for Waiter {
    fn step(&self, context: &StepContext<'_>) -> Step {
        self.job.step(context)
    }

    fn finish(&self, ended: Result<(), JobError>) {
        /// Tells the waiting thread when dropped, so also when the job's `finish` panics.
        struct Tell<'a>(&'a Waiter, Outcome);
        impl Drop for Tell<'_> {
            fn drop(&mut self) {
                *self.0.lock() = self.1.take();
                self.0.finished.notify_one();
            }
        }
        let _tell = Tell(self, Some(ended.clone()));
        self.job.finish(ended);
    }
}
