//! A folder on a disk that can fail, with what would be left of it after a power cut.
//!
//! A file keeps its synced content and the changes since; the folder keeps its synced names beside the present
//! ones. Only what goes through SQLite is modelled. Nothing is really synced: what a crash leaves is written
//! from the model, and thousands of runs do not wait for the disk of the machine.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

use crate::plan::{Call, Plan, Verdict};
use crate::survival::{Choice, Pending, Survivors};

/// Every folder whose files go through a [`Disk`].
static DISKS: Mutex<Vec<Arc<Disk>>> = Mutex::new(Vec::new());

#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    plan: Plan,
    /// Whether it says that it has synced and does not do it.
    lies: bool,
    /// The files, by number; they outlive their names.
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    open: usize,
}

#[derive(Debug, Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<Pending>,
}

/// An open file. It counts as open until it is dropped.
#[derive(Debug)]
pub struct Handle {
    disk: Arc<Disk>,
    file: usize,
    /// Whether the next sync also syncs the folder, as SQLite's layer for Unix does after it has created a
    /// journal or a write-ahead log.
    syncs_folder: AtomicBool,
}

impl Disk {
    /// Makes the folder, which is empty, one whose files can fail.
    pub fn mount(folder: &Path) -> Arc<Self> {
        let disk = Arc::new(Self { folder: folder.to_owned(), state: Mutex::default() });
        disks().push(Arc::clone(&disk));
        disk
    }

    pub fn unmount(&self) {
        disks().retain(|disk| disk.folder != self.folder);
    }

    /// The disk that the file lies on, and its name there.
    pub fn of(path: &Path) -> Option<(Arc<Self>, String)> {
        let (folder, name) = (path.parent()?, path.file_name()?.to_str()?);
        let disk = disks().iter().find(|disk| disk.folder == folder).cloned()?;
        Some((disk, name.to_owned()))
    }

    pub fn set_plan(&self, plan: Plan) {
        self.state().plan = plan;
    }

    pub fn struck(&self) -> bool {
        self.state().plan.struck()
    }

    pub fn lie(&self) {
        self.state().lies = true;
    }

    /// Every file as it is after a crash, which is also how the disk stands from now on.
    pub fn crash(&self, survivors: Survivors) -> BTreeMap<String, Vec<u8>> {
        let mut state = self.state();
        assert_eq!(state.open, 0, "the process that has died has files open");
        let mut choice = Choice::new(survivors);
        let mut names = state.synced_names.clone();
        let mut changed: Vec<String> = state.names.keys().chain(names.keys()).cloned().collect();
        changed.sort();
        changed.dedup();
        for name in changed {
            if state.names.get(&name) != names.get(&name) && choice.keeps_name() {
                match state.names.get(&name) {
                    Some(file) => names.insert(name, *file),
                    None => names.remove(&name),
                };
            }
        }
        let content = |file: &File| choice.content(&file.synced, &file.pending);
        let contents: Vec<Vec<u8>> = state.files.iter().map(content).collect();
        let left: BTreeMap<_, _> =
            names.into_iter().map(|(name, file)| (name, contents[file].clone())).collect();
        let files = left.values().map(|synced| File { synced: synced.clone(), pending: Vec::new() });
        let numbered: BTreeMap<_, _> = left.keys().cloned().zip(0..).collect();
        *state = State {
            files: files.collect(),
            names: numbered.clone(),
            synced_names: numbered,
            ..State::default()
        };
        left
    }

    /// A call that changes nothing.
    pub fn look(&self, call: Call, real: impl FnOnce() -> c_int) -> c_int {
        match self.state().plan.judge(call) {
            Verdict::Fail(code) => code,
            _ => real(),
        }
    }

    /// Opens a file, with SQLite's flags.
    pub fn open(
        self: &Arc<Self>,
        name: &str,
        flags: c_int,
        real: impl FnOnce() -> c_int,
    ) -> Result<Handle, c_int> {
        let mut state = self.state();
        if let Verdict::Fail(code) = state.plan.judge(Call::Open) {
            return Err(code);
        }
        let code = real();
        if code != ffi::SQLITE_OK {
            return Err(code);
        }
        let file = if let Some(file) = state.names.get(name) {
            *file
        } else {
            let file = state.files.len();
            state.files.push(File::default());
            state.names.insert(name.to_owned(), file);
            file
        };
        state.open += 1;
        let journal = flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
        let syncs_folder = AtomicBool::new(journal && flags & ffi::SQLITE_OPEN_CREATE != 0);
        Ok(Handle { disk: Arc::clone(self), file, syncs_folder })
    }

    pub fn delete(&self, name: &str, sync_folder: bool, real: impl FnOnce() -> c_int) -> c_int {
        let mut state = self.state();
        if let Verdict::Fail(code) = state.plan.judge(Call::Delete) {
            return code;
        }
        let code = real();
        if code == ffi::SQLITE_OK {
            state.names.remove(name);
            if sync_folder && !state.lies {
                state.synced_names = state.names.clone();
            }
        }
        code
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    pub fn look(&self, call: Call, real: impl FnOnce() -> c_int) -> c_int {
        self.disk.look(call, real)
    }

    pub fn write(&self, offset: u64, bytes: &[u8], real: impl FnOnce(&[u8]) -> c_int) -> c_int {
        let mut state = self.disk.state();
        let (bytes, answer) = match state.plan.judge(Call::Write) {
            Verdict::Fail(code) => return code,
            Verdict::Halve => (&bytes[..bytes.len() / 2], Call::Write.error()),
            Verdict::Proceed => (bytes, ffi::SQLITE_OK),
        };
        let code = real(bytes);
        if code != ffi::SQLITE_OK {
            return code;
        }
        state.files[self.file].pending.push(Pending::Write { offset, bytes: bytes.to_vec() });
        answer
    }

    pub fn truncate(&self, size: u64, real: impl FnOnce() -> c_int) -> c_int {
        let mut state = self.disk.state();
        if let Verdict::Fail(code) = state.plan.judge(Call::Truncate) {
            return code;
        }
        let code = real();
        if code == ffi::SQLITE_OK {
            state.files[self.file].pending.push(Pending::Truncate { size });
        }
        code
    }

    pub fn sync(&self) -> c_int {
        let mut state = self.disk.state();
        if let Verdict::Fail(code) = state.plan.judge(Call::Sync) {
            return code;
        }
        if state.lies {
            return ffi::SQLITE_OK;
        }
        let File { synced, pending } = &mut state.files[self.file];
        pending.drain(..).for_each(|change| change.apply(synced));
        if self.syncs_folder.swap(false, Ordering::Relaxed) {
            state.synced_names = state.names.clone();
        }
        ffi::SQLITE_OK
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.disk.state().open -= 1;
    }
}

fn disks() -> MutexGuard<'static, Vec<Arc<Disk>>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}
