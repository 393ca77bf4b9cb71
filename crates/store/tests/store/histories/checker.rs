//! Decides whether a history of operations is strictly serializable, given the log of commits.
//!
//! **What is asked.** A history is strictly serializable (C. Papadimitriou, "The serializability of concurrent
//! database updates", 1979; M. Herlihy and J. Wing, "Linearizability", 1990, for the condition on real time) if
//! the operations that took effect can be put into one order in which
//! 1. each, run alone after those before it, reads exactly what it did read, and
//! 2. every one that was answered before another was invoked stands before it.
//!
//! To find such an order is hard in general. Here the store itself names one, and it is enough to check that one.
//!
//! **The order.** A commit stands at its revision. An operation that only reads stands after the commit of
//! revision *p* and before that of *p* + 1, where *p* is the revision that its validation returned, or its
//! snapshot if it did not ask for one; several with the same *p* stand in the order in which they were invoked.
//! Refused operations have no place. Operations without an answer have one if and only if the log has their
//! commit.
//!
//! **Why the checks are enough.**
//! - *Commits are whole.* The log numbers its commits from 1 without a gap; each is exactly the writes of one
//!   operation, which is in it once; each acknowledged one is in it, with its revision and hash; no refused one
//!   is. So the state after revision *r* is what the first *r* operations of the order that write have written.
//! - *Reads.* An operation at revision *r* (or place *p*) with snapshot *s* must have read what the log gives at
//!   *s*, value and revision of the version, and nothing that it has read, no key that a prefix covers included,
//!   may have been written by the commits from *s* + 1 to *r* - 1 (or *p*). So it has read what is there just
//!   before its own place, and run there alone it would read the same: condition 1. Keys that appear or vanish
//!   under a prefix are writes of a key that it covers, so this excludes phantoms.
//! - *Real time.* Go through the invocations and responses in order of time. Keep the greatest place of all that
//!   has been answered so far. Whatever is invoked must have a greater one. As the greatest of the earlier ones
//!   is smaller, all of them are: condition 2 for every pair. Two that only read at the same *p* need no check,
//!   because their order is the one of their invocations, and one that was answered before the other was
//!   invoked was also invoked before it. An unanswered commit has no response, so it forces nothing after it;
//!   but it must itself stand after all that was answered before it was invoked.
//!
//! Beyond strict serializability the store promises fresh snapshots and conflicts that are real, which are
//! checked too: every snapshot, also that of a refused operation, has all that was answered before; and the keys
//! of a refusal were read and have been written after the snapshot.
//!
//! Two moments that are equal are not in order: the check may then miss an error, but never invents one.

use std::collections::BTreeMap;

use orchestrator_store::{CommitRecord, Content, Entry, Read, Revision};

use super::operation::{Moment, Observation, Operation, Outcome};

/// Why a history is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// The log does not go from 1 without a gap.
    Gap { expected: Revision },
    /// A commit that no operation made, that was refused, or that is there twice.
    Unasked { revision: Revision },
    /// A commit that is not exactly the writes of its operation.
    Altered { revision: Revision },
    /// An acknowledged operation that is not in the log with its revision and hash.
    Lost { name: String },
    /// It has read something else than the log gives at its snapshot.
    WrongRead { name: String, read: Read },
    /// It took effect although what it had read was changed by this commit.
    ChangedRead { name: String, revision: Revision },
    /// It stands before something that was answered before it was invoked.
    RealTime { name: String },
    /// Its snapshot lacks something that was answered before it was invoked.
    StaleSnapshot { name: String },
    /// It was refused for a key that it had not read or that had not changed.
    FalseConflict { name: String, key: String },
}

/// A place in the order: the revision, whether it only reads (and so stands after that commit), and when it was
/// invoked.
type Place = (Revision, bool, Moment);

/// How many operations took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub commits: usize,
    pub reads: usize,
    pub refused: usize,
}

