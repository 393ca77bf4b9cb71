//! Revisions, snapshots, conflicts, limits.

use orchestrator_store::{
    MAX_COMMIT_CHANGES, MAX_KEY_BYTES, MAX_VALUE_BYTES, Read, Store, StoreError, Transaction, Write,
};
use serde_json::json;

use crate::support::{Fixture, delete, key, prefix, put, text, transaction};

/// Commits one write at a snapshot and returns the keys in conflict, if any.
fn conflict(store: &Store, snapshot: u64, reads: &[Read], written: &str) -> Option<Vec<String>> {
    match store.commit(transaction(snapshot, reads, vec![Write::put(written, "x")])) {
        Ok(_) => None,
        Err(StoreError::Conflict { keys }) => Some(keys),
        Err(error) => panic!("{error}"),
    }
}

fn keys(store: &Store, prefix: &str, at: Option<u64>) -> Vec<String> {
    store.list(prefix, at).unwrap().into_iter().map(|entry| entry.key).collect()
}

#[test]
fn every_commit_takes_the_next_revision_starting_at_1() {
    let fixture = Fixture::new();
    assert_eq!(fixture.store.snapshot().unwrap(), 0);
    for expected in 1..=5 {
        assert_eq!(put(&fixture.store, "k", expected).revision, expected);
        assert_eq!(fixture.store.snapshot().unwrap(), expected);
    }
}

#[test]
fn a_key_is_read_as_it_was_at_any_revision() {
    let Fixture { store, .. } = &Fixture::new();
    put(store, "a", json!({ "b": 1, "a": [1.5, null] }));
    put(store, "other", 1);
    delete(store, "a");
    put(store, "a", "again");
    let values: Vec<_> = (0..=4).map(|at| text(store, "a", Some(at))).collect();
    let first = Some(r#"{"a":[1.5,null],"b":1}"#.to_owned());
    assert_eq!(values, [None, first.clone(), first, None, Some("\"again\"".into())]);
    assert_eq!(text(store, "a", None).as_deref(), Some("\"again\""));
    assert_eq!(store.get("a", Some(2)).unwrap().unwrap().revision, 1);
    assert_eq!(text(store, "missing", None), None);
}

#[test]
fn a_list_is_in_order_of_keys_and_leaves_out_what_did_not_exist() {
    let Fixture { store, .. } = &Fixture::new();
    for name in ["t/b", "t/a", "t", "t0", "t/\u{10FFFF}", "t/é", "s", "t/a/1"] {
        put(store, name, 0);
    }
    put(store, "t/a", 1);
    delete(store, "t/b");
    assert_eq!(keys(store, "t/", None), ["t/a", "t/a/1", "t/é", "t/\u{10FFFF}"]);
    assert_eq!(keys(store, "t/", Some(2)), ["t/a", "t/b"]);
    assert_eq!(keys(store, "", Some(4)), ["t", "t/a", "t/b", "t0"]);
    assert_eq!(keys(store, "t/", Some(0)), [""; 0]);
    assert_eq!(keys(store, "t/\u{10FFFF}", None), ["t/\u{10FFFF}"]);
    assert_eq!(store.list("t/a", Some(9)).unwrap()[0].revision, 9);
    assert_eq!(keys(store, "u", None), [""; 0]);
}

#[test]
fn history_is_newest_first_and_shows_deletions_and_who_made_them() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    put(store, "k", 1);
    fixture.set_time(2_000);
    let mut deletion = transaction(1, &[], vec![Write::delete("k")]);
    deletion.mission = Some("m1".into());
    store.commit(deletion).unwrap();
    put(store, "k", 3);
    let history = store.history("k", 10).unwrap();
    let values: Vec<_> = history.iter().map(|version| (version.revision, version.content.value())).collect();
    assert_eq!(values, [(3, Some("3")), (2, None), (1, Some("1"))]);
    let deletion = &history[1];
    assert_eq!((deletion.time_ms, deletion.actor.as_str()), (2_000, "tester"));
    assert_eq!(deletion.mission.as_deref(), Some("m1"));
    assert_eq!(store.history("k", 2).unwrap(), history[..2]);
    assert_eq!(store.history("other", 2).unwrap(), []);
}

