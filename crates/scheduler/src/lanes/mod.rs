//! Lanes: agent slots that take jobs by work stealing.
//!
//! A *lane* is one kind of slot (planner, worker, reviewer). Each slot owns a [Chase-Lev deque][cl] for each of
//! the four priorities; the lane has an *injector* (a FIFO queue) for each. The deques are `crossbeam-deque`'s.
//!
//! # Which job a slot gets
//!
//! 1. If a priority is *overdue* (see below), that priority's oldest job, wherever it lies.
//! 2. Otherwise, at the highest priority at which the lane has any job: the newest job of the slot's own deque
//!    (its session and files are warm); else the oldest of the injector; else the oldest job of the longest
//!    deque of the other slots, counting jobs of that priority (equal lengths: the next slot after the thief,
//!    in a circle).
//!
//! Priority goes before locality: a slot steals a critical job before it takes a normal one of its own.
//!
//! # Ageing: bounded bypass
//!
//! Each priority of a lane counts how many takes in succession passed over its oldest job, whether they served
//! another priority or a newer job of the same one (last-in-first-out starves as surely as priorities do).
//! With the count at the *pass limit* N (default [`DEFAULT_PASS_LIMIT`]) the priority is overdue, and is served
//! its oldest job next; among several, the one with the highest count goes first, then the higher priority.
//! The count returns to zero when the oldest job is handed out, by whichever rule, or when the priority has no
//! job left. If the oldest job is cancelled, its successor inherits the count.
//!
//! **Bound.** A job that is pushed while its lane holds *k* jobs of its priority is handed out by the
//! *(k + 1)(N + 4)*-th take of the lane after the push; so [`Taken::waited_takes`] `< (k + 1)(N + 4)`. Proof: the
//! oldest job of a priority is overdue after N takes. From then on each of the other three priorities goes before
//! it at most once: having been served it starts again at zero and stays behind. So the oldest job
//! is passed over at most N + 3 times, and the take after that serves it. Jobs pushed later are never older; so
//! at most *k* jobs can be the oldest before this one. Cancelling and resizing only shorten the queue.
//!
//! The price: with all priorities full, 3 of N + 4 takes go to the three lower ones, and one to the
//! oldest rather than the warmest job of the highest.
//!
//! # Slots
//!
//! A slot holds one job at a time, from `take` to `release`; a job's id is taken as long as it is queued
//! or running. The affinity of a push is a hint: if the slot no longer exists, the job goes to the injector, and
//! [`Placement`] says so. When a lane shrinks, the jobs in the deques of its removed slots go to the injector and
//! stand there by their age; a removed slot that is busy takes no more jobs, but must still be released.
//!
//! # Determinism
//!
//! Decisions depend only on the order of the calls and their arguments other than time; nothing reads a clock or
//! a random number. Timestamps feed metrics alone.
//!
//! # Concurrency
//!
//! `Lanes` is `Send + Sync`, and each call is atomic: **one mutex guards everything**, the deques included. A call
//! holds it for O(log queued + slots), `resize` for O(jobs in the lane), never across anything that waits. So the
//! deques' freedom from locks is *not* used here: an agent's job lasts seconds to minutes, and the total
//! order of decisions that the mutex gives is what makes a replay exact. What the deques do give is the discipline
//! without scanning or shifting: the owner's newest and the thief's oldest job are both O(1), and
//! it is the discipline that the executor of native threads follows without a lock.
//!
//! [cl]: https://doi.org/10.1145/1073970.1073974 "Chase, Lev: Dynamic circular work-stealing deque (SPAA 2005)"

mod error;
mod job;
mod lane;
mod metrics;
mod queue;

use std::borrow::Borrow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard};

pub use error::LaneError;
pub use job::{Placement, Priority, Source, Taken};
pub use metrics::{LaneMetrics, WAIT_BUCKETS, WaitHistogram};

use lane::{Lane, SlotFault};
use queue::Ticket;

/// How often the oldest job of a priority may be passed over before it must be served.
pub const DEFAULT_PASS_LIMIT: NonZeroU32 = NonZeroU32::new(8).expect("8 is not zero");

/// The largest number of slots in a lane.
pub const MAX_CAPACITY: usize = 1024;

