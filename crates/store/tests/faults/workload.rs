//! What the store is used for while its disk fails, and the record of what it answered.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use orchestrator_store::{
    Change, Clock, Committed, Content, Durability, Fence, OpenOptions, Revision, Store, StoreError,
    Transaction, Write,
};
use rusqlite::Connection;

use crate::support::{self, Seeded};

/// The store empties its log when it has 4,096 pages; a commit takes at least 4 of them.
const MANY: usize = 1_050;

/// A transaction that was tried.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its actor, which no other transaction has.
    pub name: String,
    /// What it was to change, in ascending order of keys.
    pub changes: Vec<Change>,
    /// What was answered: a receipt or an error's code.
    pub answer: Result<Committed, &'static str>,
    /// Whether it was visible although an error was answered.
    pub seen_after_error: bool,
}

/// What is known of the lease "l/1".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KnownLease {
    /// The greatest token that was given out.
    pub token: u64,
    /// Whether it is held; `None` if a step failed, which may have been kept.
    pub held: Option<bool>,
}

/// Everything that a client of the store was told.
#[derive(Debug, Clone, Default)]
pub struct Record {
    pub attempts: Vec<Attempt>,
    pub lease: KnownLease,
    /// The floor of the newest compaction that was acknowledged.
    pub floor: Revision,
    /// The codes of other calls that failed.
    pub errors: Vec<&'static str>,
    /// Answers that were no errors, and wrong.
    pub wrong: Vec<String>,
}

/// Uses one store and writes down what it answers.
pub struct Client {
    path: PathBuf,
    durability: Durability,
    pub store: Option<Store>,
    pub record: Record,
}

impl Client {
    pub fn new(path: PathBuf, durability: Durability) -> Self {
        Self { path, durability, store: None, record: Record::default() }
    }

    /// Opens the store; a second time if the first fails.
    pub fn open(&mut self) {
        for _ in 0..2 {
            if self.store.is_none() {
                let opened = open(&self.path, self.durability);
                self.store = self.note(opened);
            }
        }
    }

    pub fn close(&mut self) {
        if let Some(store) = self.store.take() {
            store.close();
        }
    }

    /// Writes one value of `size` bytes to each of the keys.
    pub fn put(&mut self, keys: &[&str], size: usize) {
        let number = self.record.attempts.len();
        let writes = keys.iter().map(|key| Write::put(*key, value(number, size))).collect();
        self.commit(support::transaction(0, &[], writes));
    }

    /// Commits under a name of its own.
    pub fn commit(&mut self, transaction: Transaction) {
        let name = format!("client/{}", self.record.attempts.len());
        if let Some(store) = &self.store {
            let answers = self.record.attempts.iter().rev().find_map(|attempt| attempt.answer.ok());
            let newest = answers.map_or(0, |receipt| receipt.revision);
            let attempt = attempt(store, name, transaction, newest);
            self.record.attempts.push(attempt);
        }
    }

    /// Takes the lease, renews it, commits with it, gives it back, and tries to commit with it once more.
    pub fn use_lease(&mut self) {
        let Some(store) = &self.store else { return };
        let acquired = store.acquire_lease("l/1", "client", 100, None);
        let acquired = self.note(acquired);
        self.record.lease.held = acquired.map(|_| true);
        let Some(grant) = acquired else { return };
        self.record.lease.token = grant.token;
        let fence = Some(Fence { lease: "l/1".into(), token: grant.token });
        let fenced = |key: &str| Transaction {
            fence: fence.clone(),
            ..support::transaction(0, &[], vec![Write::put(key, 1)])
        };
        let renewed = self.store.as_ref().unwrap().renew_lease("l/1", grant.token, 200);
        self.note(renewed);
        self.commit(fenced("fenced/held"));
        let released = self.store.as_ref().unwrap().release_lease("l/1", grant.token);
        self.record.lease.held = self.note(released).map(|()| false);
        if self.record.lease.held.is_some() {
            self.commit(fenced("fenced/released"));
            assert!(self.record.attempts.last().unwrap().answer.is_err(), "a fence that does not hold");
        }
    }

    /// Drops what was replaced up to the newest commit. The commit that says so has no receipt.
    pub fn compact(&mut self) {
        let Some(store) = &self.store else { return };
        let Some(floor) = store.snapshot().ok().filter(|head| *head > 0) else { return };
        let name = format!("compaction/{}", self.record.attempts.len());
        let compacted = store.compact(floor, &name);
        let changes = vec![Change {
            key: "$compaction".into(),
            content: Content::Value(format!("{{\"floor\":{floor}}}")),
        }];
        self.record.attempts.push(Attempt { name, changes, answer: Err("ERR_IO"), seen_after_error: false });
        if let Some(compaction) = self.note(compacted) {
            self.record.floor = compaction.floor;
        }
    }

