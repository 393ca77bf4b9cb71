//! Random histories, compared with a model that keeps everything in memory.

use std::collections::{BTreeMap, BTreeSet};

use orchestrator_store::{Read, Store, StoreError, Write};
use serde_json::{Value, json};

use crate::support::{Fixture, Seeded, transaction};

const KEYS: [&str; 10] = ["a", "a/", "a/b", "a/b/c", "a/c", "a0", "b", "é", "a/\u{10FFFF}", "\u{10FFFF}"];
const PREFIXES: [&str; 8] = ["", "a", "a/", "a/b", "b", "é", "z", "\u{10FFFF}"];
const HISTORIES: u64 = 25;
const STEPS: usize = 60;

/// Every state that the store ever had, and what each commit wrote.
struct Model {
    states: Vec<BTreeMap<String, (Value, u64)>>,
    writes: Vec<BTreeMap<String, Option<Value>>>,
}

impl Model {
    fn new() -> Self {
        Self { states: vec![BTreeMap::new()], writes: vec![BTreeMap::new()] }
    }

    fn head(&self) -> u64 {
        self.writes.len() as u64 - 1
    }

    fn state(&self, at: u64) -> &BTreeMap<String, (Value, u64)> {
        &self.states[usize::try_from(at).unwrap()]
    }

    fn conflicts(&self, snapshot: u64, reads: &[Read]) -> Vec<String> {
        let newer = self.writes.iter().skip(usize::try_from(snapshot).unwrap() + 1);
        let changed: BTreeSet<&String> = newer.flat_map(BTreeMap::keys).collect();
        let read = |key: &str| {
            reads.iter().any(|read| match read {
                Read::Key(read) => key == read,
                Read::Prefix(prefix) => key.starts_with(prefix.as_str()),
            })
        };
        changed.into_iter().filter(|key| read(key)).cloned().collect()
    }

    fn commit(&mut self, writes: &[Write]) {
        let revision = self.head() + 1;
        let mut state = self.state(revision - 1).clone();
        for write in writes {
            match &write.value {
                Some(value) => state.insert(write.key.clone(), (value.clone(), revision)),
                None => state.remove(&write.key),
            };
        }
        self.states.push(state);
        self.writes.push(writes.iter().map(|write| (write.key.clone(), write.value.clone())).collect());
    }
}

fn random_value(random: &mut Seeded) -> Value {
    match random.below(5) {
        0 => json!(null),
        1 => json!(random.next() >> 12),
        2 => json!({ "z": [random.below(9)], "é": { "": true }, "a": "\u{7}\"\\\u{1F600}" }),
        3 => json!(f64::from(u32::try_from(random.next() >> 32).unwrap()) + 0.1),
        _ => json!("x".repeat(random.below(600))),
    }
}

fn random_writes(random: &mut Seeded) -> Vec<Write> {
    let keys: BTreeSet<&str> = (0..random.below(4)).map(|_| random.pick(&KEYS)).collect();
    let mut writes: Vec<_> = keys
        .into_iter()
        .map(|key| Write { key: key.into(), value: (random.below(4) > 0).then(|| random_value(random)) })
        .collect();
    // The order in which writes are given must not matter.
    writes.reverse();
    writes
}

fn random_reads(random: &mut Seeded) -> Vec<Read> {
    (0..random.below(3))
        .map(|_| match random.below(2) {
            0 => Read::Key(random.pick(&KEYS).into()),
            _ => Read::Prefix(random.pick(&PREFIXES).into()),
        })
        .collect()
}

fn step(store: &Store, model: &mut Model, random: &mut Seeded) {
    let head = model.head();
    let snapshot = head.saturating_sub(random.below(4) as u64);
    let (reads, writes) = (random_reads(random), random_writes(random));
    let conflicts = model.conflicts(snapshot, &reads);
    match store.commit(transaction(snapshot, &reads, writes.clone())) {
        Ok(committed) => {
            assert_eq!(conflicts, [""; 0], "the commit should have been refused");
            if !writes.is_empty() {
                model.commit(&writes);
            }
            assert_eq!(committed.revision, model.head());
        }
        Err(StoreError::Conflict { keys }) => assert_eq!(keys, conflicts),
        Err(error) => panic!("{error}"),
    }
}

fn compare(store: &Store, model: &Model, random: &mut Seeded) {
    let at = random.below(model.states.len()) as u64;
    let (state, prefix, key) = (model.state(at), random.pick(&PREFIXES), random.pick(&KEYS));
    let parse = |text: &str| -> Value { serde_json::from_str(text).unwrap() };

    let listed: Vec<_> = store
        .list(prefix, Some(at))
        .unwrap()
        .into_iter()
        .map(|entry| (entry.key, (parse(&entry.value), entry.revision)))
        .collect();
    let under_prefix = state.iter().filter(|(key, _)| key.starts_with(prefix));
    let expected: Vec<_> = under_prefix.map(|(key, value)| (key.clone(), value.clone())).collect();
    assert_eq!(listed, expected, "list({prefix:?}, {at})");

    let got = store.get(key, Some(at)).unwrap().map(|entry| (parse(&entry.value), entry.revision));
    assert_eq!(got.as_ref(), state.get(key), "get({key:?}, {at})");

    let history: Vec<_> = store
        .history(key, usize::MAX)
        .unwrap()
        .into_iter()
        .map(|version| (version.revision, version.content.value().map(parse)))
        .collect();
    let written =
        (0..).zip(&model.writes).filter_map(|(revision, writes)| Some((revision, writes.get(key)?.clone())));
    assert_eq!(
        history,
        written.collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>(),
        "history({key:?})"
    );

    let logged: Vec<BTreeMap<_, _>> = store
        .commits_since(at, usize::MAX)
        .unwrap()
        .into_iter()
        .map(|commit| {
            commit.changes.into_iter().map(|change| (change.key, change.content.value().map(parse))).collect()
        })
        .collect();
    assert_eq!(logged, model.writes[usize::try_from(at).unwrap() + 1..], "commits_since({at})");
}

#[test]
fn a_random_history_reads_as_the_model_says_at_every_revision() {
    for seed in 0..HISTORIES {
        let (mut fixture, mut model, mut random) = (Fixture::new(), Model::new(), Seeded(seed));
        for _ in 0..STEPS {
            step(&fixture.store, &mut model, &mut random);
            compare(&fixture.store, &model, &mut random);
            if random.below(30) == 0 {
                fixture.reopen();
            }
        }
        let report = fixture.store.verify().unwrap();
        assert!(report.ok, "seed {seed}: {report:?}");
        assert_eq!(report.commits, model.head(), "seed {seed}");
    }
}
