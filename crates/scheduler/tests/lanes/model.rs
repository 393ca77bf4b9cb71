//! The rules of the lanes once more, by plain scanning of one list; and random calls that both must answer alike.

use std::collections::HashSet;
use std::num::NonZeroU32;

use orchestrator_scheduler::lanes::{LaneError, Lanes, Placement, Priority, Source, Taken};

use crate::random::Random;

const LANE: &str = "worker";

#[derive(Clone)]
struct Waiting {
    job: u64,
    priority: Priority,
    owner: Option<usize>,
    pushed_at: u64,
    /// Takes by which the promised bound wants the job handed out.
    deadline: u64,
}

/// One lane. `queue` is in the order of pushes.
struct Model {
    queue: Vec<Waiting>,
    running: Vec<Option<u64>>,
    capacity: usize,
    passed: [u64; 4],
    limit: u64,
    takes: u64,
}

impl Model {
    fn of(&self, priority: Priority) -> impl DoubleEndedIterator<Item = &Waiting> {
        self.queue.iter().filter(move |job| job.priority == priority)
    }

    fn push(&mut self, job: u64, priority: Priority, affinity: Option<usize>) -> Placement {
        let owner = affinity.filter(|slot| *slot < self.capacity);
        let ahead = self.of(priority).count() as u64;
        let deadline = self.takes + (ahead + 1) * (self.limit + 4);
        self.queue.push(Waiting { job, priority, owner, pushed_at: self.takes, deadline });
        owner.map_or(Placement::Injector, Placement::Slot)
    }

    fn next(&self, slot: usize) -> Option<(&Waiting, bool)> {
        let waiting = |priority: &Priority| self.of(*priority).next().is_some();
        let mut overdue: Vec<_> = Priority::ALL.into_iter().filter(waiting).collect();
        overdue.retain(|priority| self.passed[*priority as usize] >= self.limit);
        overdue.sort_by_key(|priority| std::cmp::Reverse(self.passed[*priority as usize]));
        if let Some(priority) = overdue.first() {
            return self.of(*priority).next().map(|job| (job, true));
        }
        let priority = Priority::ALL.into_iter().find(waiting)?;
        let held = |owner: usize| self.of(priority).filter(|job| job.owner == Some(owner)).count();
        let own = self.of(priority).rfind(|job| job.owner == Some(slot));
        let injected = || self.of(priority).find(|job| job.owner.is_none());
        let stolen = || {
            let mut victims: Vec<_> = (1..self.capacity).map(|step| (slot + step) % self.capacity).collect();
            victims.sort_by_key(|owner| std::cmp::Reverse(held(*owner)));
            self.of(priority).find(|job| job.owner == victims.first().copied())
        };
        own.or_else(injected).or_else(stolen).map(|job| (job, false))
    }

    fn take(&mut self, slot: usize) -> Option<(Waiting, bool)> {
        let (job, aged) = self.next(slot).map(|(job, aged)| (job.clone(), aged))?;
        for priority in Priority::ALL {
            let oldest = self.of(priority).next().map(|oldest| oldest.job);
            let passed = &mut self.passed[priority as usize];
            *passed = if oldest.is_none_or(|oldest| oldest == job.job) { 0 } else { *passed + 1 };
        }
        self.remove(job.job);
        self.running[slot] = Some(job.job);
        self.takes += 1;
        Some((job, aged))
    }

    fn remove(&mut self, job: u64) -> bool {
        let before = self.queue.len();
        self.queue.retain(|waiting| waiting.job != job);
        for priority in Priority::ALL {
            if self.of(priority).next().is_none() {
                self.passed[priority as usize] = 0;
            }
        }
        before > self.queue.len()
    }

    fn resize(&mut self, capacity: usize) {
        for job in &mut self.queue {
            job.owner = job.owner.filter(|owner| *owner < capacity);
        }
        self.running.resize(self.running.len().max(capacity), None);
        self.capacity = capacity;
    }
}

/// What became of the jobs of one run.
#[derive(Default)]
pub struct Tally {
    pub pushed: usize,
    pub taken: usize,
    pub cancelled: usize,
    pub aged: usize,
    /// The largest share of its bound that any job used up.
    pub worst_share: f64,
}

struct Run {
    lanes: Lanes<u64>,
    model: Model,
    random: Random,
    now: u64,
    next_job: u64,
    seen: HashSet<u64>,
    tally: Tally,
}

