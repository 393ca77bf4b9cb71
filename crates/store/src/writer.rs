//! The thread that writes, and group commit.
//!
//! Whatever changes the store is a job for this thread. It takes all jobs that wait, runs them one after another in
//! one SQLite transaction, and syncs once for all of them: while it waits for the disk, the next group gathers. Each
//! job sees what the jobs before it have written, just as if each had been committed by itself, and gets its own
//! revision; none is acknowledged before the sync.
//!
//! A job that refuses (a conflict, a lost lease) has written nothing and leaves its group alone. One that fails after
//! it wrote has met a disk or a file that fails: then nothing of the group is kept.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::beside::HeadNote;
use crate::turnstile::Turnstile;
use crate::watch::Watches;
use crate::{Clock, Head, StoreError, schema};

/// The most jobs in one transaction: what is in it waits for the slowest.
const MAX_GROUP: usize = 512;
/// The longest time that jobs are waited for.
const LONGEST_GATHER: Duration = Duration::from_millis(5);
/// How often commits of other processes are looked for while somebody waits for one.
const POLL: Duration = Duration::from_millis(10);

/// The writing thread of a store.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
    watches: Watches,
}

/// What the thread writes with.
pub(crate) struct Tools {
    pub(crate) connection: Connection,
    pub(crate) turnstile: Option<Turnstile>,
    pub(crate) note: Option<HeadNote>,
    pub(crate) clock: Clock,
    pub(crate) busy_timeout: Duration,
}

/// What a job works with.
pub(crate) struct Writing<'a> {
    pub(crate) connection: &'a Connection,
    /// The time, read under the lock so that times follow the order of commits as far as the clock does.
    pub(crate) now_ms: u64,
    /// The newest commit, of this group too. It is written when the group ends.
    pub(crate) head: Head,
}

/// Something to be done in a transaction. `run` answers whether it succeeded; `finish` hands the result over, or
/// the error that the whole group met.
trait Job: Send {
    fn run(&mut self, writing: &mut Writing<'_>) -> bool;
    fn finish(self: Box<Self>, group: Result<(), StoreError>);
}

struct Pending<T, W, D> {
    work: Option<W>,
    result: Option<Result<T, StoreError>>,
    done: D,
}

impl<T, W, D> Job for Pending<T, W, D>
where
    T: Send,
    W: FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send,
    D: FnOnce(Result<T, StoreError>) + Send,
{
    fn run(&mut self, writing: &mut Writing<'_>) -> bool {
        self.result = self.work.take().map(|work| work(writing));
        matches!(self.result, Some(Ok(_)))
    }

    fn finish(self: Box<Self>, group: Result<(), StoreError>) {
        let result = match (self.result, group) {
            // What a job met itself says more than what became of the group.
            (Some(Err(error)), _) | (Some(Ok(_)) | None, Err(error)) => Err(error),
            (Some(Ok(result)), Ok(())) => Ok(result),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        (self.done)(result);
    }
}

impl Writer {
    pub(crate) fn start(tools: Tools) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared { queue: Mutex::default(), wake: Condvar::new() });
        let of_thread = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name("store-writer".into()).spawn(move || of_thread.work(tools))?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Queues work; `done` gets its result on the writing thread, and so must be quick.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) {
        let mut queue = self.shared.queue();
        if queue.closed {
            drop(queue);
            return done(Err(StoreError::Closed));
        }
        queue.jobs.push_back(Box::new(Pending { work: Some(work), result: None, done }));
        drop(queue);
        self.shared.wake.notify_one();
    }

    /// Calls `change` with the watches; the thread then looks after them.
    pub(crate) fn watches<T>(&self, change: impl FnOnce(&mut Watches) -> T) -> Result<T, StoreError> {
        let mut queue = self.shared.queue();
        if queue.closed {
            return Err(StoreError::Closed);
        }
        let changed = change(&mut queue.watches);
        drop(queue);
        self.shared.wake.notify_one();
        Ok(changed)
    }

    /// Does what is queued, and ends the thread.
    pub(crate) fn close(&self) {
        self.shared.queue().closed = true;
        self.shared.wake.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A result may be what held the store; then this is the thread itself.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, mut tools: Tools) {
        let mut last = Pace::default();
        while let Some(has_jobs) = self.wait() {
            if has_jobs {
                self.gather(&last);
                let group = self.write_group(&mut tools);
                last = Pace { jobs: group.jobs.len(), sync: group.sync };
                group.finish();
            }
            self.tell_watches(&tools.connection);
        }
        let watches = std::mem::take(&mut self.queue().watches);
        watches.close();
        tools.close();
    }

