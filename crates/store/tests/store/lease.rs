//! Leases and fencing.

use orchestrator_store::{Fence, Hold, Lease, LeaseGrant, Store, StoreError, Write};

use crate::support::{Fixture, put, transaction};

fn acquire(store: &Store, holder: &str) -> LeaseGrant {
    store.acquire_lease("mission/1", holder, 100, None).unwrap()
}

fn fenced_commit(store: &Store, token: u64) -> Result<u64, StoreError> {
    let mut fenced = transaction(0, &[], vec![Write::put("k", token)]);
    fenced.fence = Some(Fence { lease: "mission/1".into(), token });
    store.commit(fenced).map(|committed| committed.revision)
}

fn is_fenced(result: Result<impl std::fmt::Debug, StoreError>, expected: Option<u64>) -> bool {
    match result.unwrap_err() {
        StoreError::Fenced { current, .. } => current == expected,
        error => panic!("{error}"),
    }
}

#[test]
fn a_held_lease_is_refused_until_it_expires() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let grant = acquire(store, "a");
    assert_eq!(grant, LeaseGrant { token: 1, expires_ms: 1_100 });
    fixture.set_time(1_099);
    for holder in ["a", "b"] {
        match store.acquire_lease("mission/1", holder, 100, None).unwrap_err() {
            StoreError::LeaseHeld { holder, token, expires_ms, .. } => {
                assert_eq!((holder.as_str(), token, expires_ms), ("a", 1, 1_100));
            }
            error => panic!("{error}"),
        }
    }
    assert_eq!(store.acquire_lease("mission/2", "b", 100, None).unwrap().token, 2, "one counter for all");
    fixture.set_time(1_100);
    assert_eq!(acquire(store, "b").token, 3);
    let hold = Hold { holder: "b".into(), expires_ms: 1_200 };
    assert_eq!(store.lease("mission/1").unwrap(), Some(Lease { token: 3, hold: Some(hold) }));
    assert_eq!(store.lease("mission/3").unwrap(), None);
}

#[test]
fn tokens_grow_after_release_expiry_theft_and_reopening() {
    let mut fixture = Fixture::new();
    let first = acquire(&fixture.store, "a").token;
    fixture.store.release_lease("mission/1", first).unwrap();
    assert_eq!(fixture.store.lease("mission/1").unwrap(), Some(Lease { token: first, hold: None }));
    let second = acquire(&fixture.store, "b").token;
    let third = fixture.store.acquire_lease("mission/1", "c", 100, Some(second)).unwrap().token;
    fixture.set_time(5_000);
    let fourth = acquire(&fixture.store, "d").token;
    fixture.store.release_lease("mission/1", fourth).unwrap();
    fixture.reopen();
    let fifth = acquire(&fixture.store, "e").token;
    assert_eq!([first, second, third, fourth, fifth], [1, 2, 3, 4, 5]);
}

#[test]
fn of_two_who_steal_from_the_same_dead_holder_one_succeeds() {
    let Fixture { store, .. } = &Fixture::new();
    let dead = acquire(store, "dead").token;
    let stolen = store.acquire_lease("mission/1", "first", 100, Some(dead)).unwrap().token;
    let error = store.acquire_lease("mission/1", "second", 100, Some(dead)).unwrap_err();
    assert!(matches!(error, StoreError::LeaseHeld { token, .. } if token == stolen), "{error}");
}

#[test]
fn a_commit_with_a_token_that_is_not_current_is_refused() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    assert!(is_fenced(fenced_commit(store, 1), None));
    let old = acquire(store, "a").token;
    assert_eq!(fenced_commit(store, old).unwrap(), 1);
    fixture.set_time(9_000);
    assert_eq!(fenced_commit(store, old).unwrap(), 2, "expired, but nobody has taken it");
    let new = acquire(store, "b").token;
    assert!(is_fenced(fenced_commit(store, old), Some(new)));
    assert!(is_fenced(fenced_commit(store, new + 1), Some(new)));
    assert_eq!(fenced_commit(store, new).unwrap(), 3);
    store.release_lease("mission/1", new).unwrap();
    assert!(is_fenced(fenced_commit(store, new), None));
    assert_eq!(store.snapshot().unwrap(), 3);
}

#[test]
fn a_lost_lease_is_said_to_be_lost_before_a_conflict_is() {
    let Fixture { store, .. } = &Fixture::new();
    put(store, "k", 1);
    let mut both = transaction(0, &[crate::support::key("k")], vec![Write::put("k", 2)]);
    both.fence = Some(Fence { lease: "mission/1".into(), token: 1 });
    assert!(is_fenced(store.commit(both.clone()), None));
    both.writes.clear();
    assert!(is_fenced(store.commit(both), None), "without writes, too");
}

#[test]
fn a_holder_renews_and_releases_only_its_own_hold() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let token = acquire(store, "a").token;
    fixture.set_time(1_500);
    assert_eq!(store.renew_lease("mission/1", token, 200).unwrap(), 1_700);
    let stolen = store.acquire_lease("mission/1", "b", 100, Some(token)).unwrap().token;
    assert!(is_fenced(store.renew_lease("mission/1", token, 100), Some(stolen)));
    assert!(is_fenced(store.release_lease("mission/1", token), Some(stolen)));
    store.release_lease("mission/1", stolen).unwrap();
    assert!(is_fenced(store.renew_lease("mission/1", stolen, 100), None));
    assert!(is_fenced(store.release_lease("mission/1", stolen), None));
    assert!(is_fenced(store.renew_lease("never", 1, 100), None));
}

#[test]
fn leases_leave_no_trace_in_revisions_or_in_the_log() {
    let Fixture { store, .. } = &Fixture::new();
    let before = put(store, "k", 1);
    let token = acquire(store, "a").token;
    for _ in 0..10 {
        store.renew_lease("mission/1", token, 100).unwrap();
    }
    let report = store.verify().unwrap();
    assert!(report.ok);
    assert_eq!((report.head.revision, report.head.hash), (before.revision, before.hash));
}

#[test]
fn names_and_holders_have_limits() {
    let Fixture { store, .. } = &Fixture::new();
    assert_eq!(store.acquire_lease("", "a", 1, None).unwrap_err().code(), "ERR_INVALID_KEY");
    let holder = "h".repeat(4_097);
    assert_eq!(store.acquire_lease("l", &holder, 1, None).unwrap_err().code(), "ERR_TOO_LARGE");
    let grant = store.acquire_lease("l", "", u64::MAX, None).unwrap();
    assert_eq!(grant.expires_ms, (1 << 53) - 1, "an endless hold ends where JSON's integers do");
}

#[test]
fn a_clock_that_goes_backwards_changes_no_order_and_gives_no_lease_away() {
    let fixture = Fixture::new();
    fixture.set_time(1_000_000);
    let first = put(&fixture.store, "k", 1);
    let held = acquire(&fixture.store, "a").token;
    fixture.set_time(5_000);
    let second = put(&fixture.store, "k", 2);
    assert_eq!((first.revision, second.revision), (1, 2));
    assert_eq!(fixture.store.get("k", None).unwrap().unwrap().value, "2");
    let taken = fixture.store.acquire_lease("mission/1", "b", 100, None);
    assert_eq!(taken.unwrap_err().code(), "ERR_LEASE_HELD");
    // Its holder renews it by the new time, and it runs out by that.
    assert_eq!(fixture.store.renew_lease("mission/1", held, 100).unwrap(), 5_100);
    fixture.set_time(5_200);
    assert!(acquire(&fixture.store, "b").token > held);
    assert!(fixture.store.verify().unwrap().ok);
}
