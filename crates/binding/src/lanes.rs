//! The work-stealing lanes.

use napi_derive::napi;
use orchestrator_scheduler::lanes::{LaneMetrics, Lanes, Placement, Priority, Source, WaitHistogram};

use crate::failure::{BindingFailure, Crossing, crossing};

/// A lane and its number of slots.
#[napi(object)]
pub struct BindingLane {
    /// Its name.
    pub name: String,
    /// Its slots.
    pub capacity: u32,
}

/// A job that a slot has taken.
#[napi(object)]
pub struct BindingTaken {
    /// The job's id.
    pub job: String,
    /// `critical`, `high`, `normal` or `low`.
    pub priority: String,
    /// `local`, `injector` or `stolen`.
    pub source: String,
    /// The slot that it was stolen from.
    pub stolen_from: Option<u32>,
    /// How many jobs the lane handed out while it waited.
    pub waited_takes: f64,
}

/// Waiting times of one lane.
#[napi(object)]
pub struct BindingWait {
    /// Number of waits.
    pub count: f64,
    /// The mean.
    pub mean: f64,
    /// The longest.
    pub max: f64,
}

/// A reading of one lane.
#[napi(object)]
pub struct BindingLaneMetrics {
    /// Jobs pushed.
    pub pushed: f64,
    /// Jobs cancelled while they waited.
    pub cancelled: f64,
    /// Jobs taken from the slot's own deque.
    pub local_pops: f64,
    /// Jobs taken from the injector.
    pub injector_pops: f64,
    /// Jobs taken from another slot's deque.
    pub steals: f64,
    /// Jobs that the ageing rule chose.
    pub aged: f64,
    /// Jobs waiting now.
    pub queued: u32,
    /// Slots that hold a job now.
    pub busy_slots: u32,
    /// Slots.
    pub capacity: u32,
    /// Queue wait in milliseconds.
    pub wait_ms: BindingWait,
    /// Share of the slots' time spent holding a job, 0 to 1.
    pub utilisation: f64,
}

/// The lanes of one engine.
#[napi]
pub struct BindingLanes {
    lanes: Lanes<String>,
}

#[napi]
impl BindingLanes {
    /// Builds the lanes.
    #[napi(catch_unwind, ts_return_type = "BindingLanes | BindingFailure")]
    pub fn create(lanes: Vec<BindingLane>) -> Crossing<BindingLanes> {
        let lanes = lanes.into_iter().map(|lane| (lane.name, lane.capacity as usize));
        crossing(Lanes::new(lanes).map(|lanes| Self { lanes }))
    }

    /// Queues a job.
    #[napi(catch_unwind, ts_return_type = "boolean | BindingFailure")]
    pub fn push(
        &self,
        lane: String,
        job: String,
        priority: String,
        slot: Option<u32>,
        now_ms: f64,
    ) -> Crossing<bool> {
        crossing(parse_priority(&priority).and_then(|priority| {
            let placement = slot.map(|slot| slot as usize);
            let placed = self.lanes.push(&lane, job, priority, placement, millis(now_ms))?;
            Ok(matches!(placed, Placement::Slot(_)))
        }))
    }

    /// The job that the slot should do now.
    #[napi(catch_unwind, ts_return_type = "BindingTaken | null | BindingFailure")]
    pub fn take(&self, lane: String, slot: u32, now_ms: f64) -> Crossing<Option<BindingTaken>> {
        crossing(
            self.lanes
                .take(&lane, slot as usize, millis(now_ms))
                .map(|taken| {
                    taken.map(|taken| {
                        let (source, stolen_from) = match taken.source {
                            Source::Local => ("local", None),
                            Source::Injector => ("injector", None),
                            Source::Stolen { from } => ("stolen", u32::try_from(from).ok()),
                        };
                        BindingTaken {
                            job: taken.job,
                            priority: priority_name(taken.priority).to_owned(),
                            source: source.to_owned(),
                            stolen_from,
                            waited_takes: number(taken.waited_takes),
                        }
                    })
                })
                .map_err(BindingFailure::from),
        )
    }

    /// Slots without a job, in the order in which to offer them.
    #[napi(catch_unwind, ts_return_type = "number[] | BindingFailure")]
    pub fn idle_slots(&self, lane: String) -> Crossing<Vec<u32>> {
        let slots = self.lanes.idle_slots(&lane);
        crossing(slots.map(|slots| slots.into_iter().filter_map(|slot| u32::try_from(slot).ok()).collect()))
    }

    /// The slot has finished its job. Answers the job's id.
    #[napi(catch_unwind, ts_return_type = "string | BindingFailure")]
    pub fn release(&self, lane: String, slot: u32, now_ms: f64) -> Crossing<String> {
        crossing(self.lanes.release(&lane, slot as usize, millis(now_ms)))
    }

    /// Takes a waiting job back.
    #[napi(catch_unwind, ts_return_type = "boolean | BindingFailure")]
    pub fn cancel(&self, job: String) -> Crossing<bool> {
        crossing(self.lanes.cancel(job.as_str()))
    }

    /// Changes the number of slots; answers the number before.
    #[napi(catch_unwind, ts_return_type = "number | BindingFailure")]
    pub fn resize(&self, lane: String, capacity: u32, now_ms: f64) -> Crossing<u32> {
        crossing(
            self.lanes
                .resize(&lane, capacity as usize, millis(now_ms))
                .map(|before| u32::try_from(before).unwrap_or(u32::MAX)),
        )
    }

    /// A reading of one lane.
    #[napi(catch_unwind, ts_return_type = "BindingLaneMetrics | BindingFailure")]
    pub fn metrics(&self, lane: String, now_ms: f64) -> Crossing<BindingLaneMetrics> {
        crossing(self.lanes.metrics(&lane, millis(now_ms)).map(|reading| convert(&reading)))
    }
}

fn convert(reading: &LaneMetrics) -> BindingLaneMetrics {
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let wait = |waits: &WaitHistogram| BindingWait {
        count: number(waits.count),
        mean: waits.mean(),
        max: number(waits.max),
    };
    BindingLaneMetrics {
        pushed: number(reading.pushed),
        cancelled: number(reading.cancelled),
        local_pops: number(reading.local_pops),
        injector_pops: number(reading.injector_pops),
        steals: number(reading.steals),
        aged: number(reading.aged),
        queued: small(reading.queued),
        busy_slots: small(reading.busy_slots),
        capacity: small(reading.capacity),
        wait_ms: wait(&reading.wait_ms),
        utilisation: reading.utilisation(),
    }
}

fn parse_priority(name: &str) -> Result<Priority, BindingFailure> {
    Priority::ALL.into_iter().find(|&priority| priority_name(priority) == name).ok_or_else(|| {
        BindingFailure::argument(format!("`{name}` is no priority: critical, high, normal, low"))
    })
}

fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "critical",
        Priority::High => "high",
        Priority::Normal => "normal",
        Priority::Low => "low",
    }
}

/// Milliseconds of a JavaScript clock; what is no time at all counts as 0.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, which is what is wanted.
fn millis(time: f64) -> u64 {
    time as u64
}

/// A counter as a JavaScript number, exact up to 2^53.
#[allow(clippy::cast_precision_loss)] // Counters do not get there.
pub fn number(count: u64) -> f64 {
    count as f64
}
