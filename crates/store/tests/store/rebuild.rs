//! Backups, recovery of damaged stores, export and import.

use std::fs;
use std::path::Path;

use orchestrator_store::{OpenOptions, Store, Write, backups};

use crate::support::{Fixture, Seeded, put, quick_options, transaction};

fn filled(commits: u64) -> Fixture {
    let fixture = Fixture::new();
    fill(&fixture.store, 0, commits);
    fixture
}

fn fill(store: &Store, from: u64, to: u64) {
    let mut random = Seeded(from + 1);
    for number in from..to {
        let writes = (0..=random.below(2))
            .map(|other| Write::put(format!("k/{}/{other}", number % 40), "v".repeat(random.below(600))));
        store.commit(transaction(0, &[], writes.collect())).unwrap();
    }
}

fn lines(store: &Store) -> Vec<String> {
    let (header, head) = store.export_header().unwrap();
    let mut lines = vec![header];
    lines.extend(store.export_commits(0, usize::try_from(head.revision).unwrap()).unwrap());
    lines
}

fn recover(path: &Path) -> Option<orchestrator_store::Recovery> {
    Store::recover(path, &quick_options()).unwrap()
}

#[test]
fn a_backup_is_a_store_and_the_last_five_are_kept() {
    let fixture = filled(3);
    for number in 0..8 {
        put(&fixture.store, "k", number);
        let backup = fixture.store.backup(5).unwrap();
        assert_eq!(backup.head.revision, 4 + number);
        assert_eq!(lines(&Store::open(&backup.path, quick_options()).unwrap()), lines(&fixture.store));
    }
    let revisions: Vec<_> =
        backups(fixture.path()).unwrap().into_iter().map(|backup| backup.head.revision).collect();
    assert_eq!(revisions, [11, 10, 9, 8, 7]);
}

#[test]
fn a_sound_store_is_left_alone_and_one_in_use_is_busy() {
    let fixture = filled(3);
    let impatient =
        OpenOptions { busy_timeout: std::time::Duration::from_millis(50), ..OpenOptions::default() };
    assert_eq!(Store::recover(fixture.path(), &impatient).unwrap_err().code(), "ERR_BUSY");
    fixture.store.close();
    assert_eq!(Store::recover(fixture.path(), &impatient).unwrap(), None);
    assert_eq!(fixture.open_again().snapshot().unwrap(), 3);
}

/// Damages a store of 120 commits with a backup after 80, and recovers it.
fn recovered(damage: impl Fn(&Path)) -> (u64, Option<u64>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let open = || Store::open(&path, OpenOptions::default());
    let store = open().unwrap();
    fill(&store, 0, 80);
    store.backup(5).unwrap();
    fill(&store, 80, 120);
    let token = store.acquire_lease("l", "h", 1_000_000, None).unwrap().token;
    let whole = lines(&store);
    drop(store);
    damage(&path);
    let before = fs::read(&path).unwrap_or_default();
    let Some(recovery) = recover(&path) else {
        let store = open().unwrap();
        assert!(store.verify().unwrap().ok);
        return (store.snapshot().unwrap(), None);
    };
    let name = path.file_name().unwrap();
    assert_eq!(fs::read(recovery.set_aside.join(name)).unwrap_or_default(), before, "nothing is deleted");
    let store = open().unwrap();
    assert!(store.verify().unwrap().ok);
    let rebuilt = lines(&store);
    assert_eq!(rebuilt[1..], whole[1..rebuilt.len()], "a prefix of what was");
    assert_eq!(rebuilt.len() as u64 - 1, recovery.head.revision);
    assert!(store.acquire_lease("other", "h", 1, None).unwrap().token > token);
    (recovery.head.revision, recovery.known)
}

#[test]
fn a_store_that_is_no_database_any_more_comes_back_from_its_backup() {
    let (revision, known) = recovered(|path| fs::write(path, "not a database").unwrap());
    assert_eq!((revision, known), (80, Some(120)));
    let (revision, known) = recovered(|path| fs::remove_file(path).unwrap());
    assert_eq!((revision, known), (80, Some(120)));
    let (revision, known) = recovered(|path| fs::write(path, "").unwrap());
    assert_eq!((revision, known), (80, Some(120)));
}

#[test]
fn what_can_be_read_behind_the_backup_is_kept() {
    let (revision, _) = recovered(|path| {
        let raw = rusqlite::Connection::open(path).unwrap();
        raw.execute("UPDATE versions SET value = '0' WHERE revision = 100", []).unwrap();
    });
    assert_eq!(revision, 99);
    let (revision, _) = recovered(|path| {
        let raw = rusqlite::Connection::open(path).unwrap();
        raw.execute("UPDATE versions SET value = '0' WHERE revision = 10", []).unwrap();
    });
    assert_eq!(revision, 120, "the backup has what is damaged here");
}

#[test]
fn a_page_of_rubbish_anywhere_costs_at_most_what_is_behind_the_backup() {
    for page in 1..40 {
        let (revision, _) = recovered(|path| {
            let mut bytes = fs::read(path).unwrap();
            let begin = page * 4096;
            if let Some(page) = bytes.get_mut(begin..begin + 4096) {
                page.fill(0xA5);
            }
            fs::write(path, bytes).unwrap();
        });
        assert!(revision >= 80, "page {page}: {revision}");
    }
}

