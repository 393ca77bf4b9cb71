//! What any of several processes had acknowledged is there, whichever is killed and whenever.
//!
//! `STORE_KILLS` is the number of kills. A long run:
//!
//! ```text
//! STORE_KILLS=1000 cargo test -p orchestrator-store --release --test store kills -- --nocapture
//! ```

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_store::{Change, CommitRecord, Fence, OpenOptions, Store, StoreError, Transaction, Write};

use crate::long_run::{size, summarize};
use crate::processes::{Worker, report, run_threads};
use crate::support::{self, Seeded};

const PROCESSES: usize = 3;
const THREADS: usize = 3;
/// Then another file is taken, because every check reads a file's whole log.
const KILLS_PER_STORE: usize = 10;
/// Every so many kills, all processes are killed: the next to open the file finds nobody in it.
const ALL_EVERY: usize = 5;
const PROCESS: &str = "ORCHESTRATOR_STORE_TEST_PROCESS";

#[test]
fn what_was_acknowledged_survives_the_kill_of_any_process() {
    let kills = size("STORE_KILLS", 25);
    let (mut acknowledged, mut left, mut seed) = (0, kills, 0);
    let started = Instant::now();
    while left > 0 {
        seed += 1;
        acknowledged += Field::new(seed).run(left.min(KILLS_PER_STORE));
        left = left.saturating_sub(KILLS_PER_STORE);
    }
    let seconds = started.elapsed().as_secs();
    summarize(&format!("{kills} kills, {acknowledged} acknowledged commits, {seconds} s"));
    assert!(acknowledged > kills * 10, "too few commits to say anything: {acknowledged}");
}

/// One store and the processes that work on it.
struct Field {
    path: PathBuf,
    _folder: tempfile::TempDir,
    random: Seeded,
    started: usize,
    workers: Vec<Worker>,
    /// The revisions and hashes that were acknowledged and have not been found in the log yet.
    acknowledged: Vec<(u64, String)>,
    /// The hashes of the log as far as it has been seen.
    hashes: Vec<String>,
    /// The greatest fencing token in that part of the log.
    token: u64,
}

impl Field {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            path: folder.path().join("state.db"),
            _folder: folder,
            random: Seeded(seed),
            started: 0,
            workers: Vec::new(),
            acknowledged: Vec::new(),
            hashes: Vec::new(),
            token: 0,
        }
    }

    /// Kills and checks so many times. Returns how many commits were acknowledged.
    fn run(mut self, kills: usize) -> usize {
        let mut total = 0;
        for kill in 1..=kills {
            while self.workers.len() < PROCESSES {
                self.workers.push(Worker::start(&mut command(&self.path, self.started)));
                self.started += 1;
            }
            self.kill(kill % ALL_EVERY == 0);
            for worker in &self.workers {
                self.acknowledged.extend(worker.take().iter().map(|line| receipt(line)));
            }
            total += self.acknowledged.len();
            self.check(kill);
        }
        total
    }

    /// Kills one process, or all, at any time: while it opens the file, or some time after a commit.
    fn kill(&mut self, all: bool) {
        let victim = self.random.below(PROCESSES);
        self.workers.swap(0, victim);
        match self.random.below(4) {
            0 => thread::sleep(Duration::from_micros(self.random.below(60_000) as u64)),
            _ => self.workers[0].await_reports(1 + self.random.below(15)),
        }
        thread::sleep(Duration::from_micros(self.random.below(3_000) as u64));
        let victims = self.workers.drain(..if all { PROCESSES } else { 1 });
        self.acknowledged.extend(victims.flat_map(Worker::kill).map(|line| receipt(&line)));
    }

    /// The store opens by itself, verifies, and has what was acknowledged, while the other processes go on.
    fn check(&mut self, kill: usize) {
        let store = Store::open(&self.path, OpenOptions::default()).unwrap();
        let report = store.verify().unwrap();
        assert!(report.ok, "after kill {kill}: {report:?}");
        // As the hash of the last one covers all before it, what was seen earlier need not be read again.
        let seen = self.hashes.len();
        let log = store.commits_since(seen.saturating_sub(1) as u64, usize::MAX).unwrap();
        let mut log = log.iter();
        if let Some(last) = self.hashes.last() {
            let again = log.next().map(|commit| commit.hash.to_string());
            assert_eq!(again.as_ref(), Some(last), "kill {kill} changed revision {seen}");
        }
        for commit in log {
            check_whole(commit);
            self.check_token(commit);
            self.hashes.push(commit.hash.to_string());
        }
        for (revision, hash) in self.acknowledged.drain(..) {
            let found = self.hashes.get(usize::try_from(revision - 1).unwrap());
            assert_eq!(found, Some(&hash), "kill {kill} lost revision {revision}");
        }
    }

    /// Once a commit is there with one token, none comes with an older one.
    fn check_token(&mut self, commit: &CommitRecord) {
        if let Some(change) = commit.changes.iter().find(|change| change.key == "leader") {
            let token: u64 = change.content.value().unwrap().parse().unwrap();
            assert!(token >= self.token, "token {token} after {}", self.token);
            self.token = token;
        }
    }
}

