//! Work stealing for the orchestrator: who runs what next.
//!
//! Pure Rust: no N-API, no OpenCode, no clock and no randomness.
//!
//! * [`lanes`]: agent slots that take jobs from Chase-Lev deques, with four priorities, ageing and metrics.

pub mod lanes;

// The contract that every host thread relies on: a scheduler is shared by reference between threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<lanes::Lanes<u64>>();
    shared_between_threads::<lanes::Lanes<String>>();
};
