//! One lane: its slots, its injector, and the decision which job goes to which slot.

mod choice;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crossbeam_deque::Injector;

use super::job::{Placement, Priority, Source, Taken};
use super::metrics::{LaneMetrics, SlotTime};
use super::queue::{Entry, Queue, SlotDeque, Ticket};
use choice::{Choice, End};

const LEVELS: usize = Priority::ALL.len();

/// The jobs of one priority in one lane.
struct Level<J> {
    injector: Queue<Injector<Entry<J>>>,
    /// The jobs that wait at this level, oldest first: which deque holds each, and since when. A deque entry
    /// without a record here is stale.
    waiting: BTreeMap<Ticket, Waiting>,
    /// How often in succession the oldest of `waiting` (or one that was oldest before it and was cancelled) was
    /// passed over. Zero while nothing waits.
    passed_over: u64,
}

struct Waiting {
    place: Placement,
    takes_at_push: u64,
    pushed_ms: u64,
}

struct Slot<J> {
    deques: [Queue<SlotDeque<J>>; LEVELS],
    running: Option<J>,
}

/// Why a slot cannot do what was asked of it.
pub(super) enum SlotFault {
    Unknown,
    Busy,
    Idle,
}

pub(super) struct Lane<J> {
    levels: [Level<J>; LEVELS],
    /// The first `capacity` may take jobs; those after it were removed while busy and wait for their release.
    slots: Vec<Slot<J>>,
    capacity: usize,
    pass_limit: u64,
    next_ticket: Ticket,
    takes: u64,
    time: SlotTime,
    counts: LaneMetrics,
}

