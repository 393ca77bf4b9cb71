//! Opening and closing, files that are not ours, damaged files, locks.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_store::{CommitRecord, OpenOptions, Store, StoreError};
use rusqlite::Connection;

use crate::support::{Fixture, Seeded, put, quick_options, text, transaction};

fn code<T>(result: Result<T, StoreError>) -> &'static str {
    result.map(drop).unwrap_err().code()
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let mut fixture = Fixture::new();
    let committed = put(&fixture.store, "k", "v");
    fixture.reopen();
    assert_eq!(text(&fixture.store, "k", None).as_deref(), Some("\"v\""));
    assert_eq!(fixture.store.verify().unwrap().head.hash, committed.hash);
    assert_eq!(put(&fixture.store, "k", "w").revision, 2);
    assert!(fixture.store.verify().unwrap().ok);
}

#[test]
fn two_stores_on_one_file_see_each_others_commits() {
    let fixture = Fixture::new();
    let other = fixture.open_again();
    put(&fixture.store, "k", 1);
    assert_eq!(text(&other, "k", None).as_deref(), Some("1"));
    assert_eq!(put(&other, "k", 2).revision, 2);
    assert_eq!(fixture.store.snapshot().unwrap(), 2);
}

#[test]
fn missing_folders_above_the_file_are_created() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/file:state.db?mode=memory");
    put(&Store::open(&path, OpenOptions::default()).unwrap(), "k", 1);
    assert!(path.is_file(), "and a path is never taken for a URI");
}

