//! What a lane has done: counters, queue wait, utilisation.

/// Buckets of a [`WaitHistogram`]. The last one begins at 2^30 (ms: about twelve days).
pub const WAIT_BUCKETS: usize = 32;

/// Distribution of a waiting time in buckets that double.
///
/// Bucket 0 counts waits of 0; bucket `i` counts waits in `2^(i-1) .. 2^i`; the last bucket has no upper end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WaitHistogram {
    /// Waits per bucket.
    pub buckets: [u64; WAIT_BUCKETS],
    /// Number of waits.
    pub count: u64,
    /// Sum of all waits (saturating).
    pub sum: u64,
    /// The longest wait.
    pub max: u64,
}

impl WaitHistogram {
    pub(super) fn record(&mut self, wait: u64) {
        let bucket = (u64::BITS - wait.leading_zeros()) as usize;
        self.buckets[bucket.min(WAIT_BUCKETS - 1)] += 1;
        self.count += 1;
        self.sum = self.sum.saturating_add(wait);
        self.max = self.max.max(wait);
    }

    /// The mean wait, or 0 when nothing has been recorded.
    #[must_use]
    pub fn mean(&self) -> f64 {
        ratio(self.sum, self.count)
    }
}

/// A reading of one lane. Counters only grow, so that the difference of two readings describes the time between.
///
/// At every moment `pushed = cancelled + queued + local_pops + injector_pops + steals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneMetrics {
    /// Jobs pushed.
    pub pushed: u64,
    /// Jobs cancelled while they waited.
    pub cancelled: u64,
    /// Jobs taken from the slot's own deque.
    pub local_pops: u64,
    /// Jobs taken from the injector.
    pub injector_pops: u64,
    /// Jobs taken from another slot's deque.
    pub steals: u64,
    /// Jobs, out of the three above, that the ageing rule chose.
    pub aged: u64,
    /// Jobs waiting now.
    pub queued: usize,
    /// Slots that hold a job now, removed slots that have not been released among them.
    pub busy_slots: usize,
    /// Slots that may take jobs now.
    pub capacity: usize,
    /// Queue wait, in jobs that the lane handed out meanwhile.
    pub wait_takes: WaitHistogram,
    /// Queue wait, in milliseconds by the caller's clock.
    pub wait_ms: WaitHistogram,
    /// Time that slots spent holding a job, summed over slots, in milliseconds.
    pub busy_slot_ms: u64,
    /// Time that slots existed, summed over slots, in milliseconds. It starts with the lane's first timestamp; a
    /// removed slot counts until it is released.
    pub slot_ms: u64,
}

impl LaneMetrics {
    /// Share of the slots' time that was spent holding a job, from 0 to 1; 0 when no time has passed.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        ratio(self.busy_slot_ms, self.slot_ms)
    }
}

// A ratio for people to read: 52 bits are ample.
#[allow(clippy::cast_precision_loss)]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Integrates slot time, in milliseconds, between the timestamps that callers supply.
#[derive(Default)]
pub(super) struct SlotTime {
    latest: Option<u64>,
    pub busy: u64,
    pub existing: u64,
}

impl SlotTime {
    /// Accounts for the time since the last call, during which `busy` of `existing` slots held a job, and
    /// returns the lane's time. A timestamp older than the last one counts as the last one: threads may read
    /// their clock in one order and arrive in another.
    pub fn advance(&mut self, now_ms: u64, busy: usize, existing: usize) -> u64 {
        let latest = self.latest.unwrap_or(now_ms);
        let now = now_ms.max(latest);
        let elapsed = now - latest;
        self.busy = self.busy.saturating_add(elapsed.saturating_mul(busy as u64));
        self.existing = self.existing.saturating_add(elapsed.saturating_mul(existing as u64));
        self.latest = Some(now);
        now
    }
}
