//! Structural rewriting: the atomic execution of a preview.

mod journal;
mod undo;

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::rewrite::{hash, require_inside};
use crate::{AstError, FileEdit, Preview};
use journal::{Entry, Existing, Journal};
use undo::{Undone, inside, undo};

/// How long a rewrite waits for another one in the same root.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Applied {
    /// The files, with symbolic links resolved.
    pub files: Vec<PathBuf>,
    /// How many replacements they hold.
    pub edits: usize,
}

/// What was put back after a rewrite that did not end.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Recovery {
    /// The files that hold their old content again.
    pub restored: Vec<PathBuf>,
    /// Files that somebody changed or removed after they were replaced. They were left alone; their old content is
    /// beside them, in hidden files whose names end with `.old`.
    pub changed: Vec<PathBuf>,
}

/// Carries out a preview: all of its files, or none.
///
/// Every file must still be what the preview was made from (`ERR_STALE`) and still lie in the root
/// (`ERR_OUTSIDE_ROOT`), where a `.git` counts as outside. New contents are written beside their files and put on disk before the first
/// file is replaced by a rename; if a rename fails, the files already replaced are put back
/// (`ERR_IO`). Permissions are kept.
///
/// A journal in the root says which files are being replaced, so that [`recover`] can put them back when this
/// process is killed between two renames. What a killed process left is recovered first (with the errors of
/// [`recover`]); for a rewrite of the same root that is still under way, in whatever process, this waits up to five
/// seconds (then `ERR_IO`). A kill just after the last rename can leave hidden files named `.opencode-rewrite-…`.
pub fn apply(preview: &Preview) -> Result<Applied, AstError> {
    apply_with(preview, PATIENCE, |new, target| fs::rename(new, target))
}

/// Puts the files back that a killed process had replaced in a rewrite of this root that it did not end.
///
/// Does nothing if there is none, or if it is still under way. Of what the journal says nothing is trusted: only
/// files below the root, not through symbolic links and not in a `.git`, are put back, and only if they still hold
/// what the journal says was written, from a file beside them with the content that it says was there before.
///
/// Errors: `ERR_NOT_FOUND` or `ERR_IO` for the root or its journal, and `ERR_IO` ([`AstError::NotRestored`]) if a file
/// could not be put back: then the journal stays, and calling this again tries again.
pub fn recover(root: &Path) -> Result<Recovery, AstError> {
    let root = root.canonicalize().map_err(|error| AstError::io(root, error))?;
    match journal::existing(&root)? {
        Existing::Left(journal) => recover_from(&root, journal),
        Existing::None | Existing::InUse => Ok(Recovery::default()),
    }
}

fn recover_from(root: &Path, mut journal: Journal) -> Result<Recovery, AstError> {
    let entries = journal.read().map_err(|error| AstError::io(root, error))?;
    let Undone { restored, changed, failed } = undo(root, &entries);
    sync_directories(&restored);
    if let Some((_, source)) = failed.first() {
        let source = io::Error::new(source.kind(), source.to_string());
        return Err(AstError::NotRestored { paths: failed.into_iter().map(|it| it.0).collect(), source });
    }
    journal.remove();
    Ok(Recovery { restored, changed })
}

/// [`apply`] with the patience and the renaming as parameters, for tests.
fn apply_with(
    preview: &Preview,
    patience: Duration,
    replace: impl FnMut(&Path, &Path) -> io::Result<()>,
) -> Result<Applied, AstError> {
    let root = &preview.root;
    if preview.files.is_empty() {
        return Ok(Applied::default());
    }
    let mut journal = journal::begin(root, patience, |left| recover_from(root, left).map(drop))?;
    let planned = locate(preview).and_then(|targets| Ok((plan(preview, &targets)?, targets)));
    let (entries, targets) = match planned {
        Ok(planned) => planned,
        Err(error) => {
            journal.remove();
            return Err(error);
        }
    };
    if let Err(error) = carry_out(preview, &targets, &entries, &mut journal, replace) {
        let Undone { changed, failed, .. } = undo(root, &entries);
        if failed.is_empty() {
            journal.remove();
        }
        let lost: Vec<_> = failed.into_iter().map(|it| it.0).chain(changed).collect();
        return Err(match error {
            AstError::Io { source, .. } if !lost.is_empty() => AstError::NotRestored { paths: lost, source },
            error => error,
        });
    }
    // From here on, the rewrite is done.
    journal.remove();
    for (entry, target) in entries.iter().zip(&targets) {
        let _ = fs::remove_file(entry.backup_beside(target));
    }
    Ok(Applied { edits: preview.files.iter().map(|edit| edit.edits).sum(), files: targets })
}

