//! A process whose threads run random transactions and report them.

use std::collections::BTreeMap;
use std::process::Command;

use orchestrator_store::{Durability, OpenOptions, Read, Store, StoreError, Transaction, Write};

use super::operation::{self, Observation, Operation, Outcome, Response, now};
use crate::processes::{report, run_threads};
use crate::support::{self, Seeded};

const PROCESS: &str = "ORCHESTRATOR_STORE_TEST_PROCESS";
const THREADS: &str = "ORCHESTRATOR_STORE_TEST_THREADS";
const TRANSACTIONS: &str = "ORCHESTRATOR_STORE_TEST_TRANSACTIONS";

/// Few, so that transactions meet.
const KEYS: [&str; 8] = ["a/1", "a/2", "a/3", "a/3/x", "b/1", "b/2", "b/3", "c"];
const PREFIXES: [&str; 3] = ["a/", "a/3", "b/"];
/// After so many transactions of a thread, it goes on to keys that do not exist yet.
const ERA: usize = 12;
/// Keys of an era.
const ERA_KEYS: usize = 6;

/// What one process does.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub threads: usize,
    /// Of each thread.
    pub transactions: usize,
}

/// The command of the process with a number, which decides what it does.
pub fn command(path: &std::path::Path, process: usize, load: Load) -> Command {
    let mut command = support::child("histories::client::child_runs_transactions", path);
    let variables = [(PROCESS, process), (THREADS, load.threads), (TRANSACTIONS, load.transactions)];
    command.envs(variables.map(|(name, number)| (name, number.to_string())));
    command
}

#[test]
#[ignore = "one of the processes of the tests of histories"]
fn child_runs_transactions() {
    let Ok(process) = std::env::var(PROCESS).map(|text| text.parse::<usize>().unwrap()) else {
        return;
    };
    let number = |variable: &str| std::env::var(variable).unwrap().parse::<usize>().unwrap();
    // Both kinds at once: what is answered does not depend on the durability.
    let durability = if process % 2 == 0 { Durability::Full } else { Durability::Process };
    let options = OpenOptions { durability, ..OpenOptions::default() };
    let store = &support::child_store(options).unwrap();
    run_threads((0..number(THREADS)).map(|thread| {
        move || {
            let mut random = Seeded((process * 1_000 + thread) as u64);
            for count in 0..number(TRANSACTIONS) {
                let era = count / ERA;
                run_one(store, format!("process/{process}/{thread}/{count}"), era, &mut random);
            }
        }
    }));
}

/// Reads, says what it is going to write, tries to commit and says what was answered.
fn run_one(store: &Store, name: String, era: usize, random: &mut Seeded) {
    let invoked = now();
    let snapshot = store.snapshot().unwrap();
    let reads: Vec<_> = (0..random.below(4)).map(|_| observe(store, snapshot, era, random)).collect();
    let mut writes = BTreeMap::new();
    for number in 0..random.below(4) {
        let value = (random.below(4) > 0).then(|| format!("\"{name}/{number}\""));
        writes.insert(some_key(era, random), value);
    }
    let validates = !writes.is_empty() || random.below(2) == 0;
    let operation = Operation { name, invoked, snapshot, reads, writes, response: None };
    report(&operation::write_intent(&operation));
    let outcome = if validates { commit(store, &operation) } else { Outcome::Read };
    let response = Response { time: now(), outcome };
    report(&operation::write_response(&operation.name, &response));
}

fn observe(store: &Store, snapshot: u64, era: usize, random: &mut Seeded) -> Observation {
    if random.below(3) == 0 {
        let prefix = some_prefix(era, random);
        let found = store.list(&prefix, Some(snapshot)).unwrap();
        Observation { read: Read::Prefix(prefix), found }
    } else {
        let key = some_key(era, random);
        let found = store.get(&key, Some(snapshot)).unwrap().into_iter().collect();
        Observation { read: Read::Key(key), found }
    }
}

fn some_key(era: usize, random: &mut Seeded) -> String {
    if random.below(2) == 0 {
        return format!("era/{era}/{}", random.below(ERA_KEYS));
    }
    random.pick(&KEYS).to_owned()
}

fn some_prefix(era: usize, random: &mut Seeded) -> String {
    match random.below(40) {
        // Everything, which is much in a long run.
        0 => String::new(),
        1..25 => format!("era/{era}/"),
        _ => random.pick(&PREFIXES).to_owned(),
    }
}

fn commit(store: &Store, operation: &Operation) -> Outcome {
    let writes = operation.writes.iter().map(|(key, value)| match value {
        Some(text) => Write::put(key, text.trim_matches('"')),
        None => Write::delete(key),
    });
    let transaction = Transaction {
        actor: operation.name.clone(),
        mission: None,
        snapshot: operation.snapshot,
        reads: operation.reads.iter().map(|observation| observation.read.clone()).collect(),
        writes: writes.collect(),
        fence: None,
    };
    match store.commit(transaction) {
        Ok(committed) => {
            Outcome::Committed { revision: committed.revision, hash: committed.hash.to_string() }
        }
        Err(StoreError::Conflict { keys }) => Outcome::Conflict { keys },
        Err(error) => panic!("{error}"),
    }
}
