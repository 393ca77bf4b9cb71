//! The words of the public interface: priority, placement, source, the taken job.

/// How urgent a job is. `Critical` is the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Before everything else.
    Critical,
    /// Before ordinary work.
    High,
    /// Ordinary work.
    Normal,
    /// When nothing else waits, or when ageing demands it.
    Low,
}

impl Priority {
    /// All priorities, the highest first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    /// Position in [`Priority::ALL`].
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// Where `push` put a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placement {
    /// In the lane's injector: any slot may take it first.
    Injector,
    /// In the deque of this slot.
    Slot(usize),
}

/// Where `take` found a job, seen from the slot that took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// In the slot's own deque.
    Local,
    /// In the lane's injector.
    Injector,
    /// In the deque of another slot.
    Stolen {
        /// The slot that it was stolen from.
        from: usize,
    },
}

/// A job that was handed to a slot, and how it came there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken<J> {
    /// The job.
    pub job: J,
    /// Where it was found.
    pub source: Source,
    /// The priority that it was pushed with.
    pub priority: Priority,
    /// True if the ageing rule chose it (it was the oldest job of an overdue priority).
    pub aged: bool,
    /// Jobs that the lane handed out between the push and this take.
    pub waited_takes: u64,
    /// Milliseconds between the push and this take, by the caller's clock.
    pub waited_ms: u64,
}