/// What the journal will say.
fn plan(preview: &Preview, targets: &[PathBuf]) -> Result<Vec<Entry>, AstError> {
    let root = &preview.root;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let name = format!("{:x}-{:x}", std::process::id(), since.as_nanos());
    let entry = |(number, (edit, target)): (usize, (&FileEdit, &PathBuf))| {
        // What could not be put back is not replaced either.
        let below = target.strip_prefix(root).ok().filter(|below| inside(root, below).is_some());
        let outside = || AstError::OutsideRoot { path: target.clone(), root: root.clone() };
        Ok(Entry {
            target: below.ok_or_else(outside)?.to_path_buf(),
            stem: format!("{name}-{number}"),
            old: edit.old_hash,
            new: hash(edit.new_content.as_bytes()),
        })
    };
    preview.files.iter().zip(targets).enumerate().map(entry).collect()
}

/// Everything up to the point where the rewrite counts as done.
fn carry_out(
    preview: &Preview,
    targets: &[PathBuf],
    entries: &[Entry],
    journal: &mut Journal,
    mut replace: impl FnMut(&Path, &Path) -> io::Result<()>,
) -> Result<(), AstError> {
    journal.write(entries).map_err(|error| AstError::io(&preview.root, error))?;
    for ((edit, target), entry) in preview.files.iter().zip(targets).zip(entries) {
        stage(edit, target, entry).map_err(|error| AstError::io(target, error))?;
    }
    sync_directories(targets);
    // Staging took time; this look leaves the smallest gap before the renames.
    locate(preview)?;
    for (target, entry) in targets.iter().zip(entries) {
        replace(&entry.new_beside(target), target)
            .map_err(|source| AstError::Io { path: target.clone(), source })?;
    }
    sync_directories(targets);
    Ok(())
}

/// Where the files really are, once it is certain that they are still what they were.
fn locate(preview: &Preview) -> Result<Vec<PathBuf>, AstError> {
    let (mut targets, mut stale) = (Vec::with_capacity(preview.files.len()), Vec::new());
    for edit in &preview.files {
        let target = match require_inside(&preview.root, &edit.target) {
            Err(AstError::NotFound { path }) => {
                stale.push(path);
                continue;
            }
            target => target?,
        };
        let content = fs::read(&target).map_err(|error| AstError::io(&target, error))?;
        if hash(&content) != edit.old_hash {
            stale.push(edit.target.clone());
        }
        targets.push(target);
    }
    if stale.is_empty() { Ok(targets) } else { Err(AstError::Stale { paths: stale }) }
}

/// Puts a file's new content and then its old one beside it, under the names that the journal has.
fn stage(edit: &FileEdit, target: &Path, entry: &Entry) -> io::Result<()> {
    let mut new = create_private(&entry.new_beside(target))?;
    new.write_all(edit.new_content.as_bytes())?;
    new.set_permissions(fs::metadata(target)?.permissions())?;
    new.sync_all()?;
    // A second name for the old content costs nothing and cannot fail for want of space when it
    // is needed; where the file system has no hard links, a copy made in advance serves.
    let backup = entry.backup_beside(target);
    match fs::hard_link(target, &backup) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            fs::copy(target, &backup)?;
            File::open(&backup)?.sync_all()
        }
        linked => linked,
    }
}

/// Creates a file that did not exist, not even as a link, and that others cannot read.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A rename is on disk once its directory is. Not every system can do this, and none needs it for
/// the files to be whole, so failing is no error.
fn sync_directories(files: &[PathBuf]) {
    let mut directories: Vec<_> = files.iter().filter_map(|file| file.parent()).collect();
    directories.dedup();
    for directory in directories {
        drop(File::open(directory).and_then(|directory| directory.sync_all()));
    }
}
