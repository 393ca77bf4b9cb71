//! Waiting for commits of this store and of others on the same file.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use orchestrator_store::{Revision, Store};

use crate::support::{Fixture, put};

const LONG: Duration = Duration::from_secs(30);

fn wait(store: &Store, after: Revision) -> mpsc::Receiver<Result<Revision, &'static str>> {
    let (sender, receiver) = mpsc::channel();
    store.wait_after(after, move |head| sender.send(head.map_err(|error| error.code())).unwrap()).unwrap();
    receiver
}

#[test]
fn a_commit_of_either_store_ends_the_wait() {
    let fixture = Fixture::new();
    let other = fixture.open_again();
    let waiting = wait(&fixture.store, 0);
    put(&fixture.store, "k", 1);
    assert_eq!(waiting.recv_timeout(LONG).unwrap(), Ok(1));
    let waiting = wait(&fixture.store, 1);
    put(&other, "k", 2);
    assert_eq!(waiting.recv_timeout(LONG).unwrap(), Ok(2));
    assert_eq!(wait(&fixture.store, 0).recv_timeout(LONG).unwrap(), Ok(2), "what is past ends it at once");
}

#[test]
fn a_wait_that_is_given_up_or_outlives_the_store_is_over() {
    let fixture = Fixture::new();
    let (sender, given_up) = mpsc::channel();
    let id = fixture.store.wait_after(0, move |head| sender.send(head.unwrap_err().code()).unwrap()).unwrap();
    let kept = wait(&fixture.store, 1);
    fixture.store.stop_waiting(id);
    assert_eq!(given_up.recv_timeout(LONG).unwrap(), "ERR_CANCELLED");
    put(&fixture.store, "k", 1);
    fixture.store.stop_waiting(id);
    fixture.store.close();
    assert_eq!(kept.recv_timeout(LONG).unwrap(), Err("ERR_CLOSED"));
    assert_eq!(fixture.store.wait_after(0, |_| ()).unwrap_err().code(), "ERR_CLOSED");
}

#[test]
fn who_watches_misses_nothing_and_sees_nothing_twice() {
    let fixture = Fixture::new();
    let other = fixture.open_again();
    thread::scope(|scope| {
        for store in [&fixture.store, &other] {
            scope.spawn(move || {
                for number in 0..150 {
                    put(store, "k", number);
                }
            });
        }
        let mut seen = 0;
        while seen < 300 {
            let _ = wait(&fixture.store, seen).recv_timeout(LONG).unwrap().unwrap();
            for commit in fixture.store.commits_since(seen, 7).unwrap() {
                assert_eq!(commit.revision, seen + 1);
                seen = commit.revision;
            }
        }
    });
}
