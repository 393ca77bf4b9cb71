//! The hash chain: recomputed by other means, and damaged in every way through raw SQL.

use orchestrator_store::{BadReason, BadRevision, ChainHash, Transaction, Write};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Fixture, delete, put, transaction};

/// Five commits: a put of two keys, an update, a deletion, one with a mission, and a put.
fn filled() -> Fixture {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let writes = vec![Write::put("b", json!({ "n": 1.5, "a": null })), Write::put("a", 1)];
    store.commit(transaction(0, &[], writes)).unwrap();
    put(store, "a", "two");
    fixture.set_time(2_000);
    delete(store, "b");
    let mission = Some("größe \"1\"".into());
    store.commit(Transaction { mission, ..transaction(0, &[], vec![Write::put("c", json!(null))]) }).unwrap();
    put(store, "a", 5);
    fixture
}

/// Damages a filled store with SQL and returns the first bad revision that is then found.
fn first_bad_after(sql: &str) -> (u64, BadReason) {
    let fixture = filled();
    fixture.raw().execute_batch(sql).unwrap();
    let report = fixture.store.verify().unwrap();
    assert!(!report.ok, "{sql}");
    assert_eq!(report.damage, [""; 0], "SQL leaves the file itself sound: {sql}");
    let BadRevision { revision, reason } = report.first_bad.unwrap();
    assert_eq!(
        report.commits,
        if reason == BadReason::HeadMismatch { revision } else { revision.saturating_sub(1) }
    );
    (revision, reason)
}

/// The chain as the documentation of `chain` describes it, computed with nothing of the store.
fn recompute(raw: &rusqlite::Connection) -> Vec<[u8; 32]> {
    let mut commits =
        raw.prepare("SELECT revision, time_ms, actor, mission FROM commits ORDER BY revision").unwrap();
    let mut changes =
        raw.prepare("SELECT key, value, sha256 FROM versions WHERE revision = ? ORDER BY key").unwrap();
    let mut rows = commits.query([]).unwrap();
    let (mut previous, mut hashes) = ([0; 32], Vec::new());
    while let Some(row) = rows.next().unwrap() {
        let (revision, time): (i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        let (actor, mission): (String, Option<String>) = (row.get(2).unwrap(), row.get(3).unwrap());
        let changes = changes.query_map([revision], |row| {
            let mut change = Map::from_iter([("key".to_owned(), Value::String(row.get(0)?))]);
            let value = row.get::<_, Option<String>>(1)?.map(|text| Sha256::digest(text).to_vec());
            if let Some(hash) = value.or(row.get::<_, Option<Vec<u8>>>(2)?) {
                let hash = ChainHash::from_bytes(hash.try_into().unwrap());
                change.insert("sha256".to_owned(), Value::String(hash.to_string()));
            }
            Ok(Value::Object(change))
        });
        let changes: Vec<Value> = changes.unwrap().map(Result::unwrap).collect();
        let body = json!({ "time": time, "revision": revision, "mission": mission, "changes": changes, "actor": actor });
        let mut input = previous.to_vec();
        input.extend(serde_json_canonicalizer::to_vec(&body).unwrap());
        previous = Sha256::digest(&input).into();
        hashes.push(previous);
    }
    hashes
}

#[test]
fn the_chain_can_be_recomputed_from_the_rows_alone() {
    let fixture = filled();
    let expected: Vec<_> = recompute(&fixture.raw()).into_iter().map(ChainHash::from_bytes).collect();
    let hashes: Vec<_> =
        fixture.store.commits_since(0, 9).unwrap().iter().map(|commit| commit.hash).collect();
    assert_eq!(hashes, expected);
    let report = fixture.store.verify().unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!((report.commits, report.head.revision, Some(&report.head.hash)), (5, 5, expected.last()));
}

#[test]
fn an_empty_store_verifies() {
    let report = Fixture::new().store.verify().unwrap();
    assert!(report.ok);
    assert_eq!((report.commits, report.head.revision, report.head.hash), (0, 0, ChainHash::ZERO));
}

#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    let damages = [
        "UPDATE versions SET value = '\"twp\"' WHERE key = 'a' AND revision = 2",
        "UPDATE versions SET value = 'null' WHERE key = 'b' AND revision = 3",
        "UPDATE versions SET value = NULL WHERE key = 'c' AND revision = 4",
        "UPDATE versions SET key = 'd' WHERE key = 'c' AND revision = 4",
        "UPDATE commits SET actor = 'Tester' WHERE revision = 2",
        "UPDATE commits SET mission = 'm' WHERE revision = 2",
        "UPDATE commits SET mission = NULL WHERE revision = 4",
        "UPDATE commits SET time_ms = time_ms + 1 WHERE revision = 3",
        "UPDATE commits SET hash = CAST(x'00' || substr(hash, 2) AS BLOB) WHERE revision = 4",
    ];
    let found = damages.map(first_bad_after);
    assert_eq!(found.clone().map(|(revision, _)| revision), [2, 3, 4, 4, 2, 2, 4, 3, 4]);
    assert!(found.iter().all(|(_, reason)| *reason == BadReason::HashMismatch), "{found:?}");
}

