//! One transaction as its client saw it, and its form as a line of text.

use std::collections::BTreeMap;

use orchestrator_store::{Entry, Read, Revision};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// A moment in nanoseconds, on a clock that all processes share.
pub type Moment = u64;

pub fn now() -> Moment {
    let time = clock_gettime(ClockId::Monotonic);
    u64::try_from(time.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap()
}

/// Something that was read, and what was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    pub read: Read,
    pub found: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its commit's actor, which no other operation has.
    pub name: String,
    /// Before it did anything.
    pub invoked: Moment,
    /// The revision that it has read at, the newest when it asked.
    pub snapshot: Revision,
    pub reads: Vec<Observation>,
    /// What it was to write. Nothing: it only reads.
    pub writes: BTreeMap<String, Option<String>>,
    /// `None` if the process was killed before it knew.
    pub response: Option<Response>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// After everything was done.
    pub time: Moment,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receipt. Of an operation that only reads: the newest commit, at which what it has read still held.
    Committed { revision: Revision, hash: String },
    /// It only read and did not ask whether that still held.
    Read,
    /// Refused: these keys have changed.
    Conflict { keys: Vec<String> },
}

/// What is reported before the commit is tried.
pub fn write_intent(operation: &Operation) -> String {
    let reads = operation.reads.iter().map(|Observation { read, found }| {
        let (kind, text) = match read {
            Read::Key(key) => ("key", key),
            Read::Prefix(prefix) => ("prefix", prefix),
        };
        let found = found.iter().map(|entry| json!([entry.key, entry.value, entry.revision]));
        json!([kind, text, found.collect::<Vec<_>>()])
    });
    json!({
        "name": operation.name,
        "invoked": operation.invoked,
        "snapshot": operation.snapshot,
        "reads": reads.collect::<Vec<_>>(),
        "writes": operation.writes,
    })
    .to_string()
}

/// What is reported when the answer is known.
pub fn write_response(name: &str, response: &Response) -> String {
    let outcome = match &response.outcome {
        Outcome::Committed { revision, hash } => json!({ "revision": revision, "hash": hash }),
        Outcome::Read => json!("read"),
        Outcome::Conflict { keys } => json!({ "keys": keys }),
    };
    json!({ "name": name, "time": response.time, "outcome": outcome }).to_string()
}

/// The operations that processes have reported, in any order.
pub fn parse(lines: &[String]) -> Vec<Operation> {
    let mut operations = BTreeMap::new();
    let mut responses = Vec::new();
    for line in lines {
        let report: Value = serde_json::from_str(line).unwrap();
        let name = text(&report["name"]);
        if report.get("outcome").is_some() {
            responses.push((name, response(&report)));
        } else {
            assert!(operations.insert(name, intent(&report)).is_none(), "a name is used twice");
        }
    }
    for (name, response) in responses {
        operations.get_mut(&name).unwrap().response = Some(response);
    }
    operations.into_values().collect()
}

fn intent(report: &Value) -> Operation {
    let read = |read: &Value| {
        let (kind, text) = (text(&read[0]), text(&read[1]));
        let read_of = if kind == "key" { Read::Key(text) } else { Read::Prefix(text) };
        Observation { read: read_of, found: list(&read[2], entry) }
    };
    let writes = report["writes"].as_object().unwrap().iter();
    Operation {
        name: text(&report["name"]),
        invoked: report["invoked"].as_u64().unwrap(),
        snapshot: report["snapshot"].as_u64().unwrap(),
        reads: list(&report["reads"], read),
        writes: writes.map(|(key, value)| (key.clone(), value.as_str().map(String::from))).collect(),
        response: None,
    }
}

fn response(report: &Value) -> Response {
    let outcome = &report["outcome"];
    let outcome = if let Some(revision) = outcome["revision"].as_u64() {
        Outcome::Committed { revision, hash: text(&outcome["hash"]) }
    } else if outcome["keys"].is_array() {
        Outcome::Conflict { keys: list(&outcome["keys"], text) }
    } else {
        Outcome::Read
    };
    Response { time: report["time"].as_u64().unwrap(), outcome }
}

fn entry(entry: &Value) -> Entry {
    Entry { key: text(&entry[0]), value: text(&entry[1]), revision: entry[2].as_u64().unwrap() }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn list<T>(value: &Value, item: impl FnMut(&Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(item).collect()
}
