//! The checker refuses histories that are not strictly serializable.

use std::collections::BTreeMap;

use orchestrator_store::{ChainHash, Change, CommitRecord, Entry, Read};

use super::checker::{Summary, Violation, check, content};
use super::operation::{Observation, Operation, Outcome, Response};

/// An operation that is invoked and answered at these moments.
fn operation(name: &str, (invoked, answered): (u64, u64), snapshot: u64) -> Operation {
    let response = Some(Response { time: answered, outcome: Outcome::Read });
    Operation { name: name.into(), invoked, snapshot, reads: Vec::new(), writes: BTreeMap::new(), response }
}

impl Operation {
    fn reads(mut self, key: &str, found: Option<(&str, u64)>) -> Self {
        let found = found.map(|found| entry(key, found)).into_iter().collect();
        self.reads.push(Observation { read: Read::Key(key.into()), found });
        self
    }

    fn lists(mut self, prefix: &str, found: &[(&str, &str, u64)]) -> Self {
        let found = found.iter().map(|(key, value, revision)| entry(key, (value, *revision))).collect();
        self.reads.push(Observation { read: Read::Prefix(prefix.into()), found });
        self
    }

    fn writes(mut self, key: &str, value: &str) -> Self {
        self.writes.insert(key.into(), Some(value.into()));
        self
    }

    fn committed(mut self, revision: u64) -> Self {
        let outcome = Outcome::Committed { revision, hash: hash(revision).to_string() };
        self.response.as_mut().unwrap().outcome = outcome;
        self
    }

    fn refused(mut self, key: &str) -> Self {
        self.response.as_mut().unwrap().outcome = Outcome::Conflict { keys: vec![key.into()] };
        self
    }

    fn unanswered(mut self) -> Self {
        self.response = None;
        self
    }
}

fn entry(key: &str, (value, revision): (&str, u64)) -> Entry {
    Entry { key: key.into(), value: value.into(), revision }
}

fn hash(revision: u64) -> ChainHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&revision.to_le_bytes());
    ChainHash::from_bytes(bytes)
}

/// The log in which these operations have committed in this order.
fn log(operations: &[&Operation]) -> Vec<CommitRecord> {
    (1..)
        .zip(operations)
        .map(|(revision, operation)| {
            let changes = operation.writes.iter();
            CommitRecord {
                revision,
                time_ms: 0,
                actor: operation.name.clone(),
                mission: None,
                changes: changes
                    .map(|(key, value)| Change { key: key.clone(), content: content(value.as_ref()) })
                    .collect(),
                hash: hash(revision),
            }
        })
        .collect()
}

/// Checks operations of which those that write have committed in the order given.
fn check_in_order(operations: &[Operation]) -> Result<Summary, Violation> {
    let took_effect = |operation: &&Operation| {
        let outcome = operation.response.as_ref().map(|response| &response.outcome);
        !operation.writes.is_empty() && !matches!(outcome, Some(Outcome::Conflict { .. }))
    };
    check(operations, &log(&operations.iter().filter(took_effect).collect::<Vec<_>>()))
}

fn named(name: &str) -> String {
    name.to_owned()
}

#[test]
fn a_serializable_history_is_accepted() {
    let history = [
        operation("w1", (0, 10), 0).reads("k", None).writes("k", "1").committed(1),
        // At the same time as w1, but before it.
        operation("r0", (1, 20), 0).reads("k", None),
        operation("w2", (11, 30), 1).lists("", &[("k", "1", 1)]).writes("l", "2").committed(2),
        // Its read still holds at revision 2, though its snapshot is 1.
        operation("r1", (12, 40), 1).reads("k", Some(("1", 1))).committed(2),
        operation("w3", (13, 50), 1).lists("", &[("k", "1", 1)]).writes("k", "3").refused("l"),
        // Killed; its commit was kept.
        operation("w4", (31, 0), 2).writes("k", "4").unanswered(),
        operation("w5", (41, 60), 2).writes("k", "5").committed(4),
    ];
    assert_eq!(check_in_order(&history), Ok(Summary { commits: 4, reads: 2, refused: 1 }));
}

#[test]
fn a_lost_update_is_refused() {
    let history = [
        operation("w1", (0, 10), 0).reads("k", None).writes("k", "1").committed(1),
        operation("w2", (0, 10), 0).reads("k", None).writes("k", "1").committed(2),
    ];
    assert_eq!(check_in_order(&history), Err(Violation::ChangedRead { name: named("w2"), revision: 1 }));
}

#[test]
fn write_skew_is_refused() {
    let history = [
        operation("w1", (0, 10), 0).reads("a", None).reads("b", None).writes("a", "1").committed(1),
        operation("w2", (0, 10), 0).reads("a", None).reads("b", None).writes("b", "1").committed(2),
    ];
    assert_eq!(check_in_order(&history), Err(Violation::ChangedRead { name: named("w2"), revision: 1 }));
}

#[test]
fn a_phantom_is_refused() {
    let history = [
        operation("w1", (0, 10), 0).lists("t/", &[]).writes("t/1", "1").committed(1),
        operation("w2", (0, 10), 0).lists("t/", &[]).writes("t/2", "1").committed(2),
    ];
    assert_eq!(check_in_order(&history), Err(Violation::ChangedRead { name: named("w2"), revision: 1 }));
    let history = [
        operation("w1", (0, 10), 0).writes("t/1", "1").committed(1),
        operation("w2", (0, 20), 0).writes("t/2", "2").committed(2),
        operation("r", (21, 30), 2).lists("t/", &[("t/1", "1", 1)]),
    ];
    let wrong = Violation::WrongRead { name: named("r"), read: Read::Prefix("t/".into()) };
    assert_eq!(check_in_order(&history), Err(wrong));
}

