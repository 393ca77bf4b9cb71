//! One indexed tree.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use orchestrator_scheduler::executor::Executor;
use orchestrator_search::{BeforeRead, SearchError, WalkPlan, Walked, standard_rules};

use super::answer::identity;
use super::base::Limits;
use super::inputs::Inputs;
use super::reconcile::Found;
use super::state::State;
use super::watch::Watcher;
use super::{IndexOptions, IndexState, IndexStatus};

/// The index of one tree. See the [module](super).
pub(super) struct Root {
    path: PathBuf,
    /// Which directory it is: another one may come to have its path.
    pub(super) identity: Option<(u64, u64)>,
    pub(super) executor: Executor,
    options: IndexOptions,
    /// `None`: nothing tells of changes, every search compares all stamps.
    pub(super) watcher: Option<Arc<Watcher>>,
    state: Mutex<State>,
    /// Reading in the background is queued or going on.
    pub(super) signing: AtomicBool,
    closed: AtomicBool,
    refused: AtomicBool,
    /// When it was last searched, as the registry counts.
    pub(super) used: AtomicU64,
    pub(super) waiting: Mutex<Vec<Ready>>,
    pub(super) begun: Instant,
    pub(super) built_ms: AtomicU64,
}

/// Is told of the finished index.
pub(super) type Ready = Box<dyn FnOnce(IndexStatus) + Send>;

impl Root {
    /// A root of which nothing is known yet. Errors: what makes its rules unreadable.
    pub(super) fn new(
        path: PathBuf,
        executor: Executor,
        options: IndexOptions,
    ) -> Result<Arc<Self>, SearchError> {
        let inputs = Inputs::of(&path, std::slice::from_ref(&path));
        let rules = standard_rules(&path)?;
        let watcher = (options.watch && super::trust::hears_everything(&path) == Some(true))
            .then(Watcher::new)
            .flatten();
        let root = Arc::new(Self {
            identity: identity(&path),
            path,
            executor,
            options,
            watcher: watcher.map(Arc::new),
            state: Mutex::new(State::new(rules, inputs)),
            signing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            refused: AtomicBool::new(false),
            used: AtomicU64::new(0),
            waiting: Mutex::default(),
            begun: Instant::now(),
            built_ms: AtomicU64::new(0),
        });
        root.follow();
        Ok(root)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the index of a tree of so many bytes may take, of which its directories take some already.
    pub(super) fn limits(&self, tree: u64, directories: usize) -> Limits {
        self.options.limits(tree, directories)
    }

    pub(super) fn max_files(&self) -> usize {
        self.options.max_files
    }

    pub(super) fn cache_file(&self) -> Option<PathBuf> {
        self.options.cache_file(&self.path)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// The tree is too large for an index.
    pub(super) fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends its work. Calls that are being answered from it go on with what they have.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(watcher) = &self.watcher {
            watcher.wake();
        }
        self.tell_ready();
    }

    pub(super) fn status(&self) -> IndexStatus {
        let state = self.lock();
        let unsigned = state.unsigned_count();
        IndexStatus {
            root: self.path.clone(),
            state: if self.is_closed() {
                IndexState::Closed
            } else if state.listed && unsigned == 0 {
                IndexState::Ready
            } else {
                IndexState::Building
            },
            files: state.file_count(),
            unread: unsigned,
            bytes: state.base.bytes() + state.directory_bytes(),
            watched: self.is_watched(),
            build_ms: self.built_ms.load(Ordering::Relaxed),
        }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watcher.as_ref().is_some_and(|watcher| watcher.is_complete())
    }

    /// Works in what a walk of these directories found.
    pub(super) fn reconcile(&self, state: &mut State, walked: &Walked, scopes: &[(Vec<u8>, u64)]) {
        let found = Found::of(walked);
        self.distrust_if_needed(&found);
        let repositories = state.repositories(&self.path);
        // Of folders that were not watched yet, rules may have been read too soon.
        state.rules = state.unread_rules.clone();
        for (scope, touch) in outermost(scopes) {
            state.take_directories(scope, walked, self.watcher.as_deref());
            state.take_files(scope, &found);
            let done: Vec<Vec<u8>> = state
                .pending
                .iter()
                .filter(|(path, last)| {
                    **last <= *touch && (*path == scope || orchestrator_search::paths::is_below(path, scope))
                })
                .map(|(path, _)| path.clone())
                .collect();
            for path in done {
                state.pending.remove(&path);
            }
        }
        state.rescan_what_may_be_readable(walked);
        // Where a new repository keeps its rules was not looked at before: what they were during the walk is not known.
        if state.repositories(&self.path) != repositories && state.renew_rules(&self.path).is_ok() {
            state.rescan(b"");
        }
    }

    /// A file system that does not tell of its changes makes the watcher worthless.
    pub(super) fn distrust_if_needed(&self, found: &Found) {
        if let Some(watcher) = &self.watcher
            && watcher.is_complete()
            && !found.are_heard_of(&self.path)
        {
            watcher.distrust();
        }
    }

    /// The plan of a walk through everything.
    pub(super) fn full_plan(&self) -> WalkPlan {
        let mut state = self.lock();
        let touch = state.touches;
        self.plan(&mut state, &[(Vec::new(), touch)])
    }

    pub(super) fn plan(&self, state: &mut State, scopes: &[(Vec<u8>, u64)]) -> WalkPlan {
        let start = outermost(scopes).map(|(path, _)| (&**path).into()).collect::<Vec<Box<[u8]>>>();
        let start = start.into_iter().map(|path| {
            let hidden = state.hidden_directory(&path);
            (path, hidden)
        });
        let before_read = self.watcher.clone().map(|watcher| {
            let root = self.path.clone();
            Arc::new(move |path: &[u8]| watcher.add(&root, path)) as BeforeRead
        });
        WalkPlan {
            root: self.path.clone(),
            start: start.collect(),
            // A folder's rules count only if they are read after it is watched.
            rules: state.unread_rules.clone(),
            with_ignored: true,
            with_stats: true,
            before_read,
        }
    }
}

/// The scopes that do not lie in another one.
fn outermost(scopes: &[(Vec<u8>, u64)]) -> impl Iterator<Item = &(Vec<u8>, u64)> {
    scopes.iter().filter(|(path, _)| {
        !scopes.iter().any(|(other, _)| other != path && orchestrator_search::paths::is_below(path, other))
    })
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
