//! What is done about a store that is damaged.
//!
//! The damaged files are set aside, never deleted. In their place comes the newest sound backup (an empty store where
//! there is none), and on it, one by one, every later commit that can still be read from the damaged files *and*
//! follows in the hash chain: what is rebuilt is a prefix of what was, proved commit by commit. Leases are taken over
//! where they can be read, and the counter of fencing tokens is moved far ahead, so that no token is given out twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, params};

use crate::backup::{self, backups};
use crate::beside::Beside;
use crate::commit::{Appended, append};
use crate::connection::{self, sync_folder};
use crate::salvage::Salvage;
use crate::schema::{self, FileKind};
use crate::{Head, OpenOptions, Revision, Store, StoreError};

/// Farther than tokens get in the life of a store.
const TOKENS_AHEAD: u64 = 1 << 32;

/// What a recovery did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Where the damaged files are now.
    pub set_aside: PathBuf,
    /// The backup that was the base; `None`: there was no sound one.
    pub backup: Option<PathBuf>,
    /// How many commits came from the backup.
    pub from_backup: Revision,
    /// The newest commit of the store as it is now.
    pub head: Head,
    /// The newest revision that the damaged store is known to have had; the commits between are lost. `None`: nobody
    /// knows.
    pub known: Option<Revision>,
}

