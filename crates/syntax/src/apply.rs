//! Structural rewriting: the atomic execution of a preview.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use crate::rewrite::{hash, require_inside};
use crate::{AstError, FileEdit, Preview};

/// The name that temporary files begin with. Hidden, so that searches do not see them.
const TEMPORARY_PREFIX: &str = ".opencode-rewrite-";

/// What was written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Applied {
    /// The files, with symbolic links resolved.
    pub files: Vec<PathBuf>,
    /// How many replacements they hold.
    pub edits: usize,
}

/// Carries out a preview: all of its files, or none.
///
/// Every file must still be what the preview was made from (`ERR_STALE`) and still lie in the root
/// (`ERR_OUTSIDE_ROOT`). New contents are written beside their files and put on disk before the first
/// file is replaced by a rename; if a rename fails, the files already replaced are put back
/// (`ERR_IO`). Permissions are kept. A process that is killed between two renames leaves some files
/// replaced, each of them whole.
pub fn apply(preview: &Preview) -> Result<Applied, AstError> {
    apply_with(preview, |new, target| new.persist(target).map_err(|error| error.error))
}

/// [`apply`] with the renaming as a parameter, so that a test can make it fail.
fn apply_with(
    preview: &Preview,
    mut replace: impl FnMut(TempPath, &Path) -> io::Result<()>,
) -> Result<Applied, AstError> {
    let targets = locate(preview)?;
    let mut staged = Vec::with_capacity(targets.len());
    for (edit, target) in preview.files.iter().zip(&targets) {
        staged.push(Staged::new(edit, target).map_err(|error| AstError::io(target, error))?);
    }
    // Staging took time; this look leaves the smallest gap before the renames.
    locate(preview)?;
    let mut backups = Vec::with_capacity(staged.len());
    for (Staged { new, backup }, target) in staged.into_iter().zip(&targets) {
        if let Err(source) = replace(new, target) {
            return Err(restore(backups, target, source));
        }
        backups.push((backup, target.as_path()));
    }
    sync_directories(&targets);
    Ok(Applied { edits: preview.files.iter().map(|edit| edit.edits).sum(), files: targets })
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

/// A file's new content and its old one, both beside it under temporary names.
struct Staged {
    new: TempPath,
    backup: TempPath,
}

impl Staged {
    fn new(edit: &FileEdit, target: &Path) -> io::Result<Self> {
        let directory = target.parent().unwrap_or(Path::new("."));
        let mut new = Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(directory)?;
        new.write_all(edit.new_content.as_bytes())?;
        new.as_file().set_permissions(fs::metadata(target)?.permissions())?;
        new.as_file().sync_all()?;
        // A second name for the old content costs nothing and cannot fail for want of space when it
        // is needed; where the file system has no hard links, a copy made in advance serves.
        let backup = Builder::new().prefix(TEMPORARY_PREFIX).make_in(directory, |path| {
            fs::hard_link(target, path).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(error),
                _ => fs::copy(target, path).map(drop),
            })
        })?;
        Ok(Self { new: new.into_temp_path(), backup: backup.into_temp_path() })
    }
}

fn restore(backups: Vec<(TempPath, &Path)>, failed: &Path, source: io::Error) -> AstError {
    let mut lost = Vec::new();
    for (backup, target) in backups.into_iter().rev() {
        if let Err(error) = backup.persist(target) {
            lost.push(target.to_path_buf());
            // The old content is still there under its temporary name: keep it for the user.
            drop(error.path.keep());
        }
    }
    if lost.is_empty() {
        AstError::Io { path: failed.to_path_buf(), source }
    } else {
        AstError::NotRestored { paths: lost, source }
    }
}

/// A rename is on disk once its directory is. Not every system can do this, and none needs it for
/// the files to be whole, so failing is no error.
fn sync_directories(targets: &[PathBuf]) {
    let mut directories: Vec<_> = targets.iter().filter_map(|target| target.parent()).collect();
    directories.dedup();
    for directory in directories {
        drop(File::open(directory).and_then(|directory| directory.sync_all()));
    }
}

#[cfg(test)]
mod tests {
    use orchestrator_search::{Cancel, FileQuery};
    use tempfile::TempDir;

    use super::*;
    use crate::{AstQuery, AstRewrite, Language, ast_rewrite};

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failure_in_the_middle_restores_every_file_and_leaves_no_temporary_one() {
        let dir = TempDir::new().unwrap();
        for name in ["a.js", "b.js", "c.js"] {
            fs::write(dir.path().join(name), format!("old({name:?})\n")).unwrap();
        }
        let query = AstQuery::pattern("old($A)", FileQuery::new(dir.path())).language(Language::JavaScript);
        let preview = ast_rewrite(&AstRewrite::new(query, "new_($A)", dir.path()), &Cancel::new()).unwrap();
        assert_eq!(preview.files.len(), 3);
        let mut left = 2;
        let error = apply_with(&preview, |new, target| {
            if left == 0 {
                return Err(io::Error::other("no"));
            }
            left -= 1;
            new.persist(target).map_err(|error| error.error)
        })
        .unwrap_err();
        assert_eq!(error.code(), "ERR_IO");
        for name in ["a.js", "b.js", "c.js"] {
            assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), format!("old({name:?})\n"));
        }
        assert_eq!(names(dir.path()), ["a.js", "b.js", "c.js"]);
        assert_eq!(apply(&preview).unwrap().edits, 3);
        assert_eq!(fs::read_to_string(dir.path().join("c.js")).unwrap(), "new_(\"c.js\")\n");
        assert_eq!(names(dir.path()), ["a.js", "b.js", "c.js"]);
    }
}
