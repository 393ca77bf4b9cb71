//! Many threads and many processes on one store.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use orchestrator_store::{Store, Write};

use crate::support::{self, Fixture, Seeded, increment, text};

const KEYS: [&str; 3] = ["count/a", "count/b", "count/c"];
const SEED: &str = "ORCHESTRATOR_STORE_TEST_SEED";
const PROCESSES: u64 = 4;
const PER_PROCESS: u64 = 100;

fn total(fixture: &Fixture) -> u64 {
    KEYS.iter().map(|key| text(&fixture.store, key, None).unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn a_store_is_shared_between_threads_by_reference() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Fixture::new().store);
}

#[test]
fn eight_threads_of_200_increments_lose_none() {
    let fixture = Fixture::new();
    thread::scope(|scope| {
        for seed in 0..8 {
            let store = &fixture.store;
            scope.spawn(move || {
                let mut random = Seeded(seed);
                (0..200).for_each(|_| increment(store, random.pick(&KEYS)));
            });
        }
    });
    assert_eq!(total(&fixture), 1_600);
    let report = fixture.store.verify().unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(report.commits, 1_600, "one commit per increment");
}

#[test]
fn four_processes_of_100_increments_lose_none() {
    let fixture = Fixture::new();
    let children: Vec<_> = (0..PROCESSES)
        .map(|seed| {
            let mut command = support::child("concurrency::child_increments", &fixture.path());
            command.env(SEED, seed.to_string()).stdout(io::stderr()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(total(&fixture), PROCESSES * PER_PROCESS);
    let report = fixture.store.verify().unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(report.commits, PROCESSES * PER_PROCESS);
}

#[test]
#[ignore = "one of the processes of four_processes_of_100_increments_lose_none"]
fn child_increments() {
    let Some(store) = support::child_store(support::quick_options()) else {
        return;
    };
    let mut random = Seeded(std::env::var(SEED).unwrap().parse().unwrap());
    for _ in 0..PER_PROCESS {
        increment(&store, random.pick(&KEYS));
    }
}

#[test]
fn all_who_create_one_store_at_the_same_time_succeed() {
    // Often, because the moment in which two get into each other's way is short.
    for _ in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/state.db");
        let stores: Vec<_> = thread::scope(|scope| {
            let open = || Store::open(&path, support::quick_options()).unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for store in &stores {
            increment(store, "k");
        }
        assert_eq!(text(&stores[0], "k", None).as_deref(), Some("8"));
    }
}

#[test]
fn a_reader_sees_commits_whole_while_others_write() {
    let Fixture { store, .. } = &Fixture::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..300 {
                let writes = ["pair/a", "pair/b"].map(|key| Write::put(key, number));
                store.commit(support::transaction(0, &[], writes.to_vec())).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let entries = store.list("pair/", None).unwrap();
                    let [a, b] = entries.as_slice() else {
                        assert!(entries.is_empty(), "half a commit: {entries:?}");
                        continue;
                    };
                    assert_eq!(a.value, b.value);
                }
            });
        }
    });
}