    /// Several threads that commit at the same time.
    pub fn put_from_threads(&mut self, threads: u64, each: usize) {
        let Some(store) = &self.store else { return };
        let first = self.record.attempts.len();
        let client = |thread: u64| {
            move || -> Vec<Attempt> {
                let mut random = Seeded(thread);
                let mut commit = |number: usize| {
                    let keys = (0..=random.below(3)).map(|key| format!("thread/{key}"));
                    let writes = keys.map(|key| Write::put(key, value(number, random.below(900)))).collect();
                    let name = format!("thread/{first}/{thread}/{number}");
                    attempt(store, name, support::transaction(0, &[], writes), 0)
                };
                (0..each).map(&mut commit).collect()
            }
        };
        self.record.attempts.extend(thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(client(thread))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        }));
    }

    /// Reads what the last commit has written, the log and the whole chain.
    pub fn read(&mut self) {
        let Some(store) = &self.store else { return };
        let committed = |attempt: &&Attempt| attempt.answer.is_ok();
        let Some(last) = self.record.attempts.iter().rfind(committed).cloned() else { return };
        let at = last.answer.unwrap().revision;
        let found = store.get(&last.changes[0].key, Some(at)).map(|entry| entry.map(|entry| entry.value));
        let log = store.commits_since(at - 1, usize::MAX);
        let report = store.verify();
        if let Some(found) = self.note(found)
            && found.as_deref() != last.changes[0].content.value()
        {
            self.record.wrong.push(format!("{found:?} is not of {last:?}"));
        }
        if let Some(log) = self.note(log)
            && log.first().is_none_or(|commit| commit.actor != last.name)
        {
            self.record.wrong.push(format!("{log:?} does not start with {last:?}"));
        }
        if let Some(report) = self.note(report)
            && !report.ok
        {
            self.record.wrong.push(format!("{report:?}"));
        }
    }

    /// Another connection moves the write-ahead log into the main file, as far as that is possible.
    pub fn checkpoint(&mut self) {
        if self.store.is_some() {
            // It is SQLite's own, and whether it succeeds is nothing that the store promises.
            let _ = Connection::open(&self.path)
                .and_then(|raw| raw.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
        }
    }

    fn note<T>(&mut self, result: Result<T, StoreError>) -> Option<T> {
        result.map_err(|error| self.record.errors.push(error.code())).ok()
    }
}

pub fn open(path: &PathBuf, durability: Durability) -> Result<Store, StoreError> {
    let clock = Clock::new(|| 1_000);
    Store::open(path, OpenOptions { durability, busy_timeout: Duration::from_secs(5), clock })
}

/// Commits after `newest`, which was committed earlier.
fn attempt(store: &Store, name: String, transaction: Transaction, newest: Revision) -> Attempt {
    let mut changes: Vec<_> = transaction
        .writes
        .iter()
        .map(|write| {
            let text = write.value.as_ref().map(ToString::to_string);
            Change { key: write.key.clone(), content: text.map_or(Content::Deleted, Content::Value) }
        })
        .collect();
    changes.sort_by(|left, right| left.key.cmp(&right.key));
    let answer =
        store.commit(Transaction { actor: name.clone(), ..transaction }).map_err(|error| error.code());
    let log = || store.commits_since(newest, usize::MAX).unwrap_or_default();
    let seen_after_error = answer.is_err() && log().iter().any(|commit| commit.actor == name);
    Attempt { name, changes, answer, seen_after_error }
}

fn value(number: usize, size: usize) -> String {
    format!("{number}:{}", "v".repeat(size))
}

/// A new store, every kind of commit, leases, checkpoints, closing and opening again.
pub fn everything(client: &mut Client) {
    client.open();
    client.put(&["a"], 10);
    client.put(&["a", "b", "c", "d"], 300);
    let writes = vec![Write::delete("b"), Write::put("e", "x".repeat(9_000))];
    client.commit(support::transaction(0, &[], writes));
    client.use_lease();
    client.read();
    if let Some(Ok(first)) = client.record.attempts.first().map(|attempt| attempt.answer) {
        let reads = [support::prefix("a")];
        client.commit(support::transaction(first.revision, &reads, vec![Write::put("stale", 1)]));
    }
    client.checkpoint();
    // The log starts over.
    client.put(&["a", "f"], 2_000);
    client.put(&["a"], 20);
    client.close();
    client.open();
    client.read();
    client.put(&["g", "a"], 100);
    client.put(&["h"], 6_000);
}

/// Commits of several threads, which may share a transaction of the file.
pub fn several_at_once(client: &mut Client) {
    client.open();
    client.put(&["a"], 10);
    client.put_from_threads(4, 4);
    client.checkpoint();
    client.put_from_threads(4, 3);
}

/// Values that are replaced and dropped, twice.
pub fn compaction(client: &mut Client) {
    client.open();
    for round in 0..2 {
        for size in [3_000, 10, 9_000, 200] {
            client.put(&["a", "b"], size);
            client.put(&["c"], size);
        }
        client.compact();
        client.put(&["a"], round);
        client.read();
    }
    client.checkpoint();
    client.close();
    client.open();
    client.put(&["b"], 10);
}

/// Opens a new store and commits until the log has been moved into the main file.
pub fn fill_log(client: &mut Client) {
    client.open();
    for _ in 0..MANY {
        client.put(&["a"], 10);
    }
}

/// So many commits that the store moves the log into the main file by itself, and starts the log over.
pub fn many(client: &mut Client) {
    fill_log(client);
    client.put(&["b", "c", "d"], 9_000);
    client.put(&["a", "b"], 20);
    client.close();
    client.open();
    client.put(&["a"], 10);
}
