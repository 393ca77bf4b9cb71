//! Who goes before whom, counted in steps.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use orchestrator_scheduler::executor::{Executor, Priority, Step};

use crate::support::{Door, executor, probe, wait_until};

const THREADS: usize = 2;

/// Steps that each worker has begun of a huge job.
///
/// Counted for each worker by itself: while the system keeps one of them off its processor, with the small call in its
/// hands, the others rightly go on.
type Begun = Arc<[AtomicUsize; THREADS]>;

fn read(begun: &Begun) -> [usize; THREADS] {
    begun.each_ref().map(|steps| steps.load(Ordering::SeqCst))
}

/// Starts a job on all workers, in steps of 1 ms, which goes on until the returned function is called.
fn start_huge(executor: &Executor, priority: Priority) -> (Begun, impl FnOnce()) {
    let begun = Begun::default();
    let stop = Arc::new(AtomicBool::new(false));
    let job = probe({
        let (begun, stop) = (Arc::clone(&begun), Arc::clone(&stop));
        move |context| {
            begun[context.worker()].fetch_add(1, Ordering::SeqCst);
            context.widen(THREADS);
            thread::sleep(Duration::from_millis(1));
            if stop.load(Ordering::SeqCst) { Step::Done } else { Step::Again }
        }
    });
    executor.submit(priority, job.clone()).unwrap();
    wait_until("it runs on all workers", || read(&begun).iter().all(|steps| *steps > 1));
    let end = move || {
        stop.store(true, Ordering::SeqCst);
        assert_eq!(job.ended(), Ok(()));
    };
    (begun, end)
}

/// Submits a call of one step. The returned function waits for it, and gives how many steps of the huge job its worker
/// began after it was submitted and before it began.
fn submit_small(executor: &Executor, begun: &Begun) -> impl FnOnce() -> usize + use<> {
    let at_start = Arc::new(Mutex::new(None));
    let job = probe({
        let (at_start, begun) = (Arc::clone(&at_start), Arc::clone(begun));
        move |context| {
            *at_start.lock().unwrap() = Some((context.worker(), read(&begun)));
            Step::Done
        }
    });
    executor.submit(Priority::Interactive, job.clone()).unwrap();
    let submitted = read(begun);
    move || {
        assert_eq!(job.ended(), Ok(()));
        let (worker, at_start) = at_start.lock().unwrap().take().unwrap();
        at_start[worker].saturating_sub(submitted[worker])
    }
}

/// Steps of other calls that a worker may begin before a new call: it may just have taken one when the call was
/// submitted, and may owe one after eight new calls in succession.
const BYPASS: usize = 2;

#[test]
fn small_calls_begin_although_a_huge_one_has_all_workers() {
    for priority in [Priority::Interactive, Priority::Background] {
        let executor = executor(THREADS);
        let (begun, end) = start_huge(&executor, priority);
        for call in 0..200 {
            let waited = submit_small(&executor, &begun)();
            assert!(waited <= BYPASS, "call {call} began after {waited} steps of the huge {priority:?} one");
        }
        end();
    }
}

#[test]
fn a_burst_of_small_calls_costs_each_of_them_one_step_in_nine_of_the_huge_one() {
    let executor = executor(THREADS);
    let (begun, end) = start_huge(&executor, Priority::Interactive);
    let burst: Vec<_> = (0..200).map(|_| submit_small(&executor, &begun)).collect();
    for (before, waited) in burst.into_iter().enumerate() {
        let (waited, bound) = (waited(), BYPASS + before.div_ceil(8));
        assert!(waited <= bound, "{before} calls before it: began after {waited} steps, bound {bound}");
    }
    end();
}

#[test]
fn calls_take_turns() {
    let executor = executor(1);
    let order = Arc::new(Mutex::new(String::new()));
    let all_submitted = Door::closed();
    let jobs: Vec<_> = ['a', 'b', 'c']
        .into_iter()
        .map(|name| {
            let (order, door, left) = (Arc::clone(&order), Arc::clone(&all_submitted), AtomicUsize::new(4));
            probe(move |_| {
                door.pass();
                order.lock().unwrap().push(name);
                if left.fetch_sub(1, Ordering::Relaxed) > 1 { Step::Again } else { Step::Done }
            })
        })
        .collect();
    for job in &jobs {
        executor.submit(Priority::Interactive, job.clone()).unwrap();
    }
    all_submitted.open();
    for job in &jobs {
        assert_eq!(job.ended(), Ok(()));
    }
    assert_eq!(*order.lock().unwrap(), "abcabcabcabc");
}

#[test]
fn a_stream_of_new_calls_does_not_starve_one_that_has_begun() {
    let executor = executor(1);
    let order = Arc::new(Mutex::new(String::new()));
    let door = Door::closed();
    let long = probe({
        let (order, door, left) = (Arc::clone(&order), Arc::clone(&door), AtomicUsize::new(5));
        move |_| {
            door.pass();
            order.lock().unwrap().push('L');
            if left.fetch_sub(1, Ordering::Relaxed) > 1 { Step::Again } else { Step::Done }
        }
    });
    executor.submit(Priority::Interactive, long.clone()).unwrap();
    let stream: Vec<_> = (0..40)
        .map(|_| {
            let order = Arc::clone(&order);
            probe(move |_| {
                order.lock().unwrap().push('.');
                Step::Done
            })
        })
        .collect();
    for job in &stream {
        executor.submit(Priority::Interactive, job.clone()).unwrap();
    }
    door.open();
    for job in &stream {
        assert_eq!(job.ended(), Ok(()));
    }
    assert_eq!(long.ended(), Ok(()));
    assert_eq!(*order.lock().unwrap(), "L........L........L........L........L........");
}

#[test]
fn background_work_waits_for_all_interactive_work() {
    let executor = executor(1);
    let order = Arc::new(Mutex::new(String::new()));
    let door = Door::closed();
    let steps = |name: char, count: usize| {
        let (order, door, left) = (Arc::clone(&order), Arc::clone(&door), AtomicUsize::new(count));
        probe(move |_| {
            door.pass();
            order.lock().unwrap().push(name);
            if left.fetch_sub(1, Ordering::Relaxed) > 1 { Step::Again } else { Step::Done }
        })
    };
    let background = steps('b', 3);
    executor.submit(Priority::Background, background.clone()).unwrap();
    // It has begun, with nothing else to do, and is in its first step.
    wait_until("the background call runs", || background.steps() == 1);
    let waiting = [(Priority::Background, steps('w', 2)), (Priority::Interactive, steps('i', 9))];
    for (priority, job) in &waiting {
        executor.submit(*priority, job.clone()).unwrap();
    }
    door.open();
    assert_eq!(background.ended(), Ok(()));
    for (_, job) in &waiting {
        assert_eq!(job.ended(), Ok(()));
    }
    assert_eq!(*order.lock().unwrap(), "biiiiiiiiiwbwb");
}
