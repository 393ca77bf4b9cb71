//! What the lanes promise, each promise with the test that holds it.

#![allow(clippy::unwrap_used)] // In a test, a failed unwrap is the report.

mod ageing;
mod bookkeeping;
mod model;
mod order;
mod random;
mod resizing;
mod simulation;
mod stress;
