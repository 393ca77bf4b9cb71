//! What the executor promises, each promise with the test that holds it.
//!
//! Tests of fairness count steps, not time. The limits of time in [`support`] only turn a hang into a failure.

#![allow(clippy::unwrap_used)] // In a test, a failed unwrap is the report.

mod admission;
mod fairness;
mod panics;
mod shutdown;
mod stress;
mod support;
mod widening;
mod yielding;