#[test]
fn a_stored_null_is_a_value_not_a_deletion() {
    let Fixture { store, .. } = &Fixture::new();
    put(store, "k", json!(null));
    assert_eq!(text(store, "k", None).as_deref(), Some("null"));
    delete(store, "k");
    assert_eq!(text(store, "k", None), None);
    let changes: Vec<_> = store
        .commits_since(0, 9)
        .unwrap()
        .into_iter()
        .map(|commit| commit.changes[0].content.value().map(str::to_owned))
        .collect();
    assert_eq!(changes, [Some("null".into()), None]);
    assert!(store.verify().unwrap().ok);
}

#[test]
fn the_first_committer_wins_and_the_second_learns_which_keys_changed() {
    let Fixture { store, .. } = &Fixture::new();
    let snapshot = put(store, "c", 0).revision;
    let reads = [key("c"), key("a"), key("b"), key("c")];
    assert_eq!(conflict(store, snapshot, &reads, "a"), None);
    put(store, "c", 1);
    assert_eq!(conflict(store, snapshot, &reads, "b"), Some(vec!["a".into(), "c".into()]));
    assert_eq!(text(store, "b", None), None, "a refused transaction writes nothing");
    assert_eq!(conflict(store, store.snapshot().unwrap(), &reads, "b"), None);
}

#[test]
fn two_transactions_that_read_what_the_other_writes_do_not_both_commit() {
    let Fixture { store, .. } = &Fixture::new();
    let snapshot = put(store, "on-call/a", true).revision;
    let reads = [prefix("on-call/")];
    assert_eq!(conflict(store, snapshot, &reads, "on-call/b"), None);
    assert_eq!(conflict(store, snapshot, &reads, "on-call/c"), Some(vec!["on-call/b".into()]));
}

#[test]
fn a_prefix_read_conflicts_with_keys_inserted_changed_and_deleted_under_it() {
    let Fixture { store, .. } = &Fixture::new();
    put(store, "t/changed", 0);
    put(store, "t/deleted", 0);
    let snapshot = put(store, "t/same", 0).revision;
    put(store, "t/changed", 1);
    put(store, "t", 1);
    put(store, "t0", 1);
    delete(store, "t/deleted");
    put(store, "t/inserted", 1);
    let changed = ["t/changed", "t/deleted", "t/inserted"].map(String::from).to_vec();
    assert_eq!(conflict(store, snapshot, &[prefix("t/"), key("t/changed")], "x"), Some(changed));
    assert_eq!(conflict(store, snapshot, &[prefix("t/s"), key("t/same")], "x"), None);
    let everything = conflict(store, snapshot, &[prefix("")], "x").unwrap();
    assert_eq!(everything, ["t", "t/changed", "t/deleted", "t/inserted", "t0", "x"]);
}

#[test]
fn having_read_that_a_key_is_missing_conflicts_with_its_creation() {
    let Fixture { store, .. } = &Fixture::new();
    let snapshot = store.snapshot().unwrap();
    put(store, "k", 1);
    assert_eq!(conflict(store, snapshot, &[key("k")], "x"), Some(vec!["k".into()]));
}

#[test]
fn blind_writes_never_conflict() {
    let Fixture { store, .. } = &Fixture::new();
    put(store, "k", 1);
    put(store, "k", 2);
    assert_eq!(conflict(store, 0, &[], "k"), None);
    assert_eq!(conflict(store, 0, &[key("elsewhere")], "k"), None);
}

#[test]
fn a_transaction_without_writes_checks_its_reads_and_takes_no_revision() {
    let Fixture { store, .. } = &Fixture::new();
    let read_only = |snapshot| transaction(snapshot, &[key("k")], Vec::new());
    assert_eq!(store.commit(read_only(0)).unwrap().revision, 0);
    let committed = put(store, "k", 1);
    assert_eq!(store.commit(read_only(1)).unwrap(), committed);
    assert_eq!(store.commit(read_only(0)).unwrap_err().code(), "ERR_CONFLICT");
    assert_eq!(store.snapshot().unwrap(), 1);
}

