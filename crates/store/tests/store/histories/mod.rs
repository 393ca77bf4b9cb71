//! Histories of several processes, some of them killed, are strictly serializable.
//!
//! `STORE_HISTORY_TRANSACTIONS` is the number of transactions of each thread, `STORE_HISTORY_KILLS` how many
//! processes are killed. A long run:
//!
//! ```text
//! STORE_HISTORY_TRANSACTIONS=3000 STORE_HISTORY_KILLS=100 \
//!     cargo test -p orchestrator-store --release --test store histories -- --nocapture
//! ```

mod broken;
mod checker;
mod client;
mod operation;

use std::time::Instant;

use orchestrator_store::{OpenOptions, Store};

use crate::long_run::{size, summarize};
use crate::processes::Worker;
use crate::support::Seeded;
use client::Load;

const PROCESSES: usize = 4;
const THREADS: usize = 2;

#[test]
fn what_several_processes_did_is_strictly_serializable() {
    let load = Load { threads: THREADS, transactions: size("STORE_HISTORY_TRANSACTIONS", 60) };
    let kills = size("STORE_HISTORY_KILLS", 6);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let started = Instant::now();
    let reports = run(&path, load, kills);
    let operations = operation::parse(&reports);
    let store = Store::open(&path, OpenOptions::default()).unwrap();
    let report = store.verify().unwrap();
    assert!(report.ok, "{report:?}");
    let log = store.commits_since(0, usize::MAX).unwrap();
    let summary = checker::check(&operations, &log).unwrap();
    let unanswered = operations.iter().filter(|operation| operation.response.is_none()).count();
    let (count, seconds) = (operations.len(), started.elapsed().as_secs());
    summarize(&format!(
        "{count} transactions ({unanswered} unanswered), {kills} kills, {seconds} s: {summary:?}"
    ));
    assert!(summary.commits * 5 > count && summary.reads * 20 > count, "too few took effect: {summary:?}");
    assert!(summary.refused > 0, "transactions that never meet show nothing");
}

/// Lets processes work, kills some in the middle and starts others instead. Returns all that they reported.
fn run(path: &std::path::Path, load: Load, kills: usize) -> Vec<String> {
    let mut random = Seeded(3);
    let mut reports = Vec::new();
    let mut started = 0..;
    let mut start = || Worker::start(&mut client::command(path, started.next().unwrap(), load));
    let mut workers: Vec<_> = (0..PROCESSES).map(|_| start()).collect();
    for _ in 0..kills {
        let mut victim = workers.swap_remove(random.below(workers.len()));
        // Each transaction makes two reports.
        victim.await_reports(random.below(load.transactions * load.threads));
        reports.extend(victim.kill());
        workers.push(start());
    }
    reports.extend(workers.into_iter().flat_map(Worker::finish));
    reports
}