pub fn check(operations: &[Operation], log: &[CommitRecord]) -> Result<Summary, Violation> {
    let committed = check_log(operations, log)?;
    let versions = Versions::new(log);
    let mut placed = Vec::new();
    let mut summary = Summary { commits: log.len(), reads: 0, refused: 0 };
    for operation in operations {
        let outcome = operation.response.as_ref().map(|response| &response.outcome);
        let place: Option<Place> = match (committed.get(operation.name.as_str()), outcome) {
            (Some(revision), _) => Some((*revision, false, operation.invoked)),
            (None, Some(Outcome::Committed { revision, .. })) => Some((*revision, true, operation.invoked)),
            (None, Some(Outcome::Read)) => Some((operation.snapshot, true, operation.invoked)),
            (None, _) => None,
        };
        summary.reads += usize::from(place.is_some_and(|(_, only_reads, _)| only_reads));
        summary.refused += usize::from(matches!(outcome, Some(Outcome::Conflict { .. })));
        check_reads(operation, place, &versions)?;
        if let Some(Outcome::Conflict { keys }) = outcome {
            check_conflict(operation, keys, &versions)?;
        }
        placed.push((operation, place));
    }
    check_real_time(&placed)?;
    Ok(summary)
}

/// The revision of each operation that the log has.
fn check_log<'a>(
    operations: &'a [Operation],
    log: &[CommitRecord],
) -> Result<BTreeMap<&'a str, Revision>, Violation> {
    let by_name: BTreeMap<_, _> = operations.iter().map(|operation| (&operation.name, operation)).collect();
    let mut committed = BTreeMap::new();
    for (expected, commit) in (1..).zip(log) {
        if commit.revision != expected {
            return Err(Violation::Gap { expected });
        }
        let Some(operation) = by_name.get(&commit.actor).filter(|operation| !is_refused(operation)) else {
            return Err(Violation::Unasked { revision: expected });
        };
        let changes = commit.changes.iter().map(|change| (&change.key, change.content.clone()));
        if !changes.eq(operation.writes.iter().map(|(key, value)| (key, content(value.as_ref())))) {
            return Err(Violation::Altered { revision: expected });
        }
        if committed.insert(operation.name.as_str(), expected).is_some() {
            return Err(Violation::Unasked { revision: expected });
        }
    }
    for operation in operations {
        let Some(Outcome::Committed { revision, hash }) =
            operation.response.as_ref().map(|response| &response.outcome)
        else {
            continue;
        };
        let index = usize::try_from(*revision).unwrap().checked_sub(1);
        let commit = index.and_then(|index| log.get(index));
        let receipt_holds = commit.is_some_and(|commit| commit.hash.to_string() == *hash);
        let kept = if operation.writes.is_empty() {
            receipt_holds || *revision == 0
        } else {
            receipt_holds && committed.get(operation.name.as_str()) == Some(revision)
        };
        if !kept {
            return Err(Violation::Lost { name: operation.name.clone() });
        }
    }
    Ok(committed)
}

/// What writing a value, or nothing, makes of a key.
pub fn content(value: Option<&String>) -> Content {
    value.map_or(Content::Deleted, |text| Content::Value(text.clone()))
}

fn is_refused(operation: &Operation) -> bool {
    let outcome = operation.response.as_ref().map(|response| &response.outcome);
    matches!(outcome, Some(Outcome::Conflict { .. } | Outcome::Read))
}

/// What was read is what the log gives at the snapshot, and did not change before the operation's place.
fn check_reads(
    operation: &Operation,
    place: Option<Place>,
    versions: &Versions<'_>,
) -> Result<(), Violation> {
    for Observation { read, found } in &operation.reads {
        let name = || operation.name.clone();
        if versions.at(read, operation.snapshot) != *found {
            return Err(Violation::WrongRead { name: name(), read: read.clone() });
        }
        let Some((revision, only_reads, _)) = place else { continue };
        let end = if only_reads { revision + 1 } else { revision };
        if let Some(revision) = versions.changed(read, operation.snapshot, end) {
            return Err(Violation::ChangedRead { name: name(), revision });
        }
    }
    Ok(())
}

