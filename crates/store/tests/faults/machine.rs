//! A machine with one disk, which can fail, lose power and start again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::disk::Disk;
use crate::plan::{Fault, Plan};
use crate::survival::Survivors;
use crate::vfs;

pub struct Machine {
    /// Where the files really are.
    folder: PathBuf,
    disk: Arc<Disk>,
    _owner: TempDir,
}

impl Machine {
    pub fn new() -> Self {
        vfs::install();
        let owner = tempfile::tempdir().unwrap();
        // As SQLite gives paths to the disk: without links.
        let folder = owner.path().canonicalize().unwrap();
        Self { disk: Disk::mount(&folder), folder, _owner: owner }
    }

    pub fn store(&self) -> PathBuf {
        self.folder.join("state.db")
    }

    /// Lets a fault strike at the `at`-th call from now on, counted from 1, that it can strike at.
    pub fn inject(&self, fault: Fault, at: u64) {
        self.disk.set_plan(Plan::new(fault, at));
    }

    /// Whether the fault has struck.
    pub fn struck(&self) -> bool {
        self.disk.struck()
    }

    /// From now on nothing fails.
    pub fn repair(&self) {
        self.disk.set_plan(Plan::default());
    }

    /// From now on the disk says that it has synced, and has not.
    pub fn lie(&self) {
        self.disk.lie();
    }

    /// Stops the machine, or only its processes, and starts it again with a sound disk.
    pub fn crash(&self, survivors: Survivors) {
        let left = self.disk.crash(survivors);
        for file in fs::read_dir(&self.folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                keep_beside(&path, survivors);
                continue;
            }
            let name = path.file_name().unwrap().to_str().unwrap();
            if let Some(modelled) = left.get(name)
                && survivors == Survivors::Everything
            {
                assert!(*modelled == fs::read(&path).unwrap(), "the model of {name} is wrong");
            }
            // Also the memory that the processes shared, which has a name here (`-shm`).
            fs::remove_file(path).unwrap();
        }
        for (name, content) in left {
            fs::write(self.folder.join(name), content).unwrap();
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.disk.unmount();
    }
}

/// What the store keeps beside its file without SQLite and without syncing it may survive or not. It survives here
/// where nothing else does that was not synced, which is where it is of use; a seed decides elsewhere.
fn keep_beside(folder: &Path, survivors: Survivors) {
    if matches!(survivors, Survivors::Some { seed } if seed % 4 < 2) {
        fs::remove_dir_all(folder).unwrap();
    }
}
