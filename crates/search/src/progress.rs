//! How a part of a job says what to do next.

/// What a worker's step came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// There is more to do: step again.
    More,
    /// Nothing is left for this worker; others are still at it.
    Idle,
    /// Everything is done. One worker is told so, once.
    Complete,
}
