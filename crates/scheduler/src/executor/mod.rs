//! The executor: native threads that all search and syntax work shares.
//!
//! A [`Job`] does its work in *steps* of about a millisecond. Each accepted *call* holds *tickets*; a worker
//! takes a ticket, runs one step of its call, and puts the ticket back behind its others. A call begins with
//! one ticket and asks for more workers with [`StepContext::widen`].
//!
//! # Which ticket a worker takes
//!
//! Of interactive calls, wherever one waits, before background ones; and within a priority
//!
//! 1. the call that was submitted first among those that have not begun (they wait in an [`Injector`][cb]);
//! 2. else the oldest ticket of its own [Chase-Lev deque][cl];
//! 3. else the oldest ticket of another worker's: it steals.
//!
//! Two exceptions keep this fair. A worker passes over its own tickets for new calls at most eight times in
//! succession, and then serves one of its own. And every sixteenth time that it would serve its own, it takes a
//! ticket of the worker that has most, if that has at least two more.
//!
//! **Bounds.** A new interactive call, before which no other waits, begins when each worker has ended at most
//! the step in which it is, or one more if that was its eighth new call in succession. A ticket behind *k*
//! others of its deque is stepped within 18 (*k* + 1) takes of that priority by the deque's owner: its turn
//! comes at least each ninth take, and two turns in succession never go to another worker's ticket. Background
//! calls have no bound: they starve while there is interactive work.
//!
//! # Cost
//!
//! Idle workers sleep in the kernel: no timers, no spinning. Who queues a ticket wakes a worker only if one
//! sleeps. Steps take no lock; submitting takes one that is held for a few instructions. The clock is read once
//! for each submission and once for each call that begins.
//!
//! [cb]: https://docs.rs/crossbeam-deque/latest/crossbeam_deque/struct.Injector.html
//! [cl]: https://doi.org/10.1145/1073970.1073974 "Chase, Lev: Dynamic circular work-stealing deque (SPAA 2005)"

mod admission;
mod call;
mod error;
mod job;
mod metrics;
mod park;
mod queues;
mod waiter;
mod worker;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

pub use error::{JobError, RunError, SubmitError};
pub use job::{Job, Priority, Step, StepContext};
pub use metrics::{ExecutorMetrics, QueueWait};

use admission::{Admission, Tally};
use call::Ticket;
use park::Parking;
use queues::Queues;
use waiter::Waiter;
use worker::{Desk, Shared, Worker};

/// The largest number of threads of an executor.
pub const MAX_THREADS: usize = 64;

/// Threads that [`ExecutorOptions::default`] asks for at most.
const DEFAULT_MAX_THREADS: usize = 8;

/// Stack of a worker: what a main thread has on Linux. Parsers and matchers recurse, and unused pages cost nothing.
const STACK_BYTES: usize = 8 << 20;

/// How large an executor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecutorOptions {
    /// Worker threads, `1..=`[`MAX_THREADS`]. Default: what the machine offers this process, at most 8.
    pub threads: usize,
    /// Calls that may wait or run at a time, at least 1. Default: 4096.
    pub max_calls: usize,
}

impl Default for ExecutorOptions {
    fn default() -> Self {
        let available = thread::available_parallelism().map_or(1, usize::from);
        Self { threads: available.min(DEFAULT_MAX_THREADS), max_calls: 4096 }
    }
}

/// A handle to worker threads; clones share them. See the [module](self).
///
/// The threads stop at [`shutdown`](Self::shutdown), or likewise when the last handle is dropped. A
/// job that holds a handle keeps the executor alive until it has finished.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use orchestrator_scheduler::executor::{Executor, ExecutorOptions, Job, JobError, Priority, Step, StepContext};
///
/// struct CountDown(AtomicUsize);
///
/// impl Job for CountDown {
///     fn step(&self, context: &StepContext<'_>) -> Step {
///         context.widen(2);
///         let left = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
///         if left.is_ok() { Step::Again } else { Step::Done }
///     }
///     fn finish(&self, ended: Result<(), JobError>) {
///         assert_eq!(ended, Ok(()));
///     }
/// }
///
/// let executor = Executor::new(ExecutorOptions { threads: 2, ..ExecutorOptions::default() })?;
/// let job = Arc::new(CountDown(AtomicUsize::new(1000)));
/// executor.run(Priority::Interactive, job.clone())?;
/// assert_eq!(job.0.load(Ordering::Relaxed), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Executor {
    threads: Arc<Threads>,
}

