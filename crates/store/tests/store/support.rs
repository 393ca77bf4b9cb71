//! What the tests have in common: a store in a temporary folder, a clock that is set by hand, raw access to
//! the file, numbers from a seed, and this binary started again as another process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orchestrator_store::{
    Clock, Committed, Durability, OpenOptions, Read, Revision, Store, StoreError, Transaction, Write,
};
use serde_json::Value;
use tempfile::TempDir;

pub struct Fixture {
    pub store: Store,
    pub time_ms: Arc<AtomicU64>,
    folder: TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let time_ms = Arc::new(AtomicU64::new(1_000));
        let store = Store::open(folder.path().join("state.db"), options(&time_ms)).unwrap();
        Self { store, time_ms, folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    pub fn set_time(&self, time_ms: u64) {
        self.time_ms.store(time_ms, Ordering::SeqCst);
    }

    /// The same file, opened a second time.
    pub fn open_again(&self) -> Store {
        Store::open(self.path(), options(&self.time_ms)).unwrap()
    }

    pub fn reopen(&mut self) {
        self.store.close();
        self.store = self.open_again();
    }

    /// The file as plain SQLite, to look into it and to damage it.
    pub fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

fn options(time_ms: &Arc<AtomicU64>) -> OpenOptions {
    let time_ms = Arc::clone(time_ms);
    OpenOptions { clock: Clock::new(move || time_ms.load(Ordering::SeqCst)), ..quick_options() }
}

/// Without syncs, and with patience for a slow machine.
pub fn quick_options() -> OpenOptions {
    OpenOptions {
        durability: Durability::Process,
        busy_timeout: Duration::from_secs(30),
        ..OpenOptions::default()
    }
}

pub fn transaction(snapshot: Revision, reads: &[Read], writes: Vec<Write>) -> Transaction {
    Transaction {
        actor: "tester".into(),
        mission: None,
        snapshot,
        reads: reads.to_vec(),
        writes,
        fence: None,
    }
}

/// A blind write.
pub fn put(store: &Store, key: &str, value: impl Into<Value>) -> Committed {
    store.commit(transaction(0, &[], vec![Write::put(key, value)])).unwrap()
}

/// A blind deletion.
pub fn delete(store: &Store, key: &str) -> Committed {
    store.commit(transaction(0, &[], vec![Write::delete(key)])).unwrap()
}

/// The value of a key as text.
pub fn text(store: &Store, key: &str, at: Option<Revision>) -> Option<String> {
    store.get(key, at).unwrap().map(|entry| entry.value)
}

pub fn key(key: &str) -> Read {
    Read::Key(key.into())
}

pub fn prefix(prefix: &str) -> Read {
    Read::Prefix(prefix.into())
}

/// Adds one to a counter, again and again until nobody else has changed it meanwhile.
pub fn increment(store: &Store, key: &str) {
    loop {
        let snapshot = store.snapshot().unwrap();
        let count: u64 = text(store, key, Some(snapshot)).map_or(0, |text| text.parse().unwrap());
        let write = Write::put(key, count + 1);
        match store.commit(transaction(snapshot, &[Read::Key(key.into())], vec![write])) {
            Ok(_) => return,
            Err(StoreError::Conflict { keys }) => assert_eq!(keys, [key]),
            Err(error) => panic!("{error}"),
        }
    }
}

/// SplitMix64 (S. Vigna): a seed gives the same numbers for ever.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    pub fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// Where a child process finds its store.
pub const STORE_PATH: &str = "ORCHESTRATOR_STORE_TEST_PATH";

/// This test binary as another process that runs only the (otherwise ignored) test `name` on the store in
/// `path`.
pub fn child(name: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--ignored", "--nocapture"]).env(STORE_PATH, path);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

/// The store that a child process is to work on. `None` if somebody runs the child's test by hand.
pub fn child_store(options: OpenOptions) -> Option<Store> {
    let path = std::env::var_os(STORE_PATH)?;
    Some(Store::open(path, options).unwrap())
}