#[test]
fn a_log_that_was_deleted_is_missed_and_a_backup_brings_back_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let living = folder.path().join("living.db");
    let store = Store::open(&living, OpenOptions::default()).unwrap();
    fill(&store, 0, 12);
    store.backup(5).unwrap();
    fill(&store, 12, 20);
    // As a process that is killed leaves it, and without its log.
    let path = folder.path().join("state.db");
    fs::copy(&living, &path).unwrap();
    for suffix in ["-locks", "-backups"] {
        let to = folder.path().join(format!("state.db{suffix}"));
        fs::create_dir(&to).unwrap();
        for entry in fs::read_dir(folder.path().join(format!("living.db{suffix}"))).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    let error = Store::open(&path, OpenOptions::default()).unwrap_err();
    assert!(error.to_string().contains("to 20 are not in it any more"), "{error}");
    let recovery = recover(&path).unwrap();
    assert_eq!((recovery.head.revision, recovery.known), (12, Some(20)));
    assert_eq!(Store::open(&path, OpenOptions::default()).unwrap().snapshot().unwrap(), 12);
}

#[test]
fn an_older_file_in_the_stores_place_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = Store::open(&path, OpenOptions::default()).unwrap();
    fill(&store, 0, 20);
    drop(store);
    let older = fs::read(&path).unwrap();
    let store = Store::open(&path, OpenOptions::default()).unwrap();
    fill(&store, 20, 30);
    drop(store);
    fs::write(&path, older).unwrap();
    let error = Store::open(&path, OpenOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "the store is damaged: the commits 21 to 30 are not in it any more");
    let recovery = recover(&path).unwrap();
    assert_eq!((recovery.head.revision, recovery.known), (20, Some(30)));
    assert_eq!(Store::open(&path, OpenOptions::default()).unwrap().snapshot().unwrap(), 20);
}

/// A store of ten commits that are only in its log, as a process that is killed leaves it.
fn killed(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("state.db");
    let living = folder.join("living.db");
    let store = Store::open(&living, OpenOptions::default()).unwrap();
    for number in 0..10 {
        store.commit(transaction(0, &[], vec![Write::put("k", number)])).unwrap();
    }
    for suffix in ["", "-wal"] {
        fs::copy(format!("{}{suffix}", living.display()), format!("{}{suffix}", path.display())).unwrap();
    }
    path
}

#[test]
fn a_recovery_that_was_interrupted_is_finished_by_the_next() {
    for moved in [&[][..], &["-wal"], &["-wal", ""]] {
        let folder = tempfile::tempdir().unwrap();
        let path = killed(folder.path());
        let work = folder.path().join("state.db-recovery");
        fs::create_dir(&work).unwrap();
        let rebuilt = Store::open(folder.path().join("living.db"), OpenOptions::default()).unwrap();
        fs::rename(rebuilt.backup(1).unwrap().path, work.join("finished.db")).unwrap();
        let aside = folder.path().join("state.db-damaged-1");
        fs::create_dir(&aside).unwrap();
        for suffix in moved {
            let name = format!("state.db{suffix}");
            fs::rename(folder.path().join(&name), aside.join(&name)).unwrap();
        }
        assert_eq!(Store::open(&path, quick_options()).map(drop).unwrap_err().code(), "ERR_CORRUPT");
        assert_eq!(recover(&path).unwrap().head.revision, 10, "{moved:?} were moved");
        assert_eq!(Store::open(&path, quick_options()).unwrap().snapshot().unwrap(), 10);
        assert!(!work.exists());
    }
}

#[test]
fn an_export_makes_the_same_store_again() {
    let fixture = filled(60);
    fixture.store.compact(30, "tester").unwrap();
    fixture.store.commit(transaction(0, &[], vec![Write::delete("k/1/0")])).unwrap();
    let exported = lines(&fixture.store);
    let path = fixture.path().with_file_name("imported.db");
    Store::import(&path, exported.join("\n").as_bytes()).unwrap();
    let imported = Store::open(&path, quick_options()).unwrap();
    assert!(imported.verify().unwrap().ok);
    assert_eq!(lines(&imported), exported);
    assert_eq!(Store::import(&path, &b""[..]).unwrap_err().code(), "ERR_EXISTS");
}

#[test]
fn an_export_that_was_changed_is_refused_and_leaves_nothing() {
    let fixture = filled(10);
    let whole = lines(&fixture.store);
    let path = fixture.path().with_file_name("imported.db");
    let refused = |lines: &[String], reason: &str| {
        let error = Store::import(&path, lines.join("\n").as_bytes()).unwrap_err();
        assert_eq!(error.code(), "ERR_CORRUPT");
        assert!(error.to_string().contains(reason), "{error}");
        let left = fs::read_dir(path.parent().unwrap()).unwrap();
        assert!(left.flatten().all(|entry| !entry.file_name().to_string_lossy().starts_with("imported")));
    };
    refused(&[], "the export is empty");
    refused(&whole[1..], "line 1 of the export: it is not the first line");
    refused(&whole[..8], "ends at revision 7, not at 10");
    let mut swapped = whole.clone();
    swapped.swap(3, 4);
    refused(&swapped, "line 4 of the export: the commit does not follow");
    let mut changed = whole.clone();
    changed[5] = changed[5].replacen("tester", "rester", 1);
    refused(&changed, "line 6 of the export: the commit does not follow");
    let mut broken = whole;
    broken[2].truncate(20);
    refused(&broken, "line 3 of the export");
}
