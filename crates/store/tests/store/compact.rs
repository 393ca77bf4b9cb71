//! Dropping old values: what can still be read is the same, and the chain holds.

use orchestrator_store::{Content, Revision, Write};

use crate::support::{Fixture, Seeded, delete, put, text, transaction};

fn filled(commits: u64) -> Fixture {
    let fixture = Fixture::new();
    let mut random = Seeded(5);
    for number in 0..commits {
        let key = format!("k/{}", random.below(12));
        if random.below(6) == 0 {
            delete(&fixture.store, &key);
        } else {
            put(&fixture.store, &key, format!("{number} {}", "x".repeat(random.below(400))));
        }
    }
    fixture
}

fn state(fixture: &Fixture, at: Revision) -> Vec<(String, String, Revision)> {
    let entries = fixture.store.list("k/", Some(at)).unwrap();
    entries.into_iter().map(|entry| (entry.key, entry.value, entry.revision)).collect()
}

#[test]
fn what_can_be_read_after_a_compaction_is_what_it_was_before() {
    let fixture = filled(400);
    let before: Vec<_> = (0..=400).map(|at| state(&fixture, at)).collect();
    let hashes: Vec<_> =
        fixture.store.commits_since(0, 1_000).unwrap().into_iter().map(|commit| commit.hash).collect();
    let mut dropped = 0;
    for floor in [1, 150, 150, 100, 399, 400] {
        let done = fixture.store.compact(floor, "tester").unwrap();
        dropped += done.dropped;
        for at in done.floor..=400 {
            assert_eq!(state(&fixture, at), before[usize::try_from(at).unwrap()], "at {at}, floor {floor}");
        }
        let refused = fixture.store.list("k/", Some(done.floor - 1)).unwrap_err();
        assert_eq!(refused.code(), "ERR_COMPACTED");
        let report = fixture.store.verify().unwrap();
        assert!(report.ok, "{report:?}");
    }
    assert_eq!(fixture.store.floor().unwrap(), 400);
    assert!(dropped > 250, "{dropped}");
    let after = fixture.store.commits_since(0, 1_000).unwrap();
    assert_eq!(after.iter().take(400).map(|commit| commit.hash).collect::<Vec<_>>(), hashes);
    let compacted = after.iter().flat_map(|commit| &commit.changes);
    let compacted = compacted.filter(|change| matches!(change.content, Content::Compacted(_))).count();
    assert_eq!(compacted as u64, dropped);
}

#[test]
fn the_file_gets_smaller() {
    let fixture = Fixture::new();
    for number in 0..300 {
        put(&fixture.store, "k", format!("{number}{}", "v".repeat(10_000)));
    }
    let pages = || -> i64 { fixture.raw().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap() };
    let vacuum: i64 = fixture.raw().pragma_query_value(None, "auto_vacuum", |row| row.get(0)).unwrap();
    assert_eq!(vacuum, 2, "incremental");
    let before = pages();
    let done = fixture.store.compact(300, "tester").unwrap();
    assert_eq!(done.dropped, 299);
    assert!(done.bytes > 2_900_000);
    assert!(pages() * 4 < before, "{} of {before} pages", pages());
}

#[test]
fn an_old_snapshot_conflicts_or_is_compacted_but_never_reads_wrongly() {
    let fixture = filled(50);
    fixture.store.compact(50, "tester").unwrap();
    assert_eq!(text(&fixture.store, "k/1", None), text(&fixture.store, "k/1", Some(50)));
    let write = transaction(10, &[crate::support::prefix("k/")], vec![Write::put("k/1", 1)]);
    assert_eq!(fixture.store.commit(write).unwrap_err().code(), "ERR_CONFLICT");
}

#[test]
fn nobody_else_writes_the_record_of_a_compaction() {
    let fixture = filled(10);
    let write = transaction(0, &[], vec![Write::put("$compaction", 1)]);
    assert_eq!(fixture.store.commit(write).unwrap_err().code(), "ERR_INVALID_KEY");
    assert_eq!(fixture.store.compact(11, "tester").unwrap_err().code(), "ERR_FUTURE_REVISION");
    // A floor that was raised by hand would hide that values are gone.
    fixture.store.compact(5, "tester").unwrap();
    fixture
        .raw()
        .execute("UPDATE versions SET value = '{\"floor\":9}' WHERE key = '$compaction'", [])
        .unwrap();
    assert_eq!(fixture.store.verify().unwrap().first_bad.unwrap().revision, 11);
}
