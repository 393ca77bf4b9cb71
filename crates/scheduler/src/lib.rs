//! Work stealing for the orchestrator: who runs what next.
//!
//! Pure Rust: no N-API, no OpenCode, no randomness; a clock feeds metrics alone.
//!
//! * [`lanes`]: agent slots that take jobs from Chase-Lev deques, with four priorities, ageing and metrics.
//! * [`executor`]: native threads that step the jobs of search and syntax, stealing them from each other.

pub mod executor;
pub mod lanes;

// The contract that every host thread relies on: a scheduler is shared by reference between threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<lanes::Lanes<u64>>();
    shared_between_threads::<lanes::Lanes<String>>();
    shared_between_threads::<executor::Executor>();
};
