//! What the workers count.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::queues::Source;

/// A reading of the counters since the start. Readings of a busy executor are not one moment's: each counter is
/// exact, but one may be ahead of another; only that `finished` is never ahead of `submitted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExecutorMetrics {
    /// Worker threads.
    pub threads: usize,
    /// Calls that were accepted; `submitted - finished` wait or run.
    pub submitted: u64,
    /// Calls that have ended, in whatever way. Counted just before [`Job::finish`](super::Job::finish) is called.
    pub finished: u64,
    /// Of the finished calls, those that a panic of a step ended.
    pub panicked: u64,
    /// Panics of [`Job::finish`](super::Job::finish) (or of dropping the job after it).
    pub finish_panics: u64,
    /// Submissions that were refused, busy or shut down.
    pub refused: u64,
    /// Steps that have begun: `local_pops + injector_pops + steals`.
    pub steps: u64,
    /// Steps whose ticket came from the worker's own deque.
    pub local_pops: u64,
    /// Steps whose ticket came from an injector: the first step of each call.
    pub injector_pops: u64,
    /// Steps whose ticket came from the deque of another worker.
    pub steals: u64,
    /// Times that a worker went to sleep.
    pub parks: u64,
    /// How long calls waited for their first step.
    pub queue_wait: QueueWait,
}

/// Time from the submission of a call to its first step, over all calls that have begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueWait {
    /// Calls that have begun.
    pub count: u64,
    /// Zero if none has.
    pub mean: Duration,
    /// The longest wait.
    pub max: Duration,
}

/// What one worker counts. Only that worker writes, so that counting needs no read-modify-write instruction.
#[derive(Default)]
pub(super) struct Counters {
    own: AtomicU64,
    injected: AtomicU64,
    stolen: AtomicU64,
    finished: AtomicU64,
    panicked: AtomicU64,
    finish_panics: AtomicU64,
    parks: AtomicU64,
    wait_sum_ns: AtomicU64,
    wait_max_ns: AtomicU64,
}

impl Counters {
    pub fn count_step(&self, source: Source) {
        add(
            match source {
                Source::Own => &self.own,
                Source::Injector => &self.injected,
                Source::Stolen => &self.stolen,
            },
            1,
        );
    }

    pub fn count_wait(&self, wait: Duration) {
        let nanoseconds = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        add(&self.wait_sum_ns, nanoseconds);
        let max = self.wait_max_ns.load(Ordering::Relaxed).max(nanoseconds);
        self.wait_max_ns.store(max, Ordering::Relaxed);
    }

    pub fn count_finished(&self) {
        add(&self.finished, 1);
    }

    pub fn count_panicked(&self) {
        add(&self.panicked, 1);
    }

    pub fn count_finish_panic(&self) {
        add(&self.finish_panics, 1);
    }

    pub fn count_park(&self) {
        add(&self.parks, 1);
    }
}

fn add(counter: &AtomicU64, amount: u64) {
    // Release, for `sum`: who reads the count sees what came before it.
    counter.store(counter.load(Ordering::Relaxed).saturating_add(amount), Ordering::Release);
}

/// Adds the workers' counters up. The submissions are not theirs, and to be read after this.
pub(super) fn sum<'a>(workers: impl ExactSizeIterator<Item = &'a Counters>) -> ExecutorMetrics {
    let read = |counter: &AtomicU64| counter.load(Ordering::Acquire);
    let mut metrics = ExecutorMetrics { threads: workers.len(), ..Default::default() };
    let mut wait_sum_ns = 0_u64;
    let mut wait_max_ns = 0_u64;
    for counters in workers {
        metrics.local_pops += read(&counters.own);
        metrics.injector_pops += read(&counters.injected);
        metrics.steals += read(&counters.stolen);
        metrics.finished += read(&counters.finished);
        metrics.panicked += read(&counters.panicked);
        metrics.finish_panics += read(&counters.finish_panics);
        metrics.parks += read(&counters.parks);
        wait_sum_ns = wait_sum_ns.saturating_add(read(&counters.wait_sum_ns));
        wait_max_ns = wait_max_ns.max(read(&counters.wait_max_ns));
    }
    metrics.steps = metrics.local_pops + metrics.injector_pops + metrics.steals;
    metrics.queue_wait = QueueWait {
        count: metrics.injector_pops,
        mean: Duration::from_nanos(wait_sum_ns.checked_div(metrics.injector_pops).unwrap_or(0)),
        max: Duration::from_nanos(wait_max_ns),
    };
    metrics
}
