//! The resident index: what is known of the trees that are searched again and again.
//!
//! Each root has a list of its files, under the same rules as a walk, and a filter of each file's content. A search that
//! the list covers does not walk, and reads only files whose filter lets its pattern through. See `docs/SEARCH_INDEX.md`
//! for the format, the plan, and why no match is missed.

mod answer;
mod background;
mod base;
mod build;
mod evaluate;
mod events;
#[cfg(target_os = "linux")]
mod inotify;
mod inputs;
mod links;
mod need;
#[cfg(not(target_os = "linux"))]
mod no_events;
mod pack;
mod reconcile;
mod root;
mod signing;
mod state;
mod sweep;
mod trust;
mod unsigned;
mod walks;
mod watch;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orchestrator_scheduler::executor::Executor;
use orchestrator_search::paths::path_bytes;
use orchestrator_search::{Answer, Content, FileQuery, FileSource};

use base::Limits;
use evaluate::Wanted;
use root::Root;

/// How large indexes are, and where they are kept.
#[derive(Clone, Debug)]
pub struct IndexOptions {
    /// The memory that one root's index may take, in bytes. Default: 64 MiB.
    pub max_bytes: usize,
    /// The share of the tree's bytes that the signatures may take, 0 to 1. Default: 0.1; 1 MiB is always allowed.
    pub max_share: f64,
    /// How many roots are indexed at a time; the one that was not searched for longest goes first. Default: 4.
    pub max_roots: usize,
    /// A tree with more files is not indexed, nor one of which the mere list is larger than `max_bytes`. Default:
    /// 1,000,000.
    pub max_files: usize,
    /// Where indexes are saved. Default: nowhere.
    pub cache_directory: Option<PathBuf>,
    /// Whether changes are heard of where the system can; else every search compares all stamps. Default: true.
    pub watch: bool,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_share: 0.1,
            max_roots: 4,
            max_files: 1_000_000,
            cache_directory: None,
            watch: true,
        }
    }
}

/// The signatures that no tree is too small for.
const LEAST_BYTES: usize = 1 << 20;

impl IndexOptions {
    /// What the index of a tree of so many bytes may take, of which its directories take some already.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn limits(&self, tree: u64, directories: usize) -> Limits {
        let share = (tree as f64 * self.max_share.clamp(0.0, 1.0)) as usize;
        Limits { whole: self.max_bytes.saturating_sub(directories), signatures: share.max(LEAST_BYTES) }
    }

    fn cache_file(&self, root: &Path) -> Option<PathBuf> {
        // FNV-1a: names need only differ, and the file says itself which root it is of.
        let hash = path_bytes(root).iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Some(self.cache_directory.as_ref()?.join(format!("{hash:016x}.index")))
    }
}

/// How far an index has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IndexState {
    /// Files are being listed or read; searches that cannot use it yet walk.
    Building,
    /// Every file is read.
    Ready,
    /// It was closed, or its tree cannot be indexed.
    Closed,
}

/// What can be said of an index.
#[derive(Clone, Debug)]
pub struct IndexStatus {
    /// The root, with its symbolic links resolved.
    pub root: PathBuf,
    /// How far it has come.
    pub state: IndexState,
    /// How many files it knows.
    pub files: usize,
    /// How many of them have changed and are not read again yet: every search reads them.
    pub unread: usize,
    /// The memory that it takes, in bytes.
    pub bytes: usize,
    /// Whether changes are heard of; else every search compares all stamps.
    pub watched: bool,
    /// How long the first build took, in milliseconds; 0 while it goes on.
    pub build_ms: u64,
}

/// The indexes of several roots. A [`FileSource`] for searches.
pub struct ResidentIndex {
    executor: Executor,
    options: IndexOptions,
    roots: Mutex<HashMap<PathBuf, Arc<Root>>>,
    uses: AtomicU64,
}

impl ResidentIndex {
    /// No index yet. A root's is begun by the first search that has to walk it.
    #[must_use]
    pub fn new(executor: Executor, options: IndexOptions) -> Self {
        Self { executor, options, roots: Mutex::default(), uses: AtomicU64::new(0) }
    }

    /// What is known of the root that a path lies in.
    #[must_use]
    pub fn status(&self, path: &Path) -> Option<IndexStatus> {
        Some(self.covering(&path.canonicalize().ok()?)?.0.status())
    }

    /// Builds the index of a path's root if there is none, and calls `ready` when all of its files are read.
    /// `None`: the path is no directory, or the index is closed.
    pub fn when_ready(&self, path: &Path, ready: impl FnOnce(Option<IndexStatus>) + Send + 'static) {
        self.walked(path);
        let root = path.canonicalize().ok().and_then(|path| self.covering(&path));
        match root {
            Some((root, _)) => root.when_ready(Box::new(move |status| ready(Some(status)))),
            None => ready(None),
        }
    }

    /// Ends all work in the background and forgets everything.
    pub fn close(&self) {
        for (_, root) in self.lock().drain() {
            root.close();
        }
    }

    /// The root that a canonical path lies in, and the rest of the path.
    fn covering(&self, path: &Path) -> Option<(Arc<Root>, Vec<u8>)> {
        let roots = self.lock();
        let (ancestor, root) = path.ancestors().find_map(|one| roots.get(one).map(|root| (one, root)))?;
        root.used.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        let rest = path.strip_prefix(ancestor).ok()?;
        Some((Arc::clone(root), path_bytes(rest).into_owned()))
    }

    fn forget(&self, root: &Arc<Root>) {
        let mut roots = self.lock();
        if roots.get(root.path()).is_some_and(|one| Arc::ptr_eq(one, root)) {
            roots.remove(root.path());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<Root>>> {
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileSource for ResidentIndex {
    fn select(&self, query: &FileQuery, content: Content<'_>, with_times: bool) -> Answer {
        if query.disregards_ignore_files() {
            return Answer::Unknown;
        }
        let Ok(path) = query.root().canonicalize() else { return Answer::Unknown };
        let Some((root, rest)) = self.covering(&path) else { return Answer::Unknown };
        // A bad glob is reported by the walk.
        let Ok(wanted) = Wanted::new(query, rest, content, with_times) else { return Answer::Unknown };
        let answer = root.answer(wanted);
        // One that is too large would be so again.
        if root.is_closed() && !root.is_refused() {
            self.forget(&root);
        }
        answer
    }

    fn walked(&self, root: &Path) {
        let Ok(path) = root.canonicalize() else { return };
        // Nobody's project; and what is below is not for one index.
        if !path.is_dir() || path.parent().is_none() || self.covering(&path).is_some() {
            return;
        }
        let Ok(root) = Root::new(path.clone(), self.executor.clone(), self.options.clone()) else { return };
        let mut roots = self.lock();
        let closed: Vec<Arc<Root>> = {
            // The new one covers those inside it.
            let mut leaving: Vec<PathBuf> =
                roots.keys().filter(|one| one.starts_with(&path)).cloned().collect();
            if roots.len() - leaving.len() >= self.options.max_roots.max(1) {
                let oldest = roots
                    .iter()
                    .filter(|(one, _)| !leaving.contains(one))
                    .min_by_key(|(_, root)| root.used.load(Ordering::Relaxed))
                    .map(|(one, _)| one.clone());
                leaving.extend(oldest);
            }
            leaving.iter().filter_map(|one| roots.remove(one)).collect()
        };
        root.used.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        roots.insert(path, Arc::clone(&root));
        drop(roots);
        for root in &closed {
            root.close();
        }
        root.build();
    }
}

impl Drop for ResidentIndex {
    fn drop(&mut self) {
        self.close();
    }
}