#[test]
fn a_stale_read_is_refused() {
    let write = |number: u64, moments| {
        let name = format!("w{number}");
        operation(&name, moments, number - 1).writes("k", &number.to_string()).committed(number)
    };
    // The right snapshot, an old value.
    let old_value = operation("r", (21, 30), 2).reads("k", Some(("1", 1)));
    let wrong = Violation::WrongRead { name: named("r"), read: Read::Key("k".into()) };
    assert_eq!(check_in_order(&[write(1, (0, 10)), write(2, (11, 20)), old_value]), Err(wrong));
    // An old snapshot, and the value that was there.
    let old_snapshot = operation("r", (21, 30), 1).reads("k", Some(("1", 1)));
    let history = [write(1, (0, 10)), write(2, (11, 20)), old_snapshot.clone()];
    assert_eq!(check_in_order(&history), Err(Violation::RealTime { name: named("r") }));
    // Refused, but it has seen a past that was over.
    let history = [write(1, (0, 10)), write(2, (11, 20)), old_snapshot.writes("l", "1").refused("k")];
    assert_eq!(check_in_order(&history), Err(Violation::StaleSnapshot { name: named("r") }));
    // It claims that what it had read held to the end.
    let validated = operation("r", (11, 30), 1).reads("k", Some(("1", 1))).committed(2);
    let history = [write(1, (0, 10)), write(2, (11, 20)), validated];
    assert_eq!(check_in_order(&history), Err(Violation::ChangedRead { name: named("r"), revision: 2 }));
}

#[test]
fn an_order_against_real_time_is_refused() {
    // w2 was invoked after w1 had been answered, but stands before it. Neither has read anything.
    let history = [
        operation("w2", (11, 20), 0).writes("k", "2").committed(1),
        operation("w1", (0, 10), 0).writes("k", "1").committed(2),
    ];
    assert_eq!(check_in_order(&history), Err(Violation::RealTime { name: named("w2") }));
    // A read that was answered saw a commit that had not been invoked.
    let history = [
        operation("r", (0, 10), 1).reads("k", Some(("1", 1))),
        operation("w", (11, 20), 0).writes("k", "1").committed(1),
    ];
    assert_eq!(check_in_order(&history), Err(Violation::RealTime { name: named("w") }));
    // So does one whose process was killed.
    let killed = operation("w", (11, 0), 0).writes("k", "1").unanswered();
    let history = [operation("r", (0, 10), 1).reads("k", Some(("1", 1))), killed];
    assert_eq!(check_in_order(&history), Err(Violation::RealTime { name: named("w") }));
    // Two reads that see the past grow younger.
    let history = [
        operation("w", (0, 100), 0).writes("k", "1").committed(1),
        operation("r1", (10, 20), 1).reads("k", Some(("1", 1))),
        operation("r2", (21, 30), 0).reads("k", None),
    ];
    assert_eq!(check_in_order(&history), Err(Violation::RealTime { name: named("r2") }));
}

#[test]
fn half_a_commit_is_refused() {
    let whole = operation("w", (0, 10), 0).writes("a", "1").writes("b", "1").committed(1);
    let mut half = log(&[&whole]);
    half[0].changes.pop();
    assert_eq!(check(std::slice::from_ref(&whole), &half), Err(Violation::Altered { revision: 1 }));
    // Nor if nobody knows whether it was made.
    assert_eq!(check(&[whole.unanswered()], &half), Err(Violation::Altered { revision: 1 }));
}

#[test]
fn a_log_that_does_not_fit_the_answers_is_refused() {
    let write = operation("w", (0, 10), 0).writes("k", "1").committed(1);
    let one = std::slice::from_ref(&write);
    assert_eq!(check(one, &[]), Err(Violation::Lost { name: named("w") }));
    assert_eq!(check(&[], &log(&[&write])), Err(Violation::Unasked { revision: 1 }));
    assert_eq!(check(one, &log(&[&write, &write])), Err(Violation::Unasked { revision: 2 }));
    let mut gap = log(&[&write]);
    gap[0].revision = 2;
    assert_eq!(check(one, &gap), Err(Violation::Gap { expected: 1 }));
    let mut other_hash = log(&[&write]);
    other_hash[0].hash = hash(9);
    assert_eq!(check(one, &other_hash), Err(Violation::Lost { name: named("w") }));
    let refused = write.clone().refused("k");
    assert_eq!(check(&[refused], &log(&[&write])), Err(Violation::Unasked { revision: 1 }));
}

#[test]
fn a_refusal_without_a_reason_is_refused() {
    let first = operation("w", (0, 10), 0).writes("k", "1").committed(1);
    for (read, named_key) in [("k", "l"), ("l", "l")] {
        let refused = operation("x", (0, 20), 0).reads(read, None).writes("m", "1").refused(named_key);
        let violation = Violation::FalseConflict { name: named("x"), key: named("l") };
        assert_eq!(check_in_order(&[first.clone(), refused]), Err(violation));
    }
}