/// The lanes of one engine. `J` identifies a job; a cheap clone (`u64`, `Arc<str>`) is best.
///
/// ```
/// use orchestrator_scheduler::lanes::{Lanes, Priority, Source};
///
/// let lanes = Lanes::new([("planner", 2), ("worker", 8), ("reviewer", 4)])?;
/// lanes.push("worker", "add-login", Priority::Normal, Some(3), 0)?;
/// let taken = lanes.take("worker", 5, 40)?.expect("a job is waiting");
/// assert_eq!((taken.job, taken.source, taken.waited_ms), ("add-login", Source::Stolen { from: 3 }, 40));
/// lanes.release("worker", 5, 90)?;
/// assert_eq!(lanes.metrics("worker", 90)?.busy_slot_ms, 50);
/// # Ok::<(), orchestrator_scheduler::lanes::LaneError>(())
/// ```
pub struct Lanes<J> {
    /// Position of each lane in `State::lanes`; fixed after construction, so names resolve without the lock.
    names: HashMap<String, usize>,
    state: Mutex<State<J>>,
}

struct State<J> {
    lanes: Vec<Lane<J>>,
    jobs: HashMap<J, Whereabouts>,
}

struct Whereabouts {
    lane: usize,
    phase: Phase,
}

enum Phase {
    Queued { priority: Priority, ticket: Ticket },
    Running,
}

impl<J: Clone + Eq + Hash> Lanes<J> {
    /// Builds lanes from their names and capacities, with the default pass limit.
    ///
    /// Fails with [`LaneError::DuplicateLane`] or [`LaneError::Capacity`].
    pub fn new<N: Into<String>>(lanes: impl IntoIterator<Item = (N, usize)>) -> Result<Self, LaneError> {
        Self::with_pass_limit(lanes, DEFAULT_PASS_LIMIT)
    }

    /// Builds lanes whose oldest job may be passed over `pass_limit` times (see the [module](self)).
    ///
    /// Fails with [`LaneError::DuplicateLane`] or [`LaneError::Capacity`].
    pub fn with_pass_limit<N: Into<String>>(
        lanes: impl IntoIterator<Item = (N, usize)>,
        pass_limit: NonZeroU32,
    ) -> Result<Self, LaneError> {
        let mut names = HashMap::new();
        let mut built = Vec::new();
        for (name, capacity) in lanes {
            let name = name.into();
            check_capacity(&name, capacity)?;
            match names.entry(name) {
                Entry::Occupied(taken) => return Err(LaneError::DuplicateLane { lane: taken.key().clone() }),
                Entry::Vacant(free) => free.insert(built.len()),
            };
            built.push(Lane::new(capacity, pass_limit));
        }
        Ok(Self { names, state: Mutex::new(State { lanes: built, jobs: HashMap::new() }) })
    }

    /// Queues a job, in the deque of the slot `affinity` or else in the lane's injector.
    ///
    /// Fails with [`LaneError::UnknownLane`], or with [`LaneError::DuplicateJob`] while a job of this id is queued or
    /// running in any lane.
    pub fn push(
        &self,
        lane: &str,
        job: J,
        priority: Priority,
        affinity: Option<usize>,
        now_ms: u64,
    ) -> Result<Placement, LaneError> {
        let index = self.lane_index(lane)?;
        let State { lanes, jobs } = &mut *self.lock()?;
        match jobs.entry(job) {
            Entry::Occupied(known) => Err(LaneError::DuplicateJob { lane: self.name_of(known.get().lane) }),
            Entry::Vacant(free) => {
                let (ticket, place) = lanes[index].push(free.key().clone(), priority, affinity, now_ms);
                free.insert(Whereabouts { lane: index, phase: Phase::Queued { priority, ticket } });
                Ok(place)
            }
        }
    }

    /// Hands the slot its next job and marks it busy; `None` (and the slot stays idle) if the lane has no job.
    ///
    /// Fails with [`LaneError::UnknownLane`], [`LaneError::UnknownSlot`] or [`LaneError::SlotBusy`].
    pub fn take(&self, lane: &str, slot: usize, now_ms: u64) -> Result<Option<Taken<J>>, LaneError> {
        let index = self.lane_index(lane)?;
        let State { lanes, jobs } = &mut *self.lock()?;
        let taken = lanes[index]
            .take(slot, now_ms)
            .map_err(|fault| slot_error(&fault, lane, slot, lanes[index].capacity()))?;
        if let Some(whereabouts) = taken.as_ref().and_then(|taken| jobs.get_mut(&taken.job)) {
            whereabouts.phase = Phase::Running;
        }
        Ok(taken)
    }

