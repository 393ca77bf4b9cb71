//! Export and import as JSON Lines.
//!
//! The first line is `{"format":"opencode-orchestrator-store","hash":H,"revision":R,"version":2}` with the head. Each
//! further line is a commit, the oldest first, with its link in the chain: `{"actor":A,"changes":[…],"hash":H,
//! "mission":M,"revision":r,"time":T}`. A change is `{"key":K,"value":V}`, `{"key":K}` for a deletion, or
//! `{"key":K,"sha256":H}` where the value was compacted away. All of it is canonical JSON, so that an export of an
//! import is the same file.

use std::fs;
use std::io::BufRead;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::commit::{Appended, append};
use crate::connection::{self, sync_folder};
use crate::schema::{self, SCHEMA_VERSION};
use crate::{
    ChainHash, Change, CommitRecord, Content, Head, OpenOptions, Revision, Store, StoreError, backup, value,
};

const FORMAT: &str = "opencode-orchestrator-store";

impl Store {
    /// The first line of an export, and the head that it names.
    pub fn export_header(&self) -> Result<(String, Head), StoreError> {
        let head = self.read(schema::head)?;
        let header = json!({
            "format": FORMAT,
            "hash": head.hash.to_string(),
            "revision": head.revision,
            "version": SCHEMA_VERSION,
        });
        Ok((value::canonical(&header).map_err(StoreError::corrupt)?, head))
    }

    /// The lines of the commits after `after`, at most `limit` of them.
    pub fn export_commits(&self, after: Revision, limit: usize) -> Result<Vec<String>, StoreError> {
        self.commits_since(after, limit)?.iter().map(line_of).collect()
    }

    /// Makes a store in `path` of the lines of an export, and answers its head.
    ///
    /// Fails with `ERR_EXISTS` if there is a file, with `ERR_CORRUPT` if a line is not what an export writes or does
    /// not follow in the chain, or if the lines end before the head that the first one names; then there is no store.
    pub fn import(path: impl AsRef<Path>, lines: impl BufRead) -> Result<Head, StoreError> {
        let path = std::path::absolute(path)?;
        if path.exists() {
            return Err(StoreError::Exists { path: path.display().to_string() });
        }
        if let Some(folder) = path.parent() {
            connection::create_folders(folder)?;
        }
        let building = connection::beside(&path, ".importing");
        let _ = fs::remove_file(&building);
        let head = build(&building, lines).inspect_err(|_| {
            let _ = fs::remove_file(&building);
        })?;
        fs::rename(&building, &path)?;
        sync_folder(path.parent().unwrap_or(&path))?;
        Ok(head)
    }
}

fn build(path: &Path, lines: impl BufRead) -> Result<Head, StoreError> {
    let mut connection = connection::open(path, &OpenOptions::default())?;
    schema::prepare_file(&connection)?;
    schema::create(&mut connection)?;
    let transaction = connection.transaction()?;
    let mut head = schema::head(&transaction)?;
    let mut promised = None;
    for (number, line) in (1_u64..).zip(lines.lines()) {
        let line = line?;
        if line.is_empty() {
            continue;
        }
        let bad = |reason: &str| StoreError::corrupt(format!("line {number} of the export: {reason}"));
        let parsed: Value = serde_json::from_str(&line).map_err(|error| bad(&error.to_string()))?;
        if promised.is_none() {
            promised = Some(header_of(&parsed).ok_or_else(|| bad("it is not the first line of an export"))?);
            continue;
        }
        let commit = commit_of(&parsed).ok_or_else(|| bad("it is not a commit"))?;
        let appended = Appended {
            actor: &commit.actor,
            mission: commit.mission.as_deref(),
            time_ms: commit.time_ms,
            changes: &commit.changes,
        };
        head = append(&transaction, &head, &appended)?;
        if (head.revision, head.hash) != (commit.revision, commit.hash) {
            return Err(bad("the commit does not follow from the one before"));
        }
    }
    let promised = promised.ok_or_else(|| StoreError::corrupt("the export is empty"))?;
    if promised != head {
        let detail = format!("the export ends at revision {}, not at {}", head.revision, promised.revision);
        return Err(StoreError::corrupt(detail));
    }
    schema::set_head(&transaction, &head)?;
    transaction.commit()?;
    drop(connection);
    backup::check(path)?;
    fs::File::open(path)?.sync_all()?;
    Ok(head)
}

fn line_of(commit: &CommitRecord) -> Result<String, StoreError> {
    let change_of = |change: &Change| {
        let mut members = Map::from_iter([("key".to_owned(), json!(change.key))]);
        match &change.content {
            Content::Value(text) => {
                let parsed =
                    serde_json::from_str(text).map_err(|error| StoreError::corrupt(error.to_string()))?;
                members.insert("value".into(), parsed);
            }
            Content::Compacted(hash) => drop(members.insert("sha256".into(), json!(hash.to_string()))),
            Content::Deleted => {}
        }
        Ok(Value::Object(members))
    };
    let changes = commit.changes.iter().map(change_of).collect::<Result<Vec<_>, StoreError>>()?;
    let line = json!({
        "actor": commit.actor,
        "changes": changes,
        "hash": commit.hash.to_string(),
        "mission": commit.mission,
        "revision": commit.revision,
        "time": commit.time_ms,
    });
    value::canonical(&line).map_err(StoreError::corrupt)
}

fn header_of(line: &Value) -> Option<Head> {
    let fits = line.get("format")?.as_str()? == FORMAT
        && line.get("version")?.as_i64()? == i64::from(SCHEMA_VERSION);
    fits.then_some(Head { revision: line.get("revision")?.as_u64()?, hash: hash_of(line.get("hash")?)? })
}

fn commit_of(line: &Value) -> Option<CommitRecord> {
    let change_of = |change: &Value| {
        let key = change.get("key")?.as_str()?.to_owned();
        let content = match (change.get("value"), change.get("sha256")) {
            (Some(value), None) => Content::Value(value::canonical_value(&key, value).ok()?),
            (None, Some(hash)) => Content::Compacted(hash_of(hash)?),
            (None, None) => Content::Deleted,
            (Some(_), Some(_)) => return None,
        };
        Some(Change { key, content })
    };
    Some(CommitRecord {
        revision: line.get("revision")?.as_u64()?,
        time_ms: line.get("time")?.as_u64()?,
        actor: line.get("actor")?.as_str()?.to_owned(),
        mission: match line.get("mission")? {
            Value::Null => None,
            mission => Some(mission.as_str()?.to_owned()),
        },
        changes: line.get("changes")?.as_array()?.iter().map(change_of).collect::<Option<_>>()?,
        hash: hash_of(line.get("hash")?)?,
    })
}

fn hash_of(text: &Value) -> Option<ChainHash> {
    ChainHash::parse(text.as_str()?)
}