/// The threads, which end with it.
struct Threads {
    shared: Arc<Shared>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl Executor {
    /// Starts the threads.
    ///
    /// Fails with [`io::ErrorKind::InvalidInput`] for options out of range, or as the system does when it gives no
    /// more threads; none is left running then.
    pub fn new(options: ExecutorOptions) -> io::Result<Self> {
        let ExecutorOptions { threads: count, max_calls } = options;
        if !(1..=MAX_THREADS).contains(&count) || max_calls == 0 {
            let message = format!("{count} threads (1..={MAX_THREADS}), {max_calls} calls (at least 1)");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let (queues, owned) = Queues::new(count);
        let shared = Arc::new(Shared {
            admission: Admission::new(max_calls),
            queues,
            parking: Parking::new(count),
            desks: (0..count).map(|_| Desk::default()).collect(),
        });
        // Dropped on a failure half-way, which ends the threads that run already.
        let threads = Threads { shared: Arc::clone(&shared), handles: Mutex::default() };
        for own in owned {
            let name = format!("executor-{}", own.index());
            let worker = Worker::new(Arc::clone(&shared), own);
            let handle = thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(|| worker.run())?;
            threads.handles.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        }
        Ok(Self { threads: Arc::new(threads) })
    }

    /// Worker threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared().desks.len()
    }

    /// Queues a call; its job hears of the end by [`Job::finish`]. Any thread may submit, workers included.
    ///
    /// Fails with [`SubmitError::Busy`] while `max_calls` calls wait or run, and with [`SubmitError::ShutDown`].
    /// Costs an allocation, and waking a worker if one sleeps.
    pub fn submit(&self, priority: Priority, job: Arc<dyn Job>) -> Result<(), SubmitError> {
        let shared = self.shared();
        let ticket = Ticket::first(job, priority);
        shared.admission.admit(|| shared.queues.inject(ticket))?;
        shared.parking.wake(1);
        Ok(())
    }

    /// Submits a call and blocks this thread until its [`Job::finish`] has returned.
    ///
    /// Fails as [`submit`](Self::submit) does, or with what [`Job::finish`] was told.
    ///
    /// # Panics
    ///
    /// On a worker thread of this executor, where waiting for another worker could never end.
    pub fn run(&self, priority: Priority, job: Arc<dyn Job>) -> Result<(), RunError> {
        assert!(!self.shared().employs_this_thread(), "Executor::run was called on a worker thread");
        let waiter = Arc::new(Waiter::new(job));
        self.submit(priority, Arc::clone(&waiter) as Arc<dyn Job>)?;
        Ok(waiter.wait()?)
    }

    /// A reading of the counters; a few loads for each thread, and the lock of `submit`.
    #[must_use]
    pub fn metrics(&self) -> ExecutorMetrics {
        let Shared { admission, desks, .. } = &**self.shared();
        let of_workers = metrics::sum(desks.iter().map(|desk| &desk.counters));
        let Tally { submitted, refused } = admission.tally();
        ExecutorMetrics { submitted, refused, ..of_workers }
    }

    /// Stops the threads: running steps end, calls with work left finish with [`JobError::ShutDown`], and all
    /// threads have ended when this returns. Later calls are refused. Shutting down again does nothing.
    ///
    /// On a worker thread of this executor it returns at once, and the threads end by themselves.
    pub fn shutdown(&self) {
        self.threads.stop();
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.threads.shared
    }
}

impl Threads {
    fn stop(&self) {
        self.shared.close();
        if self.shared.employs_this_thread() {
            return;
        }
        // Joined under the lock, so that who comes second waits for the end as well.
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        for handle in handles.drain(..) {
            // A worker does not panic; if it did, there would be nothing left to stop.
            let _ = handle.join();
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop();
    }
}
