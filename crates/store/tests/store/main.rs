//! What the store promises, one module per subject and one test per promise.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod compact;
mod concurrency;
mod crash;
mod group;
mod lease;
mod model;
mod mvcc;
mod open;
mod rebuild;
mod support;
mod watch;
