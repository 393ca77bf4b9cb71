//! Walking a tree under ripgrep's ignore rules, step by step and by several workers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ignore::IncrementalIgnore;
use orchestrator_scheduler::executor::StepContext;

use crate::files::FileFailure;
use crate::paths::{absolute, joined, name_bytes, os_path};
use crate::stamp::link_count;
use crate::walked::{EntryKind, Verdict, Walked, WalkedDirectory, WalkedEntry};
use crate::{Cancel, LossyText, Progress, Stamp};

/// How long a step goes on before others get their turn.
pub(crate) const QUANTUM: Duration = Duration::from_micros(500);

/// Is told the path of a directory.
pub type BeforeRead = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// What to walk, and how.
pub struct WalkPlan {
    /// The root of the tree; paths are relative to it.
    pub root: PathBuf,
    /// The rules, made for this root.
    pub rules: IncrementalIgnore,
    /// Where to begin, and whether that directory counts as hidden. The root: an empty path.
    pub start: Vec<(Box<[u8]>, bool)>,
    /// Whether entries that the rules exclude are reported too (and not walked).
    pub with_ignored: bool,
    /// Whether files are given their stamps.
    pub with_stats: bool,
    /// Called for each directory before it is read.
    pub before_read: Option<BeforeRead>,
}

/// A walk in progress: a part of a job, which calls [`Walk::step`] from several workers.
pub struct Walk {
    plan: WalkPlan,
    cancel: Cancel,
    queue: Mutex<Queue>,
    /// A matcher for each worker: it compiles and keeps the rules of the directories that it meets.
    rules: Mutex<Vec<IncrementalIgnore>>,
    found: Mutex<Walked>,
}

struct Queue {
    waiting: Vec<(Box<[u8]>, bool)>,
    active: usize,
    complete: bool,
}

impl Walk {
    /// A walk that has not begun.
    #[must_use]
    pub fn new(plan: WalkPlan, cancel: Cancel) -> Self {
        let queue = Queue { waiting: plan.start.clone(), active: 0, complete: false };
        Self { plan, cancel, queue: Mutex::new(queue), rules: Mutex::default(), found: Mutex::default() }
    }

    /// Walks for a while. `Complete` is answered once, to the worker that finds the last directory read.
    pub fn step(&self, context: &StepContext<'_>) -> Progress {
        let begun = Instant::now();
        let mut rules = lock(&self.rules).pop().unwrap_or_else(|| self.plan.rules.clone());
        let progress = loop {
            let next = {
                let mut queue = lock(&self.queue);
                if self.cancel.is_cancelled() {
                    queue.waiting.clear();
                }
                match queue.waiting.pop() {
                    Some(next) => {
                        queue.active += 1;
                        next
                    }
                    None if queue.active == 0 && !queue.complete => {
                        queue.complete = true;
                        break Progress::Complete;
                    }
                    None => break Progress::Idle,
                }
            };
            let below = self.read(&next.0, next.1, &mut rules);
            let mut queue = lock(&self.queue);
            queue.active -= 1;
            let more = !below.is_empty();
            queue.waiting.extend(below);
            let waiting = queue.waiting.len();
            drop(queue);
            if more && waiting > 1 {
                context.widen(waiting);
            }
            if begun.elapsed() > QUANTUM || context.should_yield() {
                break Progress::More;
            }
        };
        lock(&self.rules).push(rules);
        progress
    }

    /// What was found, once the walk is complete.
    #[must_use]
    pub fn take(&self) -> Walked {
        let mut walked = std::mem::take(&mut *lock(&self.found));
        walked.directories.sort_unstable_by(|a, b| crate::paths::compare(&a.path, &b.path));
        walked.failures.sort_by(|a, b| a.path.cmp(&b.path));
        // Workers load the same ignore file each for itself.
        walked.failures.dedup();
        walked
    }

