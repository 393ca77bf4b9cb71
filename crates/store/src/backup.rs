//! Backups, made while the store is in use.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::connection::{self, sync_folder};
use crate::schema::{self, FileKind};
use crate::{Head, OpenOptions, Store, StoreError, verify};

/// A backup that is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file, a store of its own.
    pub path: PathBuf,
    /// The newest commit in it.
    pub head: Head,
}

impl Store {
    /// Writes a backup beside the store, in the folder `<file>-backups`, and removes the oldest ones so that `keep`
    /// are left, at least this one. Others go on reading and committing meanwhile. Where the newest commit is in a
    /// backup already, that one is the answer.
    ///
    /// The backup is whole before it gets its name, is on the disk, and was verified like the store itself; a backup
    /// is only removed when there are `keep` newer ones. Fails with `ERR_CORRUPT` where the store does not verify.
    pub fn backup(&self, keep: usize) -> Result<Backup, StoreError> {
        let folder = backups_folder(self.path());
        connection::create_folders(&folder)?;
        let present = self.read(schema::head)?;
        let path = name_of(&folder, &present);
        if check(&path).is_ok_and(|head| head == present) {
            return Ok(Backup { path, head: present });
        }
        let unfinished = folder.join(format!("{}.unfinished", std::process::id()));
        let head = copy(self.path(), &unfinished).inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })?;
        let path = name_of(&folder, &head);
        fs::rename(&unfinished, &path)?;
        sync_folder(&folder)?;
        for old in names(&folder)?.into_iter().skip(keep.max(1)).filter(|old| *old != path) {
            fs::remove_file(old)?;
        }
        Ok(Backup { path, head })
    }
}

/// The sound backups of the store in the file `path`, the newest first.
pub fn backups(path: impl AsRef<Path>) -> Result<Vec<Backup>, StoreError> {
    let sound = |path: PathBuf| Some(Backup { head: check(&path).ok()?, path });
    Ok(names(&backups_folder(path.as_ref()))?.into_iter().filter_map(sound).collect())
}

/// Names sort by revision; the hash tells backups of different histories apart.
fn name_of(folder: &Path, head: &Head) -> PathBuf {
    let hash = head.hash.to_string();
    folder.join(format!("{:012}-{}.db", head.revision, &hash[..12]))
}

/// The backup files, the newest first.
pub(crate) fn names(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    let mut backups: Vec<PathBuf> = paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "db"))
        .collect();
    backups.sort_unstable_by(|a, b| b.cmp(a));
    Ok(backups)
}

pub(crate) fn backups_folder(path: &Path) -> PathBuf {
    connection::beside(path, "-backups")
}

/// Copies one snapshot of a store into a new file, and makes sure of the copy.
fn copy(from: &Path, to: &Path) -> Result<Head, StoreError> {
    match fs::remove_file(to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let source = connection::open(from, &OpenOptions::default())?;
    source.execute("VACUUM INTO ?1", [path_text(to)?])?;
    let head = check(to)?;
    fs::File::open(to)?.sync_all()?;
    Ok(head)
}

/// The head of a store that nobody uses, if all of it is sound.
pub(crate) fn check(path: &Path) -> Result<Head, StoreError> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    if schema::identify(&mut connection)? == FileKind::Empty {
        return Err(StoreError::corrupt("it is empty"));
    }
    let report = verify::verify(&connection)?;
    match (report.first_bad, report.damage.into_iter().next()) {
        (None, None) => Ok(report.head),
        (Some(bad), _) => Err(StoreError::corrupt(format!("revision {}: {}", bad.revision, bad.reason))),
        (None, Some(damage)) => Err(StoreError::corrupt(damage)),
    }
}

fn path_text(path: &Path) -> Result<&str, StoreError> {
    path.to_str().ok_or_else(|| StoreError::Io {
        detail: format!("{} is not UTF-8, which SQLite needs for a backup", path.display()),
        sqlite_code: None,
    })
}
