//! What the store promises, one module per subject and one test per promise.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod concurrency;
mod crash;
mod lease;
mod model;
mod mvcc;
mod open;
mod support;
