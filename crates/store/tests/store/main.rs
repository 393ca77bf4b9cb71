//! What the store promises, one module per subject and one test per promise.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod compact;
mod concurrency;
mod contention;
mod group;
#[cfg(unix)]
mod histories;
mod kills;
mod lease;
mod long_run;
mod model;
mod mvcc;
mod open;
mod processes;
mod rebuild;
mod support;
mod watch;