    /// Ends the slot's job, marks the slot idle and returns the job, whose id may now be pushed again.
    ///
    /// Fails with [`LaneError::UnknownLane`], [`LaneError::UnknownSlot`] or [`LaneError::SlotIdle`].
    pub fn release(&self, lane: &str, slot: usize, now_ms: u64) -> Result<J, LaneError> {
        let index = self.lane_index(lane)?;
        let State { lanes, jobs } = &mut *self.lock()?;
        let job = lanes[index]
            .release(slot, now_ms)
            .map_err(|fault| slot_error(&fault, lane, slot, lanes[index].capacity()))?;
        jobs.remove(&job);
        Ok(job)
    }

    /// Withdraws a queued job: after `true` it will not be handed out, and its id may be pushed again. `false`
    /// if it is not queued: already handed out, or never pushed.
    pub fn cancel<Q>(&self, job: &Q) -> Result<bool, LaneError>
    where
        J: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let State { lanes, jobs } = &mut *self.lock()?;
        let Some(&Whereabouts { lane, phase: Phase::Queued { priority, ticket } }) = jobs.get(job) else {
            return Ok(false);
        };
        jobs.remove(job);
        lanes[lane].cancel(priority, ticket);
        Ok(true)
    }

    /// Changes the number of slots of a lane while it runs, and returns the previous number.
    ///
    /// Fails with [`LaneError::UnknownLane`] or [`LaneError::Capacity`].
    pub fn resize(&self, lane: &str, capacity: usize, now_ms: u64) -> Result<usize, LaneError> {
        check_capacity(lane, capacity)?;
        self.with_lane(lane, |lane| {
            let previous = lane.capacity();
            lane.resize(capacity, now_ms);
            previous
        })
    }

    /// Slots that may take a job now, in the order in which to offer them: those whose own deques hold jobs
    /// first, so that a job is not stolen from a slot that is just about to ask.
    pub fn idle_slots(&self, lane: &str) -> Result<Vec<usize>, LaneError> {
        self.with_lane(lane, |lane| lane.idle_slots())
    }

    /// Jobs that wait in the lane; neither cancelled nor running ones count.
    pub fn len(&self, lane: &str) -> Result<usize, LaneError> {
        self.with_lane(lane, |lane| lane.len())
    }

    /// A reading of the lane, with slot time accounted for up to `now_ms`.
    pub fn metrics(&self, lane: &str, now_ms: u64) -> Result<LaneMetrics, LaneError> {
        self.with_lane(lane, |lane| lane.metrics(now_ms))
    }

    fn with_lane<R>(&self, lane: &str, call: impl FnOnce(&mut Lane<J>) -> R) -> Result<R, LaneError> {
        let index = self.lane_index(lane)?;
        Ok(call(&mut self.lock()?.lanes[index]))
    }

    fn lock(&self) -> Result<MutexGuard<'_, State<J>>, LaneError> {
        self.state.lock().map_err(|_| LaneError::Poisoned)
    }

    fn lane_index(&self, lane: &str) -> Result<usize, LaneError> {
        self.names.get(lane).copied().ok_or_else(|| LaneError::UnknownLane { lane: lane.to_owned() })
    }

    fn name_of(&self, index: usize) -> String {
        self.names.iter().find(|(_, at)| **at == index).map(|(name, _)| name.clone()).unwrap_or_default()
    }
}

fn check_capacity(lane: &str, requested: usize) -> Result<(), LaneError> {
    if (1..=MAX_CAPACITY).contains(&requested) {
        return Ok(());
    }
    Err(LaneError::Capacity { lane: lane.to_owned(), requested, maximum: MAX_CAPACITY })
}

fn slot_error(fault: &SlotFault, lane: &str, slot: usize, capacity: usize) -> LaneError {
    let lane = lane.to_owned();
    match fault {
        SlotFault::Unknown => LaneError::UnknownSlot { lane, slot, capacity },
        SlotFault::Busy => LaneError::SlotBusy { lane, slot },
        SlotFault::Idle => LaneError::SlotIdle { lane, slot },
    }
}
