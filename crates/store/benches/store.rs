//! Commits per second, reads and verification, with their baselines in the same run.
//!
//! `cargo bench -p orchestrator-store`. Rounds of all contestants are interleaved; printed are the best round and the
//! median, because the disk of a shared machine stalls now and then. `STORE_BENCH_ENTRIES=1000000` verifies a chain of so
//! many commits (default: 100,000). Baselines: an fsync of one small file, which is the limit of "full", and SQLite in
//! WAL mode with one transaction for each update.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_store::{Durability, OpenOptions, Store, Transaction, Write};
use rusqlite::Connection;

const ROUNDS: usize = 9;
/// Commits in one round of a contestant, for each of its writers.
const COMMITS: usize = 200;
const VALUE: &str = "some state of a task, about as long as most of them are: running, attempt 1, worker 3";

fn main() {
    // Another process of the benchmark itself.
    if let Ok(path) = std::env::var("STORE_BENCH_CHILD") {
        return child(Path::new(&path));
    }
    for durability in [Durability::Full, Durability::Process] {
        commits(durability);
    }
    reads();
    chain();
}

fn options(durability: Durability) -> OpenOptions {
    OpenOptions { durability, busy_timeout: Duration::from_mins(1), ..OpenOptions::default() }
}

fn update(writer: usize, number: usize) -> Transaction {
    Transaction {
        actor: "bench".into(),
        mission: Some("M1".into()),
        snapshot: 0,
        reads: Vec::new(),
        writes: vec![Write::put(format!("task/{writer}/{}", number / 40 % 20), format!("{VALUE} {number}"))],
        fence: None,
    }
}

struct Contestant<'a> {
    name: String,
    writers: usize,
    round: Box<dyn FnMut() + 'a>,
}

impl<'a> Contestant<'a> {
    fn new(name: impl Into<String>, writers: usize, round: impl FnMut() + 'a) -> Self {
        Self { name: name.into(), writers, round: Box::new(round) }
    }
}

/// Runs the contestants in turns; prints commits per second and the ratio to the first one.
fn race(title: &str, mut contestants: Vec<Contestant<'_>>) {
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for (contestant, times) in contestants.iter_mut().zip(&mut times) {
            let begun = Instant::now();
            (contestant.round)();
            times.push(begun.elapsed());
        }
    }
    println!(
        "\n{title}\n\n| | best, per second | median | ÷ the first, best | median |\n|---|---|---|---|---|"
    );
    let mut first = None;
    for (Contestant { name, writers, .. }, mut times) in contestants.into_iter().zip(times) {
        times.sort();
        let commits = f64::from(u32::try_from(COMMITS * writers).unwrap());
        let (best, median) = (commits / times[0].as_secs_f64(), commits / times[ROUNDS / 2].as_secs_f64());
        let (first_best, first_median) = *first.get_or_insert((best, median));
        let ratios = (best / first_best, median / first_median);
        println!("| {name} | {best:.0} | {median:.0} | {:.2} | {:.2} |", ratios.0, ratios.1);
    }
}

fn commits(durability: Durability) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("state.db"), options(durability)).unwrap();
    let shared = folder.path().join("shared.db");
    drop(Store::open(&shared, options(durability)).unwrap());
    let plain = Connection::open(folder.path().join("plain.db")).unwrap();
    plain.pragma_update(None, "journal_mode", "wal").unwrap();
    let level = if durability == Durability::Full { "FULL" } else { "NORMAL" };
    plain.pragma_update(None, "synchronous", level).unwrap();
    plain.execute_batch("CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT)").unwrap();
    let mut file = File::create(folder.path().join("small")).unwrap();
    let (store, shared) = (&store, &*shared);
    let mut contestants = vec![Contestant::new("SQLite, one transaction for each update", 1, move || {
        for number in 0..COMMITS {
            plain
                .prepare_cached("INSERT OR REPLACE INTO state VALUES (?1, ?2)")
                .unwrap()
                .execute([format!("task/0/{}", number % 20), format!("{VALUE} {number}")])
                .unwrap();
        }
    })];
    if durability == Durability::Full {
        contestants.push(Contestant::new("fsync of a small file", 1, move || {
            for _ in 0..COMMITS {
                file.seek(SeekFrom::Start(0)).unwrap();
                file.write_all(VALUE.as_bytes()).unwrap();
                file.sync_data().unwrap();
            }
        }));
    }
    for writers in [1, 8, 50] {
        let round = move || write_with(store, writers);
        contestants.push(Contestant::new(format!("{writers} in one process"), writers, round));
    }
    let round = move || keep_in_flight(store, 50);
    contestants.push(Contestant::new("50 in flight from one thread, as from JavaScript", 50, round));
    for (processes, writers) in [(4, 1), (4, 12)] {
        let round = move || run_processes(shared, durability, processes, writers);
        let all = processes * writers;
        contestants.push(Contestant::new(
            format!("{all} in {processes} processes, with their start"),
            all,
            round,
        ));
    }
    race(&format!("Commits, durability {durability:?}"), contestants);
}

