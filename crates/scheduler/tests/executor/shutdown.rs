//! The end of an executor. That its threads are gone is `executor_threads.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use orchestrator_scheduler::executor::{
    Executor, ExecutorOptions, JobError, Priority, RunError, Step, SubmitError,
};

use crate::support::{Door, executor, probe, wait_until};

fn is_closed(executor: &Executor) -> bool {
    executor.submit(Priority::Background, probe(|_| Step::Done)) == Err(SubmitError::ShutDown)
}

#[test]
fn running_steps_end_and_waiting_calls_hear_of_the_shutdown() {
    let executor = Executor::new(ExecutorOptions { threads: 1, max_calls: 6 }).unwrap();
    let door = Door::closed();
    let last_step = Arc::new(AtomicBool::new(false));
    let running = probe({
        let (door, last_step) = (Arc::clone(&door), Arc::clone(&last_step));
        move |context| {
            context.widen(usize::MAX);
            door.pass();
            last_step.store(true, Ordering::SeqCst);
            Step::Again
        }
    });
    executor.submit(Priority::Interactive, running.clone()).unwrap();
    wait_until("it runs", || running.steps() == 1);
    let waiting: [_; 5] = std::array::from_fn(|_| probe(|_| Step::Done));
    for (index, job) in waiting.iter().enumerate() {
        let priority = [Priority::Interactive, Priority::Background][index % 2];
        executor.submit(priority, job.clone()).unwrap();
    }
    thread::scope(|scope| {
        // Two at once: both return only when all is over.
        for _ in 0..2 {
            scope.spawn(|| {
                executor.shutdown();
                assert!(last_step.load(Ordering::SeqCst), "returned before a running step had ended");
                assert_eq!(executor.metrics().finished, 6);
            });
        }
        wait_until("it is closed", || is_closed(&executor));
        door.open();
    });
    assert_eq!((running.steps(), running.finishes()), (1, 1));
    assert_eq!(running.ended(), Err(JobError::ShutDown));
    for job in &waiting {
        assert_eq!((job.steps(), job.finishes()), (0, 1));
        assert_eq!(job.ended(), Err(JobError::ShutDown));
    }
    executor.shutdown();
    let late = executor.run(Priority::Interactive, probe(|_| Step::Done));
    assert_eq!(late, Err(RunError::ShutDown));
}

#[test]
fn a_call_whose_last_step_is_done_at_the_shutdown_has_succeeded() {
    let executor = executor(1);
    let door = Door::closed();
    let running = probe({
        let door = Arc::clone(&door);
        move |_| {
            door.pass();
            Step::Done
        }
    });
    executor.submit(Priority::Interactive, running.clone()).unwrap();
    wait_until("it runs", || running.steps() == 1);
    thread::scope(|scope| {
        scope.spawn(|| executor.shutdown());
        wait_until("it is closed", || is_closed(&executor));
        door.open();
    });
    assert_eq!(running.ended(), Ok(()));
}

#[test]
fn a_thread_that_waits_in_run_hears_of_the_shutdown() {
    let executor = executor(1);
    let job = probe(|_| Step::Again);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| executor.run(Priority::Interactive, job.clone()));
        wait_until("it runs", || job.steps() > 0);
        executor.shutdown();
        assert_eq!(waiting.join().unwrap(), Err(RunError::ShutDown));
    });
}

#[test]
fn shutdown_on_a_worker_returns_and_takes_effect() {
    let executor = executor(2);
    let inner = executor.clone();
    let job = probe(move |_| {
        inner.shutdown();
        Step::Again
    });
    executor.submit(Priority::Interactive, job.clone()).unwrap();
    assert_eq!(job.ended(), Err(JobError::ShutDown));
    assert!(is_closed(&executor));
    executor.shutdown();
}

#[test]
fn dropping_the_last_handle_ends_the_calls() {
    let executor = executor(2);
    let endless = probe(|context| {
        context.widen(2);
        Step::Again
    });
    executor.submit(Priority::Background, endless.clone()).unwrap();
    let other = executor.clone();
    drop(executor);
    wait_until("it runs, for there is another handle", || endless.steps() > 10);
    drop(other);
    assert_eq!((endless.ended(), endless.finishes()), (Err(JobError::ShutDown), 1));
}

#[test]
fn the_last_handle_may_be_dropped_by_a_worker() {
    let executor = executor(2);
    let door = Door::closed();
    let handle = std::sync::Mutex::new(Some(executor.clone()));
    let job = probe({
        let door = Arc::clone(&door);
        move |_| {
            door.pass();
            drop(handle.lock().unwrap().take());
            Step::Again
        }
    });
    executor.submit(Priority::Interactive, job.clone()).unwrap();
    drop(executor);
    door.open();
    assert_eq!(job.ended(), Err(JobError::ShutDown));
}

#[test]
fn each_accepted_call_finishes_once_however_the_shutdown_falls() {
    for round in 0..200 {
        let executor = executor(1 + round % 3);
        let accepted = AtomicUsize::new(0);
        let finished = thread::scope(|scope| {
            let submitters: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut jobs = Vec::new();
                        loop {
                            let job = probe(|context| {
                                context.widen(2);
                                Step::Done
                            });
                            match executor.submit(Priority::Interactive, job.clone()) {
                                Ok(()) => jobs.push(job),
                                Err(SubmitError::ShutDown) => return jobs,
                                Err(_) => thread::yield_now(),
                            }
                            accepted.fetch_add(1, Ordering::Relaxed);
                        }
                    })
                })
                .collect();
            wait_until("some are in", || accepted.load(Ordering::Relaxed) > 10 * (round % 5));
            executor.shutdown();
            submitters.into_iter().flat_map(|jobs| jobs.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(finished.iter().all(|job| job.finishes() == 1), "round {round}");
        let metrics = executor.metrics();
        assert_eq!((metrics.submitted, metrics.finished), (finished.len() as u64, finished.len() as u64));
    }
}