#[test]
fn commits_are_listed_without_gaps_from_any_revision() {
    let Fixture { store, .. } = &Fixture::new();
    for number in 1..=7 {
        let writes = vec![Write::put("b", number), Write::delete("a"), Write::put("c", number)];
        store.commit(transaction(0, &[], writes)).unwrap();
    }
    let mut seen = Vec::new();
    while let [.., last] = store.commits_since(seen.last().copied().unwrap_or(0), 3).unwrap().as_slice() {
        let from = seen.last().map_or(1, |last| last + 1);
        seen.extend(from..=last.revision);
    }
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
    let commit = &store.commits_since(4, 1).unwrap()[0];
    let changes: Vec<_> =
        commit.changes.iter().map(|change| (change.key.as_str(), change.content.value())).collect();
    assert_eq!(commit.revision, 5);
    assert_eq!(changes, [("a", None), ("b", Some("5")), ("c", Some("5"))]);
    assert_eq!(store.commits_since(7, 9).unwrap(), []);
    assert_eq!(store.commits_since(0, 0).unwrap(), []);
}

#[test]
fn a_revision_that_the_store_has_not_reached_is_refused_everywhere() {
    let Fixture { store, .. } = &Fixture::new();
    put(store, "k", 1);
    let future = |error: StoreError| matches!(error, StoreError::FutureRevision { head: 1, .. });
    assert!(future(store.get("k", Some(2)).unwrap_err()));
    assert!(future(store.list("", Some(u64::MAX)).unwrap_err()));
    assert!(future(store.commits_since(2, 1).unwrap_err()));
    assert!(future(store.commit(transaction(2, &[], vec![Write::put("k", 2)])).unwrap_err()));
}

#[test]
fn what_passes_a_limit_is_refused_and_what_just_keeps_it_is_not() {
    let Fixture { store, .. } = &Fixture::new();
    let commit = |writes| store.commit(transaction(0, &[], writes)).map_err(|error| error.code());
    let text = |length| Write::put("k", "v".repeat(length - 2));
    let many = |count| (0..count).map(|number| Write::put(format!("k{number}"), 0)).collect();
    let large = |count| {
        (0..count).map(|number| Write { key: format!("k{number}"), ..text(MAX_VALUE_BYTES) }).collect()
    };
    for refused in [vec![text(MAX_VALUE_BYTES + 1)], many(MAX_COMMIT_CHANGES + 1), large(64)] {
        assert_eq!(commit(refused), Err("ERR_TOO_LARGE"));
    }
    assert_eq!(commit(vec![Write::put("k".repeat(MAX_KEY_BYTES + 1), 0)]), Err("ERR_TOO_LARGE"));
    assert_eq!(commit(vec![Write::put("", 0)]), Err("ERR_INVALID_KEY"));
    assert_eq!(commit(vec![Write::put("a\u{0}b", 0)]), Err("ERR_INVALID_KEY"));
    assert_eq!(commit(vec![Write::put("k", (1_u64 << 53) + 1)]), Err("ERR_INVALID_VALUE"));
    assert_eq!(commit(vec![Write::put("k", 0), Write::delete("k")]), Err("ERR_DUPLICATE_WRITE"));
    assert_eq!(store.snapshot().unwrap(), 0);

    commit(vec![text(MAX_VALUE_BYTES), Write::put("k".repeat(MAX_KEY_BYTES), 0)]).unwrap();
    assert_eq!(store.get("k", None).unwrap().unwrap().value.len(), MAX_VALUE_BYTES);
    commit(many(MAX_COMMIT_CHANGES)).unwrap();
    assert_eq!(store.commits_since(1, 1).unwrap()[0].changes.len(), MAX_COMMIT_CHANGES);
}

#[test]
fn an_actor_and_a_mission_are_names_not_free_text() {
    let Fixture { store, .. } = &Fixture::new();
    let commit = |actor: &str, mission: &str| {
        let writes = vec![Write::put("k", 0)];
        let named =
            Transaction { actor: actor.into(), mission: Some(mission.into()), ..transaction(0, &[], writes) };
        store.commit(named).map_err(|error| error.code())
    };
    assert_eq!(commit("", "m").unwrap_err(), "ERR_INVALID_KEY");
    assert_eq!(commit("a\nb", "m").unwrap_err(), "ERR_INVALID_KEY");
    assert_eq!(commit("a", "").unwrap_err(), "ERR_INVALID_KEY");
    assert_eq!(commit("a", &"m".repeat(513)).unwrap_err(), "ERR_TOO_LARGE");
    commit("Wörker \"1\"", "m").unwrap();
}