#[test]
fn a_removed_commit_is_found() {
    let whole = "DELETE FROM commits WHERE revision = 3; DELETE FROM versions WHERE revision = 3";
    assert_eq!(first_bad_after(whole), (3, BadReason::Missing));
    assert_eq!(first_bad_after("DELETE FROM commits WHERE revision = 1"), (1, BadReason::Missing));
    let closed_up = "DELETE FROM versions WHERE revision = 3; DELETE FROM commits WHERE revision = 3;
        UPDATE commits SET revision = 3 WHERE revision = 4; UPDATE commits SET revision = 4 WHERE revision = 5;
        UPDATE versions SET revision = revision - 1 WHERE revision > 3; UPDATE head SET revision = 4";
    assert_eq!(first_bad_after(closed_up), (3, BadReason::HashMismatch));
}

#[test]
fn a_removed_change_is_found() {
    let one_of_two = "DELETE FROM versions WHERE revision = 1 AND key = 'a'";
    assert_eq!(first_bad_after(one_of_two), (1, BadReason::HashMismatch));
    let (revision, reason) = first_bad_after("DELETE FROM versions WHERE revision = 2");
    assert_eq!((revision, reason.to_string().as_str()), (2, "the commit changes nothing"));
}

#[test]
fn swapped_commits_are_found() {
    let swap = "UPDATE commits SET revision = -1 WHERE revision = 2; UPDATE commits SET revision = 2 WHERE revision = 4;
        UPDATE commits SET revision = 4 WHERE revision = -1;
        UPDATE versions SET revision = -1 WHERE revision = 2; UPDATE versions SET revision = 2 WHERE revision = 4;
        UPDATE versions SET revision = 4 WHERE revision = -1";
    assert_eq!(first_bad_after(swap), (2, BadReason::HashMismatch));
}

/// Makes room for a commit with revision 3 and inserts one there.
const INSERT: &str = "UPDATE commits SET revision = -revision WHERE revision > 2;
    UPDATE commits SET revision = 1 - revision WHERE revision < 0;
    UPDATE versions SET revision = -revision WHERE revision > 2;
    UPDATE versions SET revision = 1 - revision WHERE revision < 0;
    UPDATE head SET revision = 6;
    INSERT INTO versions(key, revision, value) VALUES ('forged', 3, '1');
    INSERT INTO commits VALUES (3, 2000, 'tester', NULL, zeroblob(32));";

#[test]
fn an_inserted_commit_is_found() {
    assert_eq!(first_bad_after(INSERT), (3, BadReason::HashMismatch));
}

#[test]
fn an_inserted_commit_with_a_right_hash_is_found_at_the_one_after_it() {
    let fixture = filled();
    let raw = fixture.raw();
    raw.execute_batch(INSERT).unwrap();
    raw.execute("UPDATE commits SET hash = ? WHERE revision = 3", [recompute(&raw)[2]]).unwrap();
    let expected = BadRevision { revision: 4, reason: BadReason::HashMismatch };
    assert_eq!(fixture.store.verify().unwrap().first_bad, Some(expected));
}