/// Makes `calls` random calls with this seed, and checks each answer against the model.
pub fn agree(seed: u64, calls: usize, limit: u32) -> Tally {
    let mut random = Random::seeded(seed);
    let capacity = 1 + random.below(8);
    let mut run = Run {
        lanes: Lanes::with_pass_limit([(LANE, capacity)], NonZeroU32::new(limit).unwrap()).unwrap(),
        model: Model {
            queue: vec![],
            running: vec![None; capacity],
            capacity,
            passed: [0; 4],
            limit: u64::from(limit),
            takes: 0,
        },
        random,
        now: 0,
        next_job: 0,
        seen: HashSet::new(),
        tally: Tally::default(),
    };
    // Some seeds pile jobs up, others keep the lane near empty.
    let pushes = 3 + run.random.below(5);
    for _ in 0..calls {
        run.now += run.random.below(50) as u64;
        match run.random.below(16) {
            choice if choice < pushes => run.push(),
            15 => run.cancel(),
            14 if run.random.one_in(4) => run.resize(),
            _ => run.turn(),
        }
        assert_eq!(run.lanes.len(LANE), Ok(run.model.queue.len()), "seed {seed}");
    }
    run.empty();
    run.tally
}

impl Run {
    fn push(&mut self) {
        let priority = Priority::ALL[self.random.below(4)];
        let affinity = (!self.random.one_in(3)).then(|| self.random.below(10));
        let placement = self.lanes.push(LANE, self.next_job, priority, affinity, self.now);
        assert_eq!(placement, Ok(self.model.push(self.next_job, priority, affinity)));
        self.next_job += 1;
        self.tally.pushed += 1;
    }

    fn cancel(&mut self) {
        let job = self.random.next() % (self.next_job + 1);
        let cancelled = self.model.remove(job);
        assert_eq!(self.lanes.cancel(&job), Ok(cancelled));
        self.tally.cancelled += usize::from(cancelled);
    }

    fn resize(&mut self) {
        let capacity = 1 + self.random.below(8);
        assert_eq!(self.lanes.resize(LANE, capacity, self.now), Ok(self.model.capacity));
        self.model.resize(capacity);
    }

    /// Releases a busy slot, or lets an idle one take.
    fn turn(&mut self) {
        let slot = self.random.below(10);
        let busy = self.model.running.get(slot).copied().flatten();
        if let Some(job) = busy {
            let refused = self.lanes.take(LANE, slot, self.now).unwrap_err();
            let expected = if slot < self.model.capacity { "ERR_SLOT_BUSY" } else { "ERR_UNKNOWN_SLOT" };
            assert_eq!(refused.code(), expected);
            assert_eq!(self.lanes.release(LANE, slot, self.now), Ok(job));
            self.model.running[slot] = None;
        } else if slot < self.model.capacity {
            self.take(slot);
        } else {
            let capacity = self.model.capacity;
            let unknown = LaneError::UnknownSlot { lane: LANE.into(), slot, capacity };
            assert_eq!(self.lanes.take(LANE, slot, self.now), Err(unknown.clone()));
            assert_eq!(self.lanes.release(LANE, slot, self.now), Err(unknown));
        }
    }

    fn take(&mut self, slot: usize) -> bool {
        let expected = self.model.take(slot);
        let taken = self.lanes.take(LANE, slot, self.now).unwrap();
        let Some((job, aged)) = expected else {
            assert_eq!(taken, None);
            return false;
        };
        let Taken { waited_takes, waited_ms, .. } = taken.clone().expect("the model has a job");
        let source = match job.owner {
            None => Source::Injector,
            Some(owner) if owner == slot => Source::Local,
            Some(from) => Source::Stolen { from },
        };
        let priority = job.priority;
        assert_eq!(taken, Some(Taken { job: job.job, source, priority, aged, waited_takes, waited_ms }));
        assert_eq!(waited_takes, self.model.takes - 1 - job.pushed_at);
        assert!(self.model.takes <= job.deadline, "job {} waited past its bound", job.job);
        assert!(self.seen.insert(job.job), "job {} was handed out twice", job.job);
        #[allow(clippy::cast_precision_loss)] // Counts of takes are far below 2^53.
        let share = (waited_takes + 1) as f64 / (job.deadline - job.pushed_at) as f64;
        self.tally.worst_share = self.tally.worst_share.max(share);
        self.tally.taken += 1;
        self.tally.aged += usize::from(aged);
        true
    }

    fn empty(&mut self) {
        loop {
            for slot in 0..self.model.running.len() {
                if let Some(job) = self.model.running[slot].take() {
                    assert_eq!(self.lanes.release(LANE, slot, self.now), Ok(job));
                }
            }
            let slot = self.random.below(self.model.capacity);
            if !self.take(slot) {
                break;
            }
        }
        let Tally { pushed, taken, cancelled, .. } = self.tally;
        assert_eq!(pushed, taken + cancelled, "a job was lost");
        let metrics = self.lanes.metrics(LANE, self.now).unwrap();
        let handed_out = metrics.local_pops + metrics.injector_pops + metrics.steals;
        assert_eq!(
            (metrics.pushed, handed_out, metrics.cancelled, metrics.aged, metrics.queued, metrics.busy_slots),
            (pushed as u64, taken as u64, cancelled as u64, self.tally.aged as u64, 0, 0)
        );
    }
}