/// A commit says in its actor's name how many keys it has, and each value is that name.
fn check_whole(commit: &CommitRecord) {
    if let Some((_, keys)) = commit.actor.split_once("keys=") {
        assert_eq!(commit.changes.len(), keys.parse::<usize>().unwrap(), "{commit:?}");
        let value = format!("\"{}\"", commit.actor);
        let has_it = |change: &Change| change.content.value() == Some(&value);
        assert!(commit.changes.iter().all(has_it), "{commit:?}");
    }
}

fn receipt(line: &str) -> (u64, String) {
    let (revision, hash) = line.split_once(' ').unwrap();
    (revision.parse().unwrap(), hash.to_owned())
}

fn command(path: &Path, process: usize) -> std::process::Command {
    let mut command = support::child("kills::child_commits_until_it_is_killed", path);
    command.env(PROCESS, process.to_string());
    command
}

#[test]
#[ignore = "one of the processes that what_was_acknowledged_survives_the_kill_of_any_process kills"]
fn child_commits_until_it_is_killed() {
    let Some(store) = &support::child_store(OpenOptions::default()) else {
        return;
    };
    let process: usize = std::env::var(PROCESS).unwrap().parse().unwrap();
    run_threads((0..THREADS).map(|thread| {
        move || {
            let mut random = Seeded((process * THREADS + thread) as u64);
            loop {
                match thread {
                    0 => lead(store, process),
                    _ => (0..5).for_each(|_| commit_some_keys(store, process, &mut random)),
                }
                // The log must not grow faster than it is checked.
                thread::sleep(Duration::from_millis(random.below(20) as u64));
            }
        }
    }));
}

fn commit_some_keys(store: &Store, process: usize, random: &mut Seeded) {
    let count = 1 + random.below(8);
    let actor = format!("process={process} keys={count}");
    let first = random.below(8);
    let writes = (first..first + count).map(|key| Write::put(format!("k/{key}"), actor.as_str())).collect();
    let transaction = Transaction { actor: actor.clone(), ..support::transaction(0, &[], writes) };
    let committed = store.commit(transaction).unwrap();
    report(&format!("{} {}", committed.revision, committed.hash));
}

/// Tries to become the leader, and commits as such until it is no longer.
fn lead(store: &Store, process: usize) {
    let token = match store.acquire_lease("leader", &process.to_string(), 20, None) {
        Ok(grant) => grant.token,
        Err(StoreError::LeaseHeld { .. }) => return,
        Err(error) => panic!("{error}"),
    };
    for _ in 0..10 {
        let fence = Some(Fence { lease: "leader".into(), token });
        let writes = vec![Write::put("leader", token)];
        match store.commit(Transaction { fence, ..support::transaction(0, &[], writes) }) {
            Ok(committed) => report(&format!("{} {}", committed.revision, committed.hash)),
            Err(StoreError::Fenced { .. }) => return,
            Err(error) => panic!("{error}"),
        }
    }
    // Now and then it leaves the lease to expire.
    if token % 2 == 0 {
        match store.release_lease("leader", token) {
            Ok(()) | Err(StoreError::Fenced { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
