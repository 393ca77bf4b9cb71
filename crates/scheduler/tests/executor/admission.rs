//! Who is let in, and what the counters say of it.

use std::io::ErrorKind;
use std::sync::Arc;

use orchestrator_scheduler::executor::{
    Executor, ExecutorOptions, MAX_THREADS, Priority, RunError, Step, SubmitError,
};

use crate::support::{Door, executor, probe};

#[test]
fn options_out_of_range_are_refused() {
    for (threads, max_calls) in [(0, 1), (MAX_THREADS + 1, 1), (1, 0)] {
        let refused = Executor::new(ExecutorOptions { threads, max_calls });
        assert_eq!(refused.err().map(|error| error.kind()), Some(ErrorKind::InvalidInput));
    }
    let default = ExecutorOptions::default();
    assert!((1..=8).contains(&default.threads));
    assert_eq!(default.max_calls, 4096);
}

#[test]
fn calls_beyond_the_limit_are_refused_until_one_has_finished() {
    let executor = Executor::new(ExecutorOptions { threads: 1, max_calls: 3 }).unwrap();
    let door = Door::closed();
    let jobs: [_; 3] = std::array::from_fn(|_| {
        let door = Arc::clone(&door);
        probe(move |_| {
            door.pass();
            Step::Done
        })
    });
    for job in &jobs {
        executor.submit(Priority::Background, job.clone()).unwrap();
    }
    let late = probe(|_| Step::Done);
    let busy = executor.submit(Priority::Interactive, late.clone());
    assert_eq!(busy, Err(SubmitError::Busy { max_calls: 3 }));
    let busy = executor.run(Priority::Interactive, late.clone());
    assert_eq!(busy, Err(RunError::Busy { max_calls: 3 }));
    assert_eq!(executor.metrics().refused, 2);
    door.open();
    // The place is free by the time that the job hears of its end.
    assert_eq!(jobs[0].ended(), Ok(()));
    assert_eq!(executor.run(Priority::Interactive, late.clone()), Ok(()));
    assert_eq!((late.steps(), late.finishes()), (1, 1));
}

#[test]
fn metrics_add_up() {
    let executor = executor(2);
    for _ in 0..100 {
        let left = std::sync::atomic::AtomicUsize::new(9);
        let job = probe(move |_| {
            let left = left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
            if left == 0 { Step::Done } else { Step::Again }
        });
        executor.run(Priority::Interactive, job).unwrap();
    }
    let metrics = executor.metrics();
    assert_eq!((metrics.threads, executor.threads()), (2, 2));
    assert_eq!((metrics.submitted, metrics.finished, metrics.refused), (100, 100, 0));
    assert_eq!((metrics.panicked, metrics.finish_panics), (0, 0));
    assert_eq!((metrics.steps, metrics.injector_pops), (1000, 100));
    assert_eq!(metrics.local_pops + metrics.steals, 900);
    assert_eq!(metrics.queue_wait.count, 100);
    assert!(metrics.queue_wait.mean <= metrics.queue_wait.max);
    assert!(!metrics.queue_wait.max.is_zero());
}
