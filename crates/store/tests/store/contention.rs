//! Processes that all update the same few keys: none is lost, none starves.
//!
//! `STORE_UPDATES` is the number of updates of each process. A long run:
//!
//! ```text
//! STORE_UPDATES=1000 cargo test -p orchestrator-store --release --test store contention -- --nocapture
//! ```

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use orchestrator_store::{OpenOptions, Read, Store, StoreError, Write};

use crate::long_run::{size, summarize};
use crate::processes::{Worker, report, run_threads};
use crate::support::{self, Fixture, Seeded, text};

const PROCESSES: u64 = 8;
const KEYS: [&str; 5] = ["count/a", "count/b", "count/c", "count/d", "count/e"];
/// Of the test without pauses.
const BUSY_PROCESSES: usize = 3;
const BUSY_THREADS: usize = 3;
/// One update, with all of its repetitions, takes less: nobody is always the one who is refused.
const PATIENCE: Duration = Duration::from_secs(20);
const SEED: &str = "ORCHESTRATOR_STORE_TEST_SEED";
const UPDATES: &str = "STORE_UPDATES";
const UPDATES_BY_DEFAULT: usize = 20;

#[test]
fn eight_processes_that_update_the_same_keys_lose_nothing_and_none_starves() {
    let fixture = Fixture::new();
    let started = Instant::now();
    let start = |seed: u64| {
        let mut command = support::child("contention::child_updates", &fixture.path());
        Worker::start(command.env(SEED, seed.to_string()))
    };
    let workers: Vec<_> = (0..PROCESSES).map(start).collect();
    let updates = size(UPDATES, UPDATES_BY_DEFAULT);
    let log = |store: &Store| store.commits_since(0, usize::MAX).unwrap();
    let (mut expected, mut refusals, mut slowest) = (BTreeMap::<String, u64>::new(), 0, 0);
    let mut acknowledged = BTreeMap::new();
    for worker in workers {
        let reports = worker.finish();
        assert_eq!(reports.len(), updates, "every process gets all of its updates done");
        for line in reports {
            let fields: Vec<_> = line.split(' ').collect();
            let [revision, hash, keys, refused, millis] = fields.as_slice() else { panic!("{line}") };
            keys.split(',').for_each(|key| *expected.entry(key.to_owned()).or_default() += 1);
            refusals += refused.parse::<u64>().unwrap();
            slowest = slowest.max(millis.parse::<u64>().unwrap());
            let again = acknowledged.insert(revision.parse::<u64>().unwrap(), hash.to_string());
            assert_eq!(again, None, "two updates have one revision");
        }
    }
    let report = fixture.store.verify().unwrap();
    assert!(report.ok, "{report:?}");
    let found = log(&fixture.store).into_iter().map(|commit| (commit.revision, commit.hash.to_string()));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), acknowledged, "one commit for each update");
    let counts = KEYS.map(|key| text(&fixture.store, key, None).unwrap().parse::<u64>().unwrap());
    assert_eq!(counts, KEYS.map(|key| expected[key]), "every update is in the sum");
    let (count, seconds) = (acknowledged.len(), started.elapsed().as_secs());
    summarize(&format!("{count} updates, {refusals} refusals, {seconds} s, slowest update {slowest} ms"));
    assert!(refusals > 0, "updates that never meet show nothing");
    assert!(Duration::from_millis(slowest) < PATIENCE, "one update took {slowest} ms");
}

#[test]
#[ignore = "one of the processes of eight_processes_that_update_the_same_keys_lose_nothing_and_none_starves"]
fn child_updates() {
    // The default patience with the lock: nobody may run out of it.
    let Some(store) = support::child_store(OpenOptions::default()) else {
        return;
    };
    let mut random = Seeded(std::env::var(SEED).unwrap().parse().unwrap());
    for _ in 0..size(UPDATES, UPDATES_BY_DEFAULT) {
        let (first, count) = (random.below(KEYS.len()), 1 + random.below(3));
        let keys: Vec<_> = KEYS.iter().cycle().skip(first).take(count).copied().collect();
        let started = Instant::now();
        let mut refused = 0;
        let committed = loop {
            match add_one(&store, &keys) {
                Ok(committed) => break committed,
                Err(StoreError::Conflict { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        };
        let (keys, millis) = (keys.join(","), started.elapsed().as_millis());
        report(&format!("{} {} {keys} {refused} {millis}", committed.revision, committed.hash));
    }
}

#[test]
fn threads_of_several_processes_that_never_pause_all_get_their_turn() {
    let fixture = Fixture::new();
    let started = Instant::now();
    let start = |_| Worker::start(&mut support::child("contention::child_never_pauses", &fixture.path()));
    let workers: Vec<_> = (0..BUSY_PROCESSES).map(start).collect();
    let reports: Vec<_> = workers.into_iter().flat_map(Worker::finish).collect();
    let slowest = reports.iter().map(|line| line.parse::<u64>().unwrap()).max().unwrap();
    let commits = BUSY_PROCESSES * BUSY_THREADS * commits_without_pause();
    let report = fixture.store.verify().unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(report.commits, commits as u64);
    let seconds = started.elapsed().as_secs();
    summarize(&format!("{commits} commits without pause, {seconds} s, slowest commit {slowest} ms"));
}

#[test]
#[ignore = "one of the processes of threads_of_several_processes_that_never_pause_all_get_their_turn"]
fn child_never_pauses() {
    let Some(store) = &support::child_store(OpenOptions::default()) else {
        return;
    };
    run_threads((0..BUSY_THREADS).map(|thread| {
        move || {
            let mut slowest = Duration::ZERO;
            for number in 0..commits_without_pause() {
                let started = Instant::now();
                support::put(store, &format!("thread/{thread}"), number);
                slowest = slowest.max(started.elapsed());
            }
            report(&slowest.as_millis().to_string());
        }
    }));
}

fn commits_without_pause() -> usize {
    10 * size(UPDATES, UPDATES_BY_DEFAULT)
}

/// Adds one to each of the keys.
fn add_one(store: &Store, keys: &[&str]) -> Result<orchestrator_store::Committed, StoreError> {
    let snapshot = store.snapshot()?;
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for key in keys {
        let count: u64 = text(store, key, Some(snapshot)).map_or(0, |text| text.parse().unwrap());
        reads.push(Read::Key((*key).into()));
        writes.push(Write::put(*key, count + 1));
    }
    store.commit(support::transaction(snapshot, &reads, writes))
}
