//! What the store promises when the disk fails, at every single call into it.
//!
//! A layer under SQLite ([`vfs`]) counts the calls and injects a fault at the n-th: an I/O error, a full disk, a
//! write that stops half way, or a power cut, after which each file is what had been synced ([`disk`],
//! [`survival`]). For every n there is one run of a fixed workload, a restart, and a check of everything that the
//! store had acknowledged ([`check`]). A binary of its own, because that layer is the default of the process.
//!
//! By default every run takes a sample of the calls. `STORE_FAULTS=full` takes each one (of the
//! longest workload, one of 37):
//!
//! ```text
//! STORE_FAULTS=full cargo test -p orchestrator-store --release --test faults -- --nocapture
//! ```
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod disk;
mod honesty;
#[path = "../store/long_run.rs"]
#[allow(dead_code, reason = "the other tests need more of it")]
mod long_run;
mod machine;
mod plan;
#[path = "../store/support.rs"]
#[allow(dead_code, reason = "the other tests need more of it")]
mod support;
mod survival;
mod sweep;
mod vfs;
mod workload;