fn write_with(store: &Store, writers: usize) {
    thread::scope(|scope| {
        for writer in 0..writers {
            scope.spawn(move || {
                (0..COMMITS).for_each(|number| {
                    store.commit(update(writer, number)).unwrap();
                });
            });
        }
    });
}

/// Each outcome is answered by the next commit.
fn keep_in_flight(store: &Store, count: usize) {
    let (sender, receiver) = mpsc::channel();
    for number in 0..count * COMMITS {
        if number >= count {
            receiver.recv().unwrap();
        }
        let sender = sender.clone();
        store.submit(update(number % count, number), move |committed| {
            assert!(committed.is_ok());
            // The last ones are not waited for here.
            let _ = sender.send(());
        });
    }
    (0..count).for_each(|_| receiver.recv().unwrap());
}

fn run_processes(path: &Path, durability: Durability, processes: usize, writers: usize) {
    let children: Vec<_> = (0..processes)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .env("STORE_BENCH_CHILD", path)
                .env("STORE_BENCH_WRITERS", writers.to_string())
                .env("STORE_BENCH_DURABILITY", format!("{durability:?}"))
                .stdin(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

fn child(path: &Path) {
    let variable = |name: &str| std::env::var(name).unwrap();
    let full = variable("STORE_BENCH_DURABILITY") == "Full";
    let options = options(if full { Durability::Full } else { Durability::Process });
    write_with(&Store::open(path, options).unwrap(), variable("STORE_BENCH_WRITERS").parse().unwrap());
}

fn best_of(mut round: impl FnMut()) -> Duration {
    let times = (0..20).map(|_| {
        let begun = Instant::now();
        round();
        begun.elapsed()
    });
    times.min().unwrap_or_default()
}

fn reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = Store::open(&path, options(Durability::Process)).unwrap();
    for number in 0..100_000 {
        store.submit(update(number % 40, number), |committed| assert!(committed.is_ok()));
    }
    store.commit(update(0, 0)).unwrap();
    let each = |time: Duration, count: u32| format!("{:.1} µs", (time / count).as_secs_f64() * 1e6);
    println!("\nReads of a store of 100,001 commits\n\n| | best of 20 |\n|---|---|");
    let get = best_of(|| {
        for number in 0..1_000 {
            store.get(&format!("task/{}/3", number % 40), None).unwrap();
        }
    });
    println!("| get, newest | {} |", each(get, 1_000));
    let past = best_of(|| {
        for number in 0..1_000 {
            store.get(&format!("task/{}/3", number % 40), Some(50_000)).unwrap();
        }
    });
    println!("| get, 50,000 revisions ago | {} |", each(past, 1_000));
    let list = best_of(|| drop(store.list("task/7/", None).unwrap()));
    println!("| list of {} keys | {} |", store.list("task/7/", None).unwrap().len(), each(list, 1));
    let history = best_of(|| drop(store.history("task/7/7", usize::MAX).unwrap()));
    let versions = store.history("task/7/7", usize::MAX).unwrap().len();
    println!("| history of a key with {versions} versions | {} |", each(history, 1));
    let log = best_of(|| drop(store.commits_since(0, usize::MAX).unwrap()));
    println!("| all commits | {:.0} ms |", log.as_secs_f64() * 1e3);
    store.close();
    let size = std::fs::metadata(&path).unwrap().len();
    println!("| size on disk for each commit | {} bytes |", size / 100_001);
    let open = best_of(|| drop(Store::open(&path, options(Durability::Full)).unwrap()));
    println!("| open and close | {:.2} ms |", open.as_secs_f64() * 1e3);
}

fn chain() {
    let entries: usize =
        std::env::var("STORE_BENCH_ENTRIES").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("state.db"), options(Durability::Process)).unwrap();
    for number in 0..entries {
        store.submit(update(number % 40, number), |committed| assert!(committed.is_ok()));
        if number % 10_000 == 9_999 {
            store.commit(update(0, 0)).unwrap();
        }
    }
    store.commit(update(0, 0)).unwrap();
    let begun = Instant::now();
    let report = store.verify().unwrap();
    let took = begun.elapsed();
    assert!(report.ok);
    println!("\nVerification of {} commits: {:.2} s", report.commits, took.as_secs_f64());
}