#[test]
fn a_store_of_a_newer_schema_is_refused_and_left_alone() {
    let fixture = Fixture::new();
    fixture.store.close();
    fixture.raw().pragma_update(None, "user_version", 3).unwrap();
    let before = fs::read(fixture.path()).unwrap();
    match Store::open(fixture.path(), quick_options()).unwrap_err() {
        StoreError::Schema { version: 3, supported: 2, .. } => {}
        error => panic!("{error}"),
    }
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE t(a); INSERT INTO t VALUES (1)").unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(code(Store::open(&path, quick_options())), "ERR_SCHEMA");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_corrupt_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let text = "not a database\n".repeat(1_000);
    fs::write(&path, &text).unwrap();
    assert_eq!(code(Store::open(&path, quick_options())), "ERR_CORRUPT");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_store_with_a_foreign_trigger_or_a_missing_table_is_corrupt() {
    let damages = [
        "CREATE TRIGGER t AFTER INSERT ON versions BEGIN DELETE FROM commits; END",
        "CREATE VIEW v AS SELECT 1",
        "DROP TABLE leases",
        "DROP INDEX versions_by_revision",
        "DELETE FROM head",
    ];
    for damage in damages {
        let fixture = Fixture::new();
        fixture.store.close();
        fixture.raw().execute_batch(damage).unwrap();
        assert_eq!(code(Store::open(fixture.path(), quick_options())), "ERR_CORRUPT", "{damage}");
    }
}

/// Everything that a caller can see.
fn contents(store: &Store) -> Result<Vec<CommitRecord>, StoreError> {
    let entries = store.list("", None)?;
    let commits = store.commits_since(0, usize::MAX)?;
    for entry in entries {
        store.get(&entry.key, Some(entry.revision))?;
        store.history(&entry.key, 10)?;
    }
    Ok(commits)
}

#[test]
fn a_flipped_bit_anywhere_in_the_file_is_reported_or_changes_nothing() {
    let fixture = Fixture::new();
    for number in 0..60 {
        put(&fixture.store, &format!("k/{}", number % 20), "v".repeat(number * 20));
    }
    let good = contents(&fixture.store).unwrap();
    fixture.store.close();
    let bytes = fs::read(fixture.path()).unwrap();
    let path = fixture.path().with_file_name("damaged.db");
    let mut random = Seeded(11);
    let mut found = 0;
    for _ in 0..150 {
        let (at, bit) = (random.below(bytes.len()), random.below(8));
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << bit;
        fs::write(&path, damaged).unwrap();
        match Store::open(&path, quick_options()).and_then(|store| Ok((store.verify()?.ok, contents(&store))))
        {
            Ok((true, contents)) => assert_eq!(contents.unwrap(), good, "bit {bit} of byte {at}"),
            Ok((false, contents)) => {
                found += 1;
                if let Err(error) = contents {
                    assert_eq!(error.code(), "ERR_CORRUPT", "bit {bit} of byte {at}: {error}");
                }
            }
            // The header of the file also says which program and which version it belongs to.
            Err(error) => {
                found += 1;
                let expected =
                    if at < 100 { &["ERR_CORRUPT", "ERR_SCHEMA", "ERR_IO"][..] } else { &["ERR_CORRUPT"] };
                assert!(expected.contains(&error.code()), "bit {bit} of byte {at}: {error}");
            }
        }
    }
    assert!(found > 50, "most of the file matters, but only {found} flips were found");
}

#[test]
fn a_file_cut_short_is_corrupt() {
    let fixture = Fixture::new();
    for number in 0..50 {
        put(&fixture.store, "k", "v".repeat(number * 50));
    }
    fixture.store.close();
    let bytes = fs::read(fixture.path()).unwrap();
    for pages in 1..bytes.len() / 4096 {
        fs::write(fixture.path(), &bytes[..pages * 4096]).unwrap();
        match Store::open(fixture.path(), quick_options()) {
            Ok(store) => assert!(!store.verify().is_ok_and(|report| report.ok), "{pages} pages"),
            Err(error) => assert_eq!(error.code(), "ERR_CORRUPT", "{pages} pages"),
        }
    }
}

#[test]
fn a_write_waits_for_another_process_and_then_is_busy_while_reads_go_on() {
    let fixture = Fixture::new();
    put(&fixture.store, "k", 1);
    let busy_timeout = Duration::from_millis(100);
    let impatient = Store::open(fixture.path(), OpenOptions { busy_timeout, ..quick_options() }).unwrap();
    let other = fixture.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    let write = transaction(0, &[], vec![orchestrator_store::Write::put("k", 2)]);
    assert_eq!(code(impatient.commit(write)), "ERR_BUSY");
    assert!(started.elapsed() >= busy_timeout);
    assert_eq!(text(&impatient, "k", None).as_deref(), Some("1"));
    other.execute_batch("COMMIT").unwrap();
    put(&impatient, "k", 2);
}

#[test]
fn opening_waits_for_another_process_that_is_opening_the_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let other = Connection::open(&path).unwrap();
    // Until this ends, the file cannot be switched to write-ahead logging.
    other.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").unwrap();
    thread::scope(|scope| {
        let opening = scope.spawn(|| put(&Store::open(&path, quick_options()).unwrap(), "k", 1).revision);
        thread::sleep(Duration::from_millis(100));
        assert!(!opening.is_finished());
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(opening.join().unwrap(), 1);
    });
}

#[test]
fn after_closing_every_call_is_refused_and_the_log_is_in_the_file() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    put(store, "k", 1);
    store.close();
    store.close();
    let write = transaction(0, &[], vec![orchestrator_store::Write::put("k", 2)]);
    let codes = [
        code(store.snapshot()),
        code(store.get("k", None)),
        code(store.list("", None)),
        code(store.history("k", 1)),
        code(store.commits_since(0, 1)),
        code(store.commit(write)),
        code(store.acquire_lease("l", "h", 1, None)),
        code(store.renew_lease("l", 1, 1)),
        code(store.release_lease("l", 1)),
        code(store.lease("l")),
        code(store.verify()),
    ];
    assert_eq!(codes, ["ERR_CLOSED"; 11]);
    let mut names: Vec<_> = fs::read_dir(fixture.path().parent().unwrap())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["state.db", "state.db-locks"], "no write-ahead log is left over");
}

#[test]
fn closing_does_not_wait_for_another_process() {
    let fixture = Fixture::new();
    put(&fixture.store, "k", 1);
    let other = fixture.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    fixture.store.close();
    assert!(started.elapsed() < Duration::from_secs(2), "the busy timeout is 30 s");
}