    /// Waits for something to do; `None`: nothing will come.
    fn wait(&self) -> Option<bool> {
        let mut queue = self.queue();
        loop {
            if !queue.jobs.is_empty() {
                return Some(true);
            }
            if queue.closed {
                return None;
            }
            if queue.watches.is_empty() {
                queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            } else {
                let (guard, _) = self.wake.wait_timeout(queue, POLL).unwrap_or_else(PoisonError::into_inner);
                queue = guard;
                if queue.jobs.is_empty() && !queue.closed {
                    return Some(false);
                }
            }
        }
    }

    /// Waits a little for as many jobs as there were last time: those who were just told of their commits are about to
    /// come with their next ones, and half a sync spent on waiting for them saves whole ones.
    fn gather(&self, last: &Pace) {
        let deadline = Instant::now() + last.sync.div_f64(2.0).min(LONGEST_GATHER);
        let mut queue = self.queue();
        while queue.jobs.len() < last.jobs && !queue.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = self.wake.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn tell_watches(&self, connection: &Connection) {
        if self.queue().watches.is_empty() {
            return;
        }
        let head = schema::head(connection).map(|head| head.revision);
        let due = self.queue().watches.due(&head);
        for done in due {
            done(head.clone());
        }
    }

    fn write_group(&self, tools: &mut Tools) -> Group {
        let mut group = Group { jobs: Vec::new(), outcome: Ok(()), sync: Duration::ZERO };
        let waited = self.queue().jobs.len().min(MAX_GROUP);
        let written = catch_unwind(AssertUnwindSafe(|| {
            self.run_group(tools, &mut group.jobs).map(|sync| group.sync = sync)
        }));
        group.outcome = written.unwrap_or_else(|panic| Err(internal(&*panic)));
        if group.outcome.is_err() && group.jobs.is_empty() {
            // Those have waited for the whole time; who came meanwhile may try.
            group.jobs.extend(self.queue().jobs.drain(..waited));
        }
        group
    }

    /// Answers how long the commit took.
    fn run_group(&self, tools: &mut Tools, jobs: &mut Vec<Box<dyn Job>>) -> Result<Duration, StoreError> {
        let deadline = Instant::now() + tools.busy_timeout;
        let _turn = tools.turnstile.as_ref().map(|turnstile| turnstile.take(deadline)).transpose()?;
        let transaction = Transaction::new(&mut tools.connection, TransactionBehavior::Immediate)?;
        {
            let mut queue = self.queue();
            let count = queue.jobs.len().min(MAX_GROUP);
            jobs.extend(queue.jobs.drain(..count));
        }
        let first = schema::head(&transaction)?;
        let mut writing = Writing { connection: &transaction, now_ms: tools.clock.now_ms(), head: first };
        for job in jobs.iter_mut() {
            let changes = transaction.total_changes();
            if !job.run(&mut writing)
                && (transaction.is_autocommit() || transaction.total_changes() != changes)
            {
                return Err(StoreError::Io {
                    detail: "nothing was written, because another commit of its group failed".into(),
                    sqlite_code: None,
                });
            }
        }
        let head = writing.head;
        if head != first {
            schema::set_head(&transaction, &head)?;
        }
        let begun = Instant::now();
        transaction.commit()?;
        let sync = begun.elapsed();
        if let Some(note) = &mut tools.note {
            // It is durable whether it could be noted or not.
            let _ = note.raise(head.revision);
        }
        Ok(sync)
    }
}

struct Group {
    jobs: Vec<Box<dyn Job>>,
    outcome: Result<(), StoreError>,
    /// How long its commit took.
    sync: Duration,
}

/// What the last group was like.
#[derive(Default)]
struct Pace {
    jobs: usize,
    sync: Duration,
}

impl Group {
    fn finish(self) {
        for job in self.jobs {
            let outcome = self.outcome.clone();
            // Somebody else's code must not end the thread that all others wait for.
            let _ = catch_unwind(AssertUnwindSafe(|| job.finish(outcome)));
        }
    }
}

impl Tools {
    fn close(self) {
        // Best effort, without waiting for others: what stays in the log is in the store all the same.
        let _ = self.connection.busy_timeout(Duration::ZERO);
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let _ = self.connection.close();
    }
}

fn internal(panic: &(dyn Any + Send)) -> StoreError {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    StoreError::Io { detail: format!("internal error: {text}"), sqlite_code: None }
}
