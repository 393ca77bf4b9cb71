//! Running the work of a call on the executor.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, mpsc};

use orchestrator_scheduler::executor::{Executor, Job, JobError, Priority, Step, StepContext, SubmitError};

use crate::walk::lock;
use crate::{Progress, SearchError};

/// What a call does: its steps, and what came of them.
pub trait Work: Send + Sync + 'static {
    /// The answer.
    type Output: Send + 'static;
    /// What can go wrong.
    type Error: From<SearchError> + Send + Sync + 'static;

    /// Works for a while; by several workers at once after [`StepContext::widen`].
    fn step(&self, context: &StepContext<'_>) -> Result<Progress, Self::Error>;

    /// The answer, asked for once when all steps have ended.
    fn output(&self) -> Result<Self::Output, Self::Error>;
}

/// Queues a call. `done` gets its answer, on a worker of the executor; it should be quick.
pub fn submit<W: Work>(
    executor: &Executor,
    priority: Priority,
    work: W,
    done: impl FnOnce(Result<W::Output, W::Error>) + Send + 'static,
) {
    let call = Arc::new(Call { work, failure: OnceLock::new(), done: Mutex::new(Some(Box::new(done))) });
    if let Err(error) = executor.submit(priority, Arc::clone(&call) as Arc<dyn Job>) {
        call.end(Err(refusal(&error).into()));
    }
}

/// Runs a call and waits for its answer. Not for the executor's own threads, which would wait for themselves.
pub fn run<W: Work>(executor: &Executor, work: W) -> Result<W::Output, W::Error> {
    let (sender, receiver) = mpsc::channel();
    submit(executor, Priority::Interactive, work, move |result| {
        // Nobody waits any more only if this thread panicked.
        let _ = sender.send(result);
    });
    receiver.recv().unwrap_or_else(|_| Err(SearchError::Closed.into()))
}

fn refusal(error: &SubmitError) -> SearchError {
    match error {
        SubmitError::Busy { .. } => SearchError::Busy,
        _ => SearchError::Closed,
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

type Done<W> = Box<dyn FnOnce(Result<<W as Work>::Output, <W as Work>::Error>) + Send>;

struct Call<W: Work> {
    work: W,
    /// The first error of a step: it ends the call.
    failure: OnceLock<Mutex<Option<W::Error>>>,
    done: Mutex<Option<Done<W>>>,
}

impl<W: Work> Call<W> {
    fn end(&self, result: Result<W::Output, W::Error>) {
        let done = lock(&self.done).take();
        if let Some(done) = done {
            done(result);
        }
    }
}

impl<W: Work> Job for Call<W> {
    fn step(&self, context: &StepContext<'_>) -> Step {
        if self.failure.get().is_some() {
            return Step::Done;
        }
        match self.work.step(context) {
            Ok(Progress::More) => Step::Again,
            Ok(Progress::Idle | Progress::Complete) => Step::Done,
            Err(error) => {
                // A second error says nothing new.
                let _ = self.failure.set(Mutex::new(Some(error)));
                Step::Done
            }
        }
    }

    fn finish(&self, ended: Result<(), JobError>) {
        self.end(match ended {
            Ok(()) => match self.failure.get().and_then(|failure| lock(failure).take()) {
                Some(error) => Err(error),
                // Whoever waits must hear of a panic here too. The work is not looked at again.
                None => catch_unwind(AssertUnwindSafe(|| self.work.output()))
                    .unwrap_or_else(|panic| Err(SearchError::Panicked { message: text_of(&*panic) }.into())),
            },
            Err(JobError::Panicked { message }) => Err(SearchError::Panicked { message }.into()),
            Err(_) => Err(SearchError::Closed.into()),
        });
    }
}