    /// Reads one directory; answers the directories in it that are to be walked.
    fn read(&self, path: &[u8], hidden: bool, rules: &mut IncrementalIgnore) -> Vec<(Box<[u8]>, bool)> {
        if let Some(before) = &self.plan.before_read {
            before(path);
        }
        let mut reader = Reader {
            plan: &self.plan,
            rules,
            directory: WalkedDirectory {
                path: path.into(),
                hidden,
                has_git: false,
                entries: Vec::new(),
                names: Vec::new(),
            },
            below: Vec::new(),
            failures: Vec::new(),
        };
        match fs::read_dir(absolute(&self.plan.root, path)) {
            Ok(entries) => entries.for_each(|entry| reader.entry(entry)),
            // Removed since it was found, or replaced by something else.
            Err(error) if !path.is_empty() && is_gone(&error) => return Vec::new(),
            Err(error) => reader.fail(path, &error),
        }
        let Reader { mut directory, below, failures, .. } = reader;
        let names = std::mem::take(&mut directory.names);
        let name = |entry: &WalkedEntry| &names[entry.name.start as usize..entry.name.end as usize];
        directory.entries.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        directory.names = names;
        let mut found = lock(&self.found);
        found.directories.push(directory);
        found.failures.extend(failures);
        below
    }
}

/// One directory being read.
struct Reader<'a> {
    plan: &'a WalkPlan,
    rules: &'a mut IncrementalIgnore,
    directory: WalkedDirectory,
    below: Vec<(Box<[u8]>, bool)>,
    failures: Vec<FileFailure>,
}

impl Reader<'_> {
    fn entry(&mut self, entry: io::Result<fs::DirEntry>) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = self.directory.path.clone();
                return self.fail(&path, &error);
            }
        };
        let os_name = entry.file_name();
        let Some(name) = name_bytes(&os_name) else { return };
        // Also a file: a worktree's or a submodule's `.git` is one.
        if name == b".git" {
            self.directory.has_git = true;
            return;
        }
        let path = joined(&self.directory.path, name);
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_file() => EntryKind::File,
            Ok(kind) if kind.is_dir() => EntryKind::Directory,
            Ok(_) => return,
            Err(error) => return self.fail(&path, &error),
        };
        let (matched, error) = self.rules.matched_with_errors(os_path(&path), kind == EntryKind::Directory);
        if let Some(error) = error {
            self.failures.push(rules_failure(&self.plan.root, &path, &error));
        }
        let verdict = if matched.is_ignore() {
            if !self.plan.with_ignored {
                return;
            }
            Verdict::Ignored
        } else if matched.is_none() && name.starts_with(b".") {
            Verdict::Hidden
        } else {
            Verdict::Visible
        };
        let stat = match kind {
            EntryKind::File if self.plan.with_stats => {
                entry.metadata().ok().map(|data| (Stamp::of(&data), link_count(&data)))
            }
            _ => None,
        };
        if kind == EntryKind::Directory && verdict != Verdict::Ignored {
            let hidden = self.directory.hidden || verdict == Verdict::Hidden;
            self.below.push((path.into(), hidden));
        }
        let begin = offset(self.directory.names.len());
        self.directory.names.extend_from_slice(name);
        let name = begin..offset(self.directory.names.len());
        self.directory.entries.push(WalkedEntry { name, kind, verdict, stat });
    }

    fn fail(&mut self, path: &[u8], error: &io::Error) {
        self.failures.push(FileFailure::new(path, error));
    }
}

/// Names of entries that change which files a search sees.
#[must_use]
pub fn is_rules_name(name: &[u8]) -> bool {
    matches!(name, b".gitignore" | b".ignore" | b".rgignore" | b".git" | b".jj")
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Names of one directory never take 4 GiB: the kernel would not list them.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// An ignore file that could not be read or understood. The search goes on without the bad part.
fn rules_failure(root: &Path, near: &[u8], error: &ignore::Error) -> FileFailure {
    let path = match path_of(error) {
        Some(path) => LossyText::from_path(path.strip_prefix(root).unwrap_or(path)),
        None => LossyText::from_bytes(near),
    };
    let kind = error.io_error().map_or(io::ErrorKind::Other, io::Error::kind);
    FileFailure { path, kind, message: error.to_string() }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}

/// A panic in another step ends the call; until it does, what it left behind is looked at by nobody else.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