#[test]
fn a_commit_added_after_the_head_is_found_and_blocks_further_commits() {
    let fixture = filled();
    let raw = fixture.raw();
    raw.execute_batch(
        "INSERT INTO versions(key, revision, value) VALUES ('forged', 6, '1');
         INSERT INTO commits VALUES (6, 2000, 'tester', NULL, zeroblob(32))",
    )
    .unwrap();
    raw.execute("UPDATE commits SET hash = ? WHERE revision = 6", [recompute(&raw)[5]]).unwrap();
    let expected = BadRevision { revision: 6, reason: BadReason::BeyondHead };
    assert_eq!(fixture.store.verify().unwrap().first_bad, Some(expected));
    let next = fixture.store.commit(transaction(5, &[], vec![Write::put("k", 1)]));
    assert_eq!(next.unwrap_err().code(), "ERR_CORRUPT");
}

#[test]
fn a_truncated_tail_is_found_against_the_stored_head() {
    let tail = "DELETE FROM commits WHERE revision > 3; DELETE FROM versions WHERE revision > 3";
    assert_eq!(first_bad_after(tail), (4, BadReason::Truncated));
    let everything = "DELETE FROM commits; DELETE FROM versions";
    assert_eq!(first_bad_after(everything), (1, BadReason::Truncated));
    let and_the_heads_revision = "DELETE FROM commits WHERE revision > 3; DELETE FROM versions WHERE revision > 3; UPDATE head SET revision = 3";
    assert_eq!(first_bad_after(and_the_heads_revision), (3, BadReason::HeadMismatch));
}

#[test]
fn a_commit_after_a_truncated_tail_does_not_hide_it() {
    let fixture = filled();
    fixture
        .raw()
        .execute_batch("DELETE FROM commits WHERE revision > 3; DELETE FROM versions WHERE revision > 3")
        .unwrap();
    assert_eq!(put(&fixture.store, "k", 1).revision, 6);
    let expected = BadRevision { revision: 4, reason: BadReason::Missing };
    assert_eq!(fixture.store.verify().unwrap().first_bad, Some(expected));
    assert_eq!(fixture.store.commits_since(2, 9).unwrap_err().code(), "ERR_CORRUPT");
}

#[test]
fn a_version_that_belongs_to_no_commit_is_found() {
    let insert = |revision: i64| {
        format!("INSERT INTO versions(key, revision, value) VALUES ('forged', {revision}, '1')")
    };
    assert_eq!(first_bad_after(&insert(6)), (6, BadReason::Orphaned));
    assert_eq!(first_bad_after(&insert(0)), (0, BadReason::Orphaned));
    assert_eq!(first_bad_after(&insert(-7)), (0, BadReason::Orphaned));
    assert_eq!(first_bad_after(&insert(4)), (4, BadReason::HashMismatch));
}

#[test]
fn changes_in_another_order_are_found() {
    let swap = "UPDATE versions SET id = -1 WHERE id = 1; UPDATE versions SET id = 1 WHERE id = 2;
        UPDATE versions SET id = 2 WHERE id = -1";
    let (revision, reason) = first_bad_after(swap);
    assert_eq!((revision, reason.to_string().as_str()), (1, "the changed keys are not in ascending order"));
}

#[test]
fn a_value_that_no_compaction_can_have_dropped_is_missed() {
    // Its hash still stands there, so that the chain alone would hold.
    let fixture = filled();
    let value: String = fixture
        .raw()
        .query_row("SELECT value FROM versions WHERE revision = 2", [], |row| row.get(0))
        .unwrap();
    fixture
        .raw()
        .execute(
            "UPDATE versions SET value = NULL, sha256 = ?1 WHERE revision = 2",
            [Sha256::digest(value).as_slice()],
        )
        .unwrap();
    let report = fixture.store.verify().unwrap();
    let reason = BadReason::ValueMissing { key: "a".into() };
    assert_eq!(report.first_bad, Some(BadRevision { revision: 2, reason }));
}

#[test]
fn a_row_that_no_commit_writes_is_found_and_not_an_error() {
    for damage in [
        "UPDATE commits SET actor = CAST(x'FF' AS TEXT) WHERE revision = 3",
        "UPDATE commits SET hash = x'00' WHERE revision = 3",
        "UPDATE commits SET time_ms = -1 WHERE revision = 3",
        "UPDATE versions SET sha256 = x'00' WHERE revision = 3",
        "UPDATE versions SET key = '' WHERE revision = 3",
    ] {
        let (revision, reason) = first_bad_after(damage);
        assert!(matches!(reason, BadReason::Malformed(_)), "{damage}: {reason}");
        assert_eq!(revision, 3, "{damage}");
    }
}
