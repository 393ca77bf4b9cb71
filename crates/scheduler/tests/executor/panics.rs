//! A panic ends its call and nothing else.
//!
//! Panics are raised by `resume_unwind`, which does not write to standard error.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Barrier};

use orchestrator_scheduler::executor::{Executor, Job, JobError, Priority, RunError, Step, StepContext};

use crate::support::{Ended, executor, probe, wait_until};

/// All workers still serve calls.
fn assert_alive(executor: &Executor) {
    let all_here = Barrier::new(executor.threads());
    let job = probe(move |context| {
        context.widen(usize::MAX);
        all_here.wait();
        Step::Done
    });
    assert_eq!(executor.run(Priority::Background, job), Ok(()));
}

#[test]
fn a_panic_in_a_step_ends_the_call_with_its_message() {
    struct DropBomb;
    impl Drop for DropBomb {
        fn drop(&mut self) {
            resume_unwind(Box::new("dropped"));
        }
    }
    type Payload = fn() -> Box<dyn Any + Send>;
    let payloads: [(Payload, &str); 4] = [
        (|| Box::new("a literal"), "a literal"),
        (|| Box::new(String::from("a string")), "a string"),
        (|| Box::new(7), "a panic without a message"),
        (|| Box::new(DropBomb), "a panic without a message"),
    ];
    let executor = executor(2);
    for (payload, message) in payloads {
        let job = probe(move |_| resume_unwind(payload()));
        let ended = executor.run(Priority::Interactive, job.clone());
        assert_eq!(ended, Err(RunError::Panicked { message: message.into() }));
        assert_eq!((job.steps(), job.finishes()), (1, 1));
    }
    assert_alive(&executor);
    let metrics = executor.metrics();
    assert_eq!((metrics.finished, metrics.panicked, metrics.finish_panics), (5, 4, 0));
}

#[test]
fn after_a_panic_no_step_of_the_call_begins() {
    let executor = executor(3);
    let all_here = Barrier::new(3);
    let job = probe({
        let executor = executor.clone();
        move |context| {
            context.widen(3);
            all_here.wait();
            if context.worker() == 1 {
                resume_unwind(Box::new("the second worker"));
            }
            // The panic is known to the executor before these steps end: what they ask for is not done.
            wait_until("the panic is counted", || executor.metrics().panicked == 1);
            context.widen(3);
            Step::Again
        }
    });
    executor.submit(Priority::Interactive, job.clone()).unwrap();
    assert_eq!(job.ended(), Err(JobError::Panicked { message: "the second worker".into() }));
    assert_alive(&executor);
    assert_eq!((job.steps(), job.finishes()), (3, 1));
}

#[test]
fn a_panic_in_finish_is_counted_and_goes_no_further() {
    struct Rude;
    impl Job for Rude {
        fn step(&self, _: &StepContext<'_>) -> Step {
            Step::Done
        }
        fn finish(&self, _: Ended) {
            resume_unwind(Box::new("finish"));
        }
    }
    let executor = executor(2);
    executor.submit(Priority::Interactive, Arc::new(Rude)).unwrap();
    assert_eq!(executor.run(Priority::Interactive, Arc::new(Rude)), Ok(()));
    wait_until("both are counted", || executor.metrics().finish_panics == 2);
    assert_alive(&executor);
    assert_eq!(executor.metrics().panicked, 0);
}

#[test]
fn a_panic_in_the_drop_of_a_job_goes_no_further() {
    struct Bomb;
    impl Job for Bomb {
        fn step(&self, _: &StepContext<'_>) -> Step {
            Step::Done
        }
        fn finish(&self, _: Ended) {}
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            resume_unwind(Box::new("drop"));
        }
    }
    let executor = executor(1);
    executor.submit(Priority::Interactive, Arc::new(Bomb)).unwrap();
    wait_until("it is counted", || executor.metrics().finish_panics == 1);
    assert_alive(&executor);
}

#[test]
fn to_run_on_a_worker_is_refused_by_a_panic() {
    let executor = executor(1);
    let inner = executor.clone();
    let job = probe(move |_| {
        let _ = inner.run(Priority::Interactive, probe(|_| Step::Done));
        Step::Done
    });
    let message = "Executor::run was called on a worker thread".into();
    assert_eq!(executor.run(Priority::Interactive, job.clone()), Err(RunError::Panicked { message }));
    assert_eq!(job.begun.load(Ordering::SeqCst), 1);
}
