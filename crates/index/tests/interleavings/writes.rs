//! What happens to the tree, and what is in it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orchestrator_scheduler::executor::{Executor, ExecutorOptions};
use orchestrator_search::{Cancel, FileQuery, ListFiles, NoIndex, run};

use super::tree::Random;

const FOLDERS: [&str; 6] = ["n/a", "n/a/b", "n/c", "s/a", "s/a/b", "s"];
const NAMES: [&str; 3] = ["1", "2", "3.md"];
const RULES: [&str; 3] = ["*.md\n", "b\n", "a/\n"];

/// A tree with its files as they are, and when each last changed.
pub struct Writes {
    base: tempfile::TempDir,
    root: PathBuf,
    executor: Executor,
    files: BTreeMap<String, String>,
    changed: HashMap<String, usize>,
    count: usize,
}

impl Writes {
    pub fn new() -> Self {
        let base = tempfile::tempdir().unwrap();
        let root = base.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::create_dir(base.path().join("aside")).unwrap();
        fs::write(root.join("first"), "text_first_").unwrap();
        let executor = Executor::new(ExecutorOptions { threads: 1, ..ExecutorOptions::default() }).unwrap();
        let (files, changed) = (BTreeMap::new(), HashMap::new());
        let mut writes = Self { base, root, executor, files, changed, count: 0 };
        writes.look();
        writes
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How many changes there were.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The files that a search sees.
    pub fn files(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    pub fn text(&self, path: &str) -> String {
        self.files[path].clone()
    }

    /// Whether a path is what it was after so many changes.
    pub fn unchanged_since(&self, path: &str, count: usize) -> bool {
        self.changed.get(path).is_none_or(|&changed| changed <= count)
    }

    /// Does something to the tree; it may fail, as when a file is in the way.
    pub fn make_one(&mut self, random: &mut Random) -> String {
        self.count += 1;
        let folder = self.root.join(random.pick(&FOLDERS));
        let other = self.root.join(random.pick(&FOLDERS));
        let path = folder.join(random.pick(&NAMES));
        let aside = self.base.path().join("aside").join(random.below(2).to_string());
        let text = format!("text_{}_", self.count);
        let rules = *random.pick(&RULES);
        let (what, done) = match random.below(20) {
            0..=5 => ("write", write(&path, &text)),
            6 | 7 => ("folder in place of", as_folder(&path, &text)),
            8 | 9 => ("file in place of", fs::remove_dir_all(&path).and_then(|()| write(&path, &text))),
            10 => ("flip", as_folder(&path, &text).and_then(|()| as_file(&path, &text))),
            11 => ("remove", fs::remove_file(&path)),
            12 => ("remove the folder of", fs::remove_dir_all(&folder)),
            13 => ("rename the folder of", fs::rename(&folder, &other)),
            14 => ("swap the folder of", swap(&folder, &other, &self.base.path().join("between"))),
            15 => ("move away the folder of", replace(&folder, &aside)),
            16 => ("move in the folder of", replace(&aside, &folder)),
            17 => ("rules beside", write(&folder.join(".ignore"), rules)),
            18 => ("no rules beside", fs::remove_file(folder.join(".ignore"))),
            _ if random.chance(4) => ("rules above, and", write(&self.base.path().join(".ignore"), &text)),
            _ => ("empty folder for", fs::create_dir_all(&folder)),
        };
        self.look();
        format!("{}. {what} {} ({}): {done:?}", self.count, path.display(), other.display())
    }

    fn look(&mut self) {
        let list = ListFiles::new(FileQuery::new(&self.root), Arc::new(NoIndex), Cancel::new());
        let list = run(&self.executor, list).unwrap();
        let now: BTreeMap<String, String> = (0..list.len())
            .map(|at| (String::from_utf8_lossy(list.path(at)).into_owned(), list.open_path(at)))
            .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
            .collect();
        let before = std::mem::replace(&mut self.files, now);
        for path in before.keys().chain(self.files.keys()) {
            if before.get(path) != self.files.get(path) {
                self.changed.insert(path.clone(), self.count);
            }
        }
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(path.parent().unwrap())?;
    fs::write(path, text)
}

fn as_folder(path: &Path, text: &str) -> std::io::Result<()> {
    fs::remove_file(path)?;
    write(&path.join("inside"), text)
}

fn as_file(path: &Path, text: &str) -> std::io::Result<()> {
    fs::remove_dir_all(path)?;
    write(path, text)
}

/// Puts one folder in the place of another.
fn replace(from: &Path, to: &Path) -> std::io::Result<()> {
    from.metadata()?;
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::rename(from, to)
}

fn swap(one: &Path, other: &Path, between: &Path) -> std::io::Result<()> {
    other.metadata()?;
    fs::rename(one, between)?;
    fs::rename(other, one).and_then(|()| fs::rename(between, other))?;
    let _ = fs::remove_dir_all(between);
    Ok(())
}