impl<J> Lane<J> {
    pub fn new(capacity: usize, pass_limit: NonZeroU32) -> Self {
        Self {
            levels: std::array::from_fn(|_| Level {
                injector: Queue::default(),
                waiting: BTreeMap::new(),
                passed_over: 0,
            }),
            slots: (0..capacity).map(|_| Slot::new()).collect(),
            capacity,
            pass_limit: u64::from(pass_limit.get()),
            next_ticket: 0,
            takes: 0,
            time: SlotTime::default(),
            counts: LaneMetrics::default(),
        }
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn len(&self) -> usize {
        self.levels.iter().map(|level| level.waiting.len()).sum()
    }

    pub fn push(
        &mut self,
        job: J,
        priority: Priority,
        affinity: Option<usize>,
        now_ms: u64,
    ) -> (Ticket, Placement) {
        let pushed_ms = self.advance(now_ms);
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let place = match affinity {
            Some(slot) if slot < self.capacity => Placement::Slot(slot),
            _ => Placement::Injector,
        };
        let level = &mut self.levels[priority.index()];
        level.waiting.insert(ticket, Waiting { place, takes_at_push: self.takes, pushed_ms });
        match place {
            Placement::Injector => level.injector.push(Entry { ticket, job }),
            Placement::Slot(slot) => self.slots[slot].deques[priority.index()].push(Entry { ticket, job }),
        }
        self.counts.pushed += 1;
        (ticket, place)
    }

    /// Takes the job out of the race; its deque entry goes when somebody meets it.
    pub fn cancel(&mut self, priority: Priority, ticket: Ticket) {
        let level = &mut self.levels[priority.index()];
        let Some(cancelled) = level.waiting.remove(&ticket) else { return };
        let Level { injector, waiting, passed_over } = level;
        let is_live = |ticket| waiting.contains_key(&ticket);
        match cancelled.place {
            Placement::Injector => injector.forget_one(is_live),
            Placement::Slot(slot) => self.slots[slot].deques[priority.index()].forget_one(is_live),
        }
        if waiting.is_empty() {
            *passed_over = 0;
        }
        self.counts.cancelled += 1;
    }

    /// Slots that may take a job now: first those whose own deques hold one, then the others, by index.
    pub fn idle_slots(&self) -> Vec<usize> {
        let (owners, others): (Vec<_>, Vec<_>) = (0..self.capacity)
            .filter(|&index| self.slots[index].running.is_none())
            .partition(|&index| self.slots[index].deques.iter().any(|deque| deque.len() > 0));
        [owners, others].concat()
    }

    /// Sets the number of slots. Jobs of a removed slot go to the injector, where they stand by their age.
    pub fn resize(&mut self, capacity: usize, now_ms: u64) {
        self.advance(now_ms);
        for index in capacity..self.capacity {
            self.evacuate(index);
        }
        self.capacity = capacity;
        while self.slots.len() < capacity {
            self.slots.push(Slot::new());
        }
        self.drop_released_slots();
    }

    pub fn metrics(&mut self, now_ms: u64) -> LaneMetrics {
        self.advance(now_ms);
        LaneMetrics {
            queued: self.len(),
            busy_slots: self.busy(),
            capacity: self.capacity,
            busy_slot_ms: self.time.busy,
            slot_ms: self.time.existing,
            ..self.counts
        }
    }

    /// Ends the slot's job and returns it.
    pub fn release(&mut self, slot: usize, now_ms: u64) -> Result<J, SlotFault> {
        let fault = if slot < self.capacity { SlotFault::Idle } else { SlotFault::Unknown };
        if self.slots.get(slot).is_none_or(|slot| slot.running.is_none()) {
            return Err(fault);
        }
        self.advance(now_ms);
        let job = self.slots[slot].running.take().ok_or(fault)?;
        self.drop_released_slots();
        Ok(job)
    }

    /// Removes the chosen job from its deque.
    fn extract(&mut self, slot: usize, priority: Priority, end: &End) -> Option<Entry<J>> {
        let Level { injector, waiting, .. } = &mut self.levels[priority.index()];
        let is_live = |ticket| waiting.contains_key(&ticket);
        match *end {
            End::OwnNewest => self.slots[slot].deques[priority.index()].take_newest(is_live),
            End::Oldest(Placement::Injector) => injector.take_oldest(is_live),
            End::Oldest(Placement::Slot(owner)) => {
                self.slots[owner].deques[priority.index()].take_oldest(is_live)
            }
        }
    }

    fn evacuate(&mut self, slot: usize) {
        for (level, deque) in self.levels.iter_mut().zip(&mut self.slots[slot].deques) {
            if deque.len() == 0 {
                continue;
            }
            let Level { injector, waiting, .. } = level;
            let is_live = |ticket| waiting.contains_key(&ticket);
            let evacuees = deque.drain(is_live);
            let mut entries = injector.drain(is_live);
            for entry in &evacuees {
                if let Some(record) = waiting.get_mut(&entry.ticket) {
                    record.place = Placement::Injector;
                }
            }
            entries.extend(evacuees);
            // A queue keeps its entries by age: that is what makes its far end the oldest.
            entries.sort_unstable_by_key(|entry| entry.ticket);
            for entry in entries {
                injector.push(entry);
            }
        }
    }

    fn drop_released_slots(&mut self) {
        while self.slots.len() > self.capacity && self.slots.last().is_some_and(|slot| slot.running.is_none())
        {
            self.slots.pop();
        }
    }

    fn advance(&mut self, now_ms: u64) -> u64 {
        let busy_removed = self.slots[self.capacity..].iter().filter(|slot| slot.running.is_some()).count();
        self.time.advance(now_ms, self.busy(), self.capacity + busy_removed)
    }

    fn busy(&self) -> usize {
        self.slots.iter().filter(|slot| slot.running.is_some()).count()
    }
}

impl<J: Clone> Lane<J> {
    /// Hands the slot its next job, or nothing if the lane is empty.
    pub fn take(&mut self, slot: usize, now_ms: u64) -> Result<Option<Taken<J>>, SlotFault> {
        if slot >= self.capacity {
            return Err(SlotFault::Unknown);
        }
        if self.slots[slot].running.is_some() {
            return Err(SlotFault::Busy);
        }
        let now_ms = self.advance(now_ms);
        let Some(choice) = self.choose(slot) else { return Ok(None) };
        let Choice { priority, end, aged } = choice;
        let entry = self.extract(slot, priority, &end).expect("the chosen deque has a live entry");
        self.age(entry.ticket);
        let record =
            self.levels[priority.index()].waiting.remove(&entry.ticket).expect("a live entry has a record");
        let taken = Taken {
            source: match record.place {
                Placement::Injector => Source::Injector,
                Placement::Slot(owner) if owner == slot => Source::Local,
                Placement::Slot(from) => Source::Stolen { from },
            },
            priority,
            aged,
            waited_takes: self.takes - record.takes_at_push,
            waited_ms: now_ms - record.pushed_ms,
            job: entry.job,
        };
        self.takes += 1;
        self.count(&taken);
        self.slots[slot].running = Some(taken.job.clone());
        Ok(Some(taken))
    }

    fn count(&mut self, taken: &Taken<J>) {
        match taken.source {
            Source::Local => self.counts.local_pops += 1,
            Source::Injector => self.counts.injector_pops += 1,
            Source::Stolen { .. } => self.counts.steals += 1,
        }
        self.counts.aged += u64::from(taken.aged);
        self.counts.wait_takes.record(taken.waited_takes);
        self.counts.wait_ms.record(taken.waited_ms);
    }
}

impl<J> Slot<J> {
    fn new() -> Self {
        Self { deques: std::array::from_fn(|_| Queue::default()), running: None }
    }
}
