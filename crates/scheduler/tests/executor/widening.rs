//! One job on several workers.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use orchestrator_scheduler::executor::{Priority, Step};

use crate::support::{executor, probe};

#[test]
fn all_steps_of_a_widened_job_run() {
    let executor = executor(4);
    let left = AtomicUsize::new(10_000);
    let done = Arc::new(AtomicUsize::new(0));
    let job = probe({
        let done = Arc::clone(&done);
        move |context| {
            context.widen(4);
            if left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
                return Step::Done;
            }
            done.fetch_add(1, Ordering::Relaxed);
            Step::Again
        }
    });
    assert_eq!(executor.run(Priority::Interactive, job.clone()), Ok(()));
    assert_eq!(done.load(Ordering::Relaxed), 10_000);
    assert_eq!(job.finishes(), 1);
}

#[test]
fn a_widened_job_has_its_workers_at_the_same_time() {
    let executor = executor(3);
    let workers = Arc::new(Mutex::new(HashSet::new()));
    let all_here = Barrier::new(3);
    let job = probe({
        let workers = Arc::clone(&workers);
        move |context| {
            context.widen(3);
            // Passed only when three steps are in here at once.
            all_here.wait();
            workers.lock().unwrap().insert(context.worker());
            Step::Done
        }
    });
    assert_eq!(executor.run(Priority::Background, job.clone()), Ok(()));
    assert_eq!(*workers.lock().unwrap(), HashSet::from([0, 1, 2]));
    assert_eq!(job.steps(), 3);
    // Its tickets lay in the deque of the worker that began it; the others had to steal.
    assert_eq!(executor.metrics().steals, 2);
}

#[test]
fn a_job_has_no_more_workers_than_it_asked_for_or_than_there_are() {
    for (threads, width, most) in [(4, 2, 2), (2, 100, 2), (4, 0, 1), (4, 1, 1)] {
        let executor = executor(threads);
        let left = AtomicUsize::new(2000);
        let here = AtomicUsize::new(0);
        let most_here = Arc::new(AtomicUsize::new(0));
        let job = probe({
            let most_here = Arc::clone(&most_here);
            move |context| {
                most_here.fetch_max(here.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                context.widen(width);
                std::thread::yield_now();
                here.fetch_sub(1, Ordering::SeqCst);
                let taken = left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
                if taken.is_ok() { Step::Again } else { Step::Done }
            }
        });
        assert_eq!(executor.run(Priority::Interactive, job.clone()), Ok(()));
        assert!(most_here.load(Ordering::SeqCst) <= most, "{threads} threads, widened to {width}");
        // Each ticket ends with a step that finds nothing, but widens: its successors end with their first step.
        assert!((2001..=2000 + most * most).contains(&job.steps()), "{} steps", job.steps());
    }
}

#[test]
fn a_job_gets_company_again_after_a_ticket_was_retired() {
    let executor = executor(2);
    let first_meeting = Barrier::new(2);
    let met = AtomicBool::new(false);
    let (in_step, met_again) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
    let job = probe({
        let met_again = Arc::clone(&met_again);
        move |context| {
            if !met.load(Ordering::SeqCst) {
                context.widen(2);
                // Both are here; then one leaves for good, and the other goes on.
                let stays = first_meeting.wait().is_leader();
                met.store(true, Ordering::SeqCst);
                return if stays { Step::Again } else { Step::Done };
            }
            // The ticket of the one that left may be retired a moment later: ask each time, as a producer does.
            context.widen(2);
            if in_step.fetch_add(1, Ordering::SeqCst) == 1 {
                met_again.store(true, Ordering::SeqCst);
            }
            std::thread::yield_now();
            in_step.fetch_sub(1, Ordering::SeqCst);
            if met_again.load(Ordering::SeqCst) { Step::Done } else { Step::Again }
        }
    });
    executor.submit(Priority::Interactive, job.clone()).unwrap();
    assert_eq!(job.ended(), Ok(()));
    assert!(met_again.load(Ordering::SeqCst));
}

#[test]
fn a_job_that_widens_in_each_step_still_ends() {
    // Found by the stress test: each ticket was replaced by its last step, for ever.
    let executor = executor(4);
    for _ in 0..500 {
        let job = probe(|context| {
            context.widen(4);
            Step::Done
        });
        assert_eq!(executor.run(Priority::Interactive, job.clone()), Ok(()));
        assert_eq!(job.steps(), 4);
    }
}

#[test]
fn a_worker_that_was_asked_for_may_ask_in_its_first_step() {
    let executor = executor(3);
    let steps = AtomicUsize::new(0);
    let (two_here, three_here) = (Barrier::new(2), Barrier::new(3));
    let job = probe(move |context| match steps.fetch_add(1, Ordering::SeqCst) {
        0 => {
            context.widen(2);
            two_here.wait();
            Step::Again
        }
        // The second worker asks for the third.
        1 => {
            two_here.wait();
            context.widen(3);
            Step::Again
        }
        _ => {
            three_here.wait();
            Step::Done
        }
    });
    assert_eq!(executor.run(Priority::Interactive, job.clone()), Ok(()));
    assert_eq!(job.steps(), 5);
}