impl Store {
    /// Rebuilds a store that [`Store::open`] or [`Store::verify`] found damaged. `None`: it is sound, and was left
    /// alone.
    ///
    /// Fails with `ERR_BUSY` while anybody has the store open, and with `ERR_SCHEMA` if it belongs to a newer version
    /// or to another program.
    pub fn recover(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Option<Recovery>, StoreError> {
        let path = std::path::absolute(path)?;
        let beside = Beside::of(&path)?;
        let _alone = beside.lock_alone(Instant::now() + options.busy_timeout)?;
        let work = connection::beside(&path, "-recovery");
        let finished = finished_in(&work);
        let noted = beside.head();
        if finished.exists() {
            // It gets that name when it is complete: all that was left to do is to put it in place.
            let head = backup::check(&finished)?;
            let set_aside = put_in_place(&path, &work, &beside, head)?;
            return Ok(Some(Recovery { set_aside, backup: None, from_backup: 0, head, known: noted }));
        }
        let _ = fs::remove_dir_all(&work);
        connection::create_folders(&work)?;
        let copy = work.join("damaged.db");
        copy_with_log(&path, &copy)?;
        let own = match check_if_there(&copy) {
            // Not ours to judge, or nothing that says anything of the file.
            Err(error @ (StoreError::Schema { .. } | StoreError::Io { .. })) => return Err(error),
            own => own.ok().flatten(),
        };
        if own.is_some_and(|own| noted.is_none_or(|noted| noted <= own.revision)) {
            fs::remove_dir_all(&work)?;
            return Ok(None);
        }
        let known = noted.max(damaged_head(&copy));
        let base = backups(&path)?.into_iter().max_by_key(|backup| backup.head.revision);
        let built = work.join("building.db");
        let head = rebuild(&built, base.as_ref().map(|base| &*base.path), &copy)?;
        fs::rename(&built, &finished)?;
        let set_aside = put_in_place(&path, &work, &beside, head)?;
        let from_backup = base.as_ref().map_or(0, |base| base.head.revision);
        Ok(Some(Recovery { set_aside, backup: base.map(|base| base.path), from_backup, head, known }))
    }
}

/// Where a rebuilt store waits, when it is complete, for the damaged one to be set aside.
pub(crate) fn finished_of(path: &Path) -> PathBuf {
    finished_in(&connection::beside(path, "-recovery"))
}

fn finished_in(work: &Path) -> PathBuf {
    work.join("finished.db")
}

/// Sets the damaged files aside and puts the finished store in their place. Can be interrupted anywhere, and done again.
fn put_in_place(path: &Path, work: &Path, beside: &Beside, head: Head) -> Result<PathBuf, StoreError> {
    // The rebuilt store has its name for good before the damaged one loses its own.
    sync_folder(work)?;
    sync_folder(folder_of(path))?;
    let set_aside = set_aside(path)?;
    fs::rename(finished_in(work), path)?;
    sync_folder(folder_of(path))?;
    beside.set_head(head.revision)?;
    fs::remove_dir_all(work)?;
    Ok(set_aside)
}

/// Builds a store from a backup and what follows it in the damaged one. Answers its head.
fn rebuild(to: &Path, base: Option<&Path>, damaged: &Path) -> Result<Head, StoreError> {
    if let Some(base) = base {
        fs::copy(base, to)?;
    }
    let mut connection = connection::open(to, &OpenOptions::default())?;
    if schema::identify(&mut connection)? == FileKind::Empty {
        schema::prepare_file(&connection)?;
        schema::create(&mut connection)?;
    }
    if let Ok(salvage) = Salvage::open(damaged) {
        take_over(&mut connection, &salvage)?;
    }
    connection.execute("UPDATE head SET token = token + ?1", [TOKENS_AHEAD])?;
    drop(connection);
    let head = backup::check(to)?;
    fs::File::open(to)?.sync_all()?;
    Ok(head)
}

/// Appends the commits that follow, as far as the chain holds, and takes over the leases.
fn take_over(connection: &mut Connection, salvage: &Salvage) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let mut head = schema::head(&transaction)?;
    while let Some(commit) = salvage.commit(head.revision + 1) {
        let appended = Appended {
            actor: &commit.actor,
            mission: commit.mission.as_deref(),
            time_ms: commit.time_ms,
            changes: &commit.changes,
        };
        transaction.execute_batch("SAVEPOINT one")?;
        let next = append(&transaction, &head, &appended);
        match next {
            Ok(next) if next.hash == commit.hash => head = next,
            // It is not what followed.
            _ => {
                transaction.execute_batch("ROLLBACK TO one; RELEASE one")?;
                break;
            }
        }
        transaction.execute_batch("RELEASE one")?;
    }
    schema::set_head(&transaction, &head)?;
    for lease in salvage.leases() {
        transaction.execute(
            "INSERT OR REPLACE INTO leases(name, token, holder, expires_ms) VALUES (?1, ?2, ?3, ?4)",
            params![lease.name, lease.token, lease.holder, lease.expires_ms],
        )?;
    }
    transaction.execute(
        "UPDATE head SET token = max(token, ?1, (SELECT ifnull(max(token), 0) FROM leases))",
        [salvage.token()],
    )?;
    transaction.commit()?;
    Ok(())
}

/// Copies a database and its log, so that neither is touched. What is not there is not copied.
fn copy_with_log(from: &Path, to: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal"] {
        match fs::copy(connection::beside(from, suffix), connection::beside(to, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn check_if_there(path: &Path) -> Result<Option<Head>, StoreError> {
    if path.exists() { backup::check(path).map(Some) } else { Ok(None) }
}

fn damaged_head(copy: &Path) -> Option<Revision> {
    let connection = Connection::open(copy).ok()?;
    connection.query_row("SELECT revision FROM head", [], |row| row.get(0)).optional().ok()?
}

/// Moves the damaged files into a folder of their own.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let folder = (1_u32..10_000)
        .map(|number| connection::beside(path, &format!("-damaged-{number}")))
        .find(|folder| !folder.exists())
        .ok_or_else(|| StoreError::corrupt("there are too many damaged stores beside it"))?;
    fs::create_dir(&folder)?;
    let name = path.file_name().unwrap_or_default();
    for suffix in ["-wal", "-shm", ""] {
        let mut to = name.to_owned();
        to.push(suffix);
        match fs::rename(connection::beside(path, suffix), folder.join(to)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    sync_folder(&folder)?;
    sync_folder(folder_of(path))?;
    Ok(folder)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
