//! What the executor's threads cost: nothing while idle, and none is left when it is gone.
//!
//! One test, in a process of its own: it looks at all threads of the process.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // In a test, a failed unwrap is the report.

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_scheduler::executor::{
    Executor, ExecutorOptions, Job, JobError, Priority, Step, StepContext,
};

const THREADS: usize = 4;

struct Once;

impl Job for Once {
    fn step(&self, context: &StepContext<'_>) -> Step {
        context.widen(THREADS);
        Step::Done
    }
    fn finish(&self, _: Result<(), JobError>) {}
}

/// Holds a handle until it finishes: the last one, as the test has it.
struct Last(Mutex<Option<Executor>>);

impl Job for Last {
    fn step(&self, _: &StepContext<'_>) -> Step {
        thread::sleep(Duration::from_millis(5));
        Step::Done
    }
    fn finish(&self, _: Result<(), JobError>) {
        self.0.lock().unwrap().take();
    }
}

/// What the kernel says of one worker thread.
#[derive(Debug, PartialEq)]
struct Usage {
    /// How often the thread was taken off a processor, of itself or not.
    switches: u64,
    /// Processor time in clock ticks (10 ms as a rule).
    ticks: u64,
}

/// The usage of all worker threads of this process.
fn workers() -> Vec<Usage> {
    let mut usages = Vec::new();
    for task in fs::read_dir("/proc/self/task").unwrap() {
        // A thread may end while we look at it.
        let read = |file| fs::read_to_string(task.as_ref().unwrap().path().join(file));
        let (Ok(name), Ok(stat), Ok(status)) = (read("comm"), read("stat"), read("status")) else { continue };
        if !name.starts_with("executor-") {
            continue;
        }
        let switches = status.lines().filter(|line| line.contains("ctxt_switches"));
        let switches = switches.map(|line| line.split_whitespace().last().unwrap().parse::<u64>().unwrap());
        // proc(5): utime and stime are fields 14 and 15; the third follows the name in brackets.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks = fields[11..=12].iter().map(|field| field.parse::<u64>().unwrap());
        usages.push(Usage { switches: switches.sum(), ticks: ticks.sum() });
    }
    usages
}

fn wait_for_workers(count: usize) {
    let start = Instant::now();
    while workers().len() != count {
        assert!(start.elapsed() < Duration::from_mins(1), "{} threads, not {count}", workers().len());
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until the workers have not run for a while, and gives their usage then.
fn at_rest() -> Vec<Usage> {
    let start = Instant::now();
    loop {
        let before = workers();
        thread::sleep(Duration::from_millis(20));
        if workers() == before {
            return before;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "the workers do not come to rest");
    }
}

fn start() -> Executor {
    let executor = Executor::new(ExecutorOptions { threads: THREADS, max_calls: 100 }).unwrap();
    for _ in 0..100 {
        executor.run(Priority::Interactive, Arc::new(Once)).unwrap();
    }
    executor
}

#[test]
fn idle_workers_do_not_run_and_stopped_ones_are_gone() {
    assert_eq!(workers().len(), 0);

    let executor = start();
    wait_for_workers(THREADS);
    let before = at_rest();
    thread::sleep(Duration::from_millis(300));
    // Not once in 300 ms did the kernel switch to one of them.
    assert_eq!(workers(), before);

    let other = executor.clone();
    drop(executor);
    assert_eq!(workers().len(), THREADS, "another handle is left");
    other.run(Priority::Background, Arc::new(Once)).unwrap();
    drop(other);
    wait_for_workers(0);

    let executor = start();
    executor.shutdown();
    wait_for_workers(0);
    drop(executor);

    // Dropped by a worker, which cannot wait for itself.
    let executor = start();
    let handle = executor.clone();
    executor.submit(Priority::Interactive, Arc::new(Last(Mutex::new(Some(handle))))).unwrap();
    drop(executor);
    wait_for_workers(0);
}
