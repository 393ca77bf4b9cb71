//! What a killed process had acknowledged is there.

use std::io::{BufRead, BufReader, Write as _, stdout};
use std::path::Path;
use std::thread;
use std::time::Duration;

use orchestrator_store::{OpenOptions, Store, Write};

use crate::support::{self, Seeded};

const KILLS: u64 = 25;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let mut random = Seeded(7);
    let mut acknowledged: Vec<(u64, String)> = Vec::new();
    for kill in 0..KILLS {
        acknowledged.extend(run_and_kill(&path, random.below(20), random.below(3_000)));
        let store = Store::open(&path, OpenOptions::default()).unwrap();
        let report = store.verify().unwrap();
        assert!(report.ok, "after kill {kill}: {report:?}");
        let commits = store.commits_since(0, usize::MAX).unwrap();
        for (revision, hash) in &acknowledged {
            let index = usize::try_from(revision - 1).unwrap();
            let commit = commits.get(index).unwrap_or_else(|| panic!("kill {kill} lost revision {revision}"));
            assert_eq!((commit.revision, &commit.hash.to_string()), (*revision, hash));
        }
    }
    assert!(acknowledged.len() > 100, "too few commits to say anything: {}", acknowledged.len());
}

/// Starts a process that commits, kills it some time after `count` acknowledgements, and returns all that it
/// got out.
fn run_and_kill(path: &Path, count: usize, delay_us: usize) -> Vec<(u64, String)> {
    let mut child = support::child("crash::child_commits_until_it_is_killed", path).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    let mut killed = false;
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        // A line that the kill cut short is no acknowledgement.
        if let Some(receipt) = line.strip_prefix("ack ").and_then(|rest| rest.strip_suffix('\n')) {
            let (revision, hash) = receipt.split_once(' ').unwrap();
            acknowledged.push((revision.parse().unwrap(), hash.to_owned()));
        }
        line.clear();
        if acknowledged.len() >= count && !killed {
            thread::sleep(Duration::from_micros(delay_us as u64));
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(!child.wait().unwrap().success(), "it must not end by itself");
    acknowledged
}

#[test]
#[ignore = "the process that what_was_acknowledged_survives_kill_9 kills"]
fn child_commits_until_it_is_killed() {
    let Some(store) = support::child_store(OpenOptions::default()) else {
        return;
    };
    let mut random = Seeded(u64::from(std::process::id()));
    loop {
        let writes = (0..=random.below(8))
            .map(|number| Write::put(format!("k/{number}"), "v".repeat(random.below(1_000))))
            .collect();
        let committed = store.commit(support::transaction(0, &[], writes)).unwrap();
        // A line of its own: the test runner may have left one unfinished.
        let mut output = stdout().lock();
        writeln!(output, "\nack {} {}", committed.revision, committed.hash).unwrap();
        output.flush().unwrap();
    }
}