fn check_conflict(operation: &Operation, keys: &[String], versions: &Versions<'_>) -> Result<(), Violation> {
    let was_read = |key: &str| {
        operation.reads.iter().any(|observation| match &observation.read {
            Read::Key(read) => read == key,
            Read::Prefix(prefix) => key.starts_with(prefix.as_str()),
        })
    };
    let changed =
        |key: &String| versions.changed(&Read::Key(key.clone()), operation.snapshot, Revision::MAX).is_some();
    match keys.iter().find(|key| !was_read(key) || !changed(key)) {
        Some(key) => Err(Violation::FalseConflict { name: operation.name.clone(), key: key.clone() }),
        None => Ok(()),
    }
}

fn check_real_time(placed: &[(&Operation, Option<Place>)]) -> Result<(), Violation> {
    // At one moment, invocations come before responses.
    let mut moments: Vec<(Moment, bool, usize)> = Vec::new();
    for (index, (operation, place)) in placed.iter().enumerate() {
        moments.push((operation.invoked, false, index));
        if let (Some(response), Some(_)) = (&operation.response, place) {
            moments.push((response.time, true, index));
        }
    }
    moments.sort_unstable();
    let mut answered: Option<Place> = None;
    for (_, is_response, index) in moments {
        let (operation, place) = placed[index];
        if is_response {
            answered = answered.max(place);
            continue;
        }
        if place.is_some() && place <= answered {
            return Err(Violation::RealTime { name: operation.name.clone() });
        }
        if answered.is_some_and(|(revision, ..)| operation.snapshot < revision) {
            return Err(Violation::StaleSnapshot { name: operation.name.clone() });
        }
    }
    Ok(())
}

/// The versions of every key, from the log.
struct Versions<'a>(BTreeMap<&'a str, Vec<(Revision, Option<&'a str>)>>);

impl<'a> Versions<'a> {
    fn new(log: &'a [CommitRecord]) -> Self {
        let mut versions: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for commit in log {
            for change in &commit.changes {
                versions.entry(&change.key).or_default().push((commit.revision, change.content.value()));
            }
        }
        Self(versions)
    }

    fn covered<'b>(
        &'b self,
        read: &'b Read,
    ) -> impl Iterator<Item = (&'b str, &'b [(Revision, Option<&'a str>)])> {
        let (start, exact) = match read {
            Read::Key(key) => (key.as_str(), true),
            Read::Prefix(prefix) => (prefix.as_str(), false),
        };
        self.0
            .range(start..)
            .map(|(key, versions)| (*key, versions.as_slice()))
            .take_while(move |(key, _)| if exact { *key == start } else { key.starts_with(start) })
    }

    /// What is there after a revision.
    fn at(&self, read: &Read, revision: Revision) -> Vec<Entry> {
        let entry = |(key, versions): (&str, &[(Revision, Option<&str>)])| {
            let newer = versions.partition_point(|(written, _)| *written <= revision);
            let (revision, value) = versions[..newer].last()?;
            Some(Entry { key: key.to_owned(), value: (*value)?.to_owned(), revision: *revision })
        };
        self.covered(read).filter_map(entry).collect()
    }

    /// The first commit after one revision and before another that has written something of what was read.
    fn changed(&self, read: &Read, after: Revision, before: Revision) -> Option<Revision> {
        let first = |(_, versions): (&str, &[(Revision, Option<&str>)])| {
            let newer = versions.partition_point(|(written, _)| *written <= after);
            versions.get(newer).map(|(written, _)| *written).filter(|written| *written < before)
        };
        self.covered(read).filter_map(first).min()
    }
}
