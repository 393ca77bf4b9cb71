//! What can go wrong in a call to the lanes.

/// A refused call. Nothing has changed in the lanes when one of these is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LaneError {
    /// No lane has this name.
    #[error("unknown lane `{lane}`")]
    UnknownLane {
        /// The name that was asked for.
        lane: String,
    },
    /// The slot is outside the lane's capacity (it may have been removed by a shrink).
    #[error("lane `{lane}` has no slot {slot}; its capacity is {capacity}")]
    UnknownSlot {
        /// Name of the lane.
        lane: String,
        /// The slot that was asked for.
        slot: usize,
        /// Slots that the lane has now.
        capacity: usize,
    },
    /// `take` on a slot that still holds a job: a slot runs one job at a time.
    #[error("slot {slot} of lane `{lane}` is busy; release it first")]
    SlotBusy {
        /// Name of the lane.
        lane: String,
        /// The busy slot.
        slot: usize,
    },
    /// `release` on a slot that holds no job.
    #[error("slot {slot} of lane `{lane}` is idle; there is nothing to release")]
    SlotIdle {
        /// Name of the lane.
        lane: String,
        /// The idle slot.
        slot: usize,
    },
    /// The job is queued or running already, in this lane or in another one.
    #[error("the job is already queued or running in lane `{lane}`")]
    DuplicateJob {
        /// The lane that has the job.
        lane: String,
    },
    /// Two lanes were given one name.
    #[error("two lanes are named `{lane}`")]
    DuplicateLane {
        /// The name that occurs twice.
        lane: String,
    },
    /// A capacity outside `1..=MAX_CAPACITY`.
    #[error("capacity {requested} of lane `{lane}` is outside 1..={maximum}")]
    Capacity {
        /// Name of the lane.
        lane: String,
        /// The capacity that was asked for.
        requested: usize,
        /// The largest capacity that is allowed.
        maximum: usize,
    },
    /// An earlier call panicked half-way, so that the bookkeeping can no longer be trusted; build new lanes.
    #[error("an earlier call panicked; these lanes can no longer be used")]
    Poisoned,
}

impl LaneError {
    /// The stable code under which the error crosses the language boundary.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownLane { .. } => "ERR_UNKNOWN_LANE",
            Self::UnknownSlot { .. } => "ERR_UNKNOWN_SLOT",
            Self::SlotBusy { .. } => "ERR_SLOT_BUSY",
            Self::SlotIdle { .. } => "ERR_SLOT_IDLE",
            Self::DuplicateJob { .. } => "ERR_DUPLICATE_JOB",
            Self::DuplicateLane { .. } => "ERR_DUPLICATE_LANE",
            Self::Capacity { .. } => "ERR_CAPACITY",
            Self::Poisoned => "ERR_POISONED",
        }
    }
}
