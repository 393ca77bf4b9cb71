//! Putting back what a rewrite replaced.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::journal::Entry;

/// What was put back and what was not.
#[derive(Debug, Default)]
pub(super) struct Undone {
    pub(super) restored: Vec<PathBuf>,
    /// Replaced and then changed or removed by somebody else.
    pub(super) changed: Vec<PathBuf>,
    pub(super) failed: Vec<(PathBuf, io::Error)>,
}

/// Puts files back that were replaced, and removes what lies beside the others. Doing it again does no harm.
pub(super) fn undo(root: &Path, entries: &[Entry]) -> Undone {
    let mut undone = Undone::default();
    for entry in entries.iter().rev() {
        let Some(target) = inside(root, &entry.target) else { continue };
        match undo_one(&target, entry) {
            Ok(Outcome::Untouched) => {}
            Ok(Outcome::Restored) => undone.restored.push(target),
            Ok(Outcome::Changed) => undone.changed.push(target),
            Err(error) => undone.failed.push((target, error)),
        }
    }
    undone
}

enum Outcome {
    Untouched,
    Restored,
    Changed,
}

fn undo_one(target: &Path, entry: &Entry) -> io::Result<Outcome> {
    let (new, backup) = (entry.new_beside(target), entry.backup_beside(target));
    // It was renamed to the target if it is not there any more, while the backup is, which was made after it.
    let was_replaced = fs::symlink_metadata(&new).is_err() && is_regular(&backup);
    if !was_replaced {
        for path in [new, backup] {
            let _ = fs::remove_file(path);
        }
        return Ok(Outcome::Untouched);
    }
    if content_hash(target)? != Some(entry.new) || content_hash(&backup)? != Some(entry.old) {
        return Ok(Outcome::Changed);
    }
    fs::rename(&backup, target)?;
    Ok(Outcome::Restored)
}

/// The path of a target, if it is one that a rewrite can have: below the root, no part of it a link, not in a `.git`.
pub(super) fn inside(root: &Path, target: &Path) -> Option<PathBuf> {
    let is_plain = |part| matches!(part, Component::Normal(name) if !name.eq_ignore_ascii_case(".git"));
    let name = target.file_name()?;
    if !target.components().all(is_plain) {
        return None;
    }
    let directory = root.join(target.parent()?);
    (directory.canonicalize().ok()? == directory).then(|| directory.join(name))
}

fn is_regular(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// The SHA-256 of a regular file; `None` for anything else, or for nothing.
fn content_hash(path: &Path) -> io::Result<Option<[u8; 32]>> {
    if !is_regular(path) {
        return Ok(None);
    }
    let (mut file, mut digest) = (File::open(path)?, Sha256::new());
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(Some(digest.finalize().into()));
        }
        digest.update(&buffer[..count]);
    }
}
