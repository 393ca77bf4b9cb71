//! Many writers at once: one sync for all that wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_store::{OpenOptions, Store, StoreError, Write};

use crate::support::{Fixture, key, put, quick_options, text, transaction};

#[test]
fn what_one_thread_submits_takes_its_place_in_that_order() {
    let Fixture { store, .. } = &Fixture::new();
    let (sender, receiver) = mpsc::channel();
    for number in 0..500_u64 {
        let sender = sender.clone();
        store.submit(transaction(0, &[], vec![Write::put("k", number)]), move |committed| {
            sender.send((number, committed.unwrap().revision)).unwrap();
        });
    }
    drop(sender);
    let acknowledged: Vec<_> = receiver.iter().collect();
    assert_eq!(acknowledged, (0..500).map(|number| (number, number + 1)).collect::<Vec<_>>());
    assert!(store.verify().unwrap().ok);
}

#[test]
fn a_refused_transaction_leaves_the_others_of_its_group_alone() {
    let Fixture { store, .. } = &Fixture::new();
    put(store, "hot", 0);
    let (sender, receiver) = mpsc::channel();
    for number in 0..200_u64 {
        let sender = sender.clone();
        // All read the same key at the same revision: the first of them wins, blind writes always do.
        let reads = if number % 2 == 0 { vec![key("hot")] } else { Vec::new() };
        let writes = vec![Write::put("hot", number), Write::put(format!("own/{number}"), number)];
        store.submit(transaction(1, &reads, writes), move |result| sender.send((number, result)).unwrap());
    }
    drop(sender);
    let mut refused = 0;
    for (number, result) in receiver {
        let own = text(store, &format!("own/{number}"), None);
        match result {
            Ok(_) => assert_eq!(own, Some(number.to_string())),
            Err(StoreError::Conflict { keys }) => {
                assert_eq!((keys, own), (vec!["hot".to_owned()], None));
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 99);
    assert!(store.verify().unwrap().ok);
}

#[test]
fn a_panic_in_what_is_told_of_a_commit_ends_nothing() {
    let Fixture { store, .. } = &Fixture::new();
    store.submit(transaction(0, &[], vec![Write::put("k", 1)]), |_| panic!("a fault of the caller"));
    assert_eq!(put(store, "k", 2).revision, 2);
}

#[test]
fn closing_finishes_what_was_submitted_before() {
    let fixture = Fixture::new();
    let done = Arc::new(AtomicU64::new(0));
    for number in 0..300_u64 {
        let done = Arc::clone(&done);
        fixture.store.submit(transaction(0, &[], vec![Write::put("k", number)]), move |result| {
            result.unwrap();
            done.fetch_add(1, Ordering::SeqCst);
        });
    }
    fixture.store.close();
    assert_eq!(done.load(Ordering::SeqCst), 300);
    assert_eq!(fixture.open_again().snapshot().unwrap(), 300);
}

#[test]
fn a_store_that_writes_without_a_pause_lets_another_one_in() {
    let fixture = Fixture::new();
    let busy_timeout = Duration::from_secs(20);
    let patient = Store::open(fixture.path(), OpenOptions { busy_timeout, ..quick_options() }).unwrap();
    let ending = Instant::now() + Duration::from_secs(2);
    let (greedy, modest) = thread::scope(|scope| {
        let greedy = scope.spawn(|| {
            let mut commits = 0_u64;
            while Instant::now() < ending {
                put(&fixture.store, "greedy", commits);
                commits += 1;
            }
            commits
        });
        let mut commits = 0_u64;
        while Instant::now() < ending {
            put(&patient, "modest", commits);
            commits += 1;
        }
        (greedy.join().unwrap(), commits)
    });
    assert!(modest * 20 > greedy, "{modest} commits beside {greedy}");
}
