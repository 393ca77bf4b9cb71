//! One indexed tree.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_scheduler::executor::{Executor, Priority};
use orchestrator_search::{
    Answer, BeforeRead, Candidates, SearchError, WalkPlan, Walked, standard_rules, submit,
};

use super::build::Build;
use super::evaluate::Wanted;
use super::inputs::Inputs;
use super::reconcile::Found;
use super::signing::Signing;
use super::state::State;
use super::sweep;
use super::watch::{Waited, Watcher};
use super::{IndexOptions, IndexState, IndexStatus};

/// Events that come in such a time are worked in together.
const COALESCE: Duration = Duration::from_millis(50);

/// The index of one tree. See the [module](super).
pub(super) struct Root {
    path: PathBuf,
    executor: Executor,
    options: IndexOptions,
    /// `None`: nothing tells of changes, every search compares all stamps.
    watcher: Option<Arc<Watcher>>,
    state: Mutex<State>,
    /// Reading in the background is queued or going on.
    signing: AtomicBool,
    closed: AtomicBool,
    /// When it was last searched, as the registry counts.
    pub(super) used: AtomicU64,
    waiting: Mutex<Vec<Ready>>,
    begun: Instant,
    built_ms: AtomicU64,
}

/// Is told of the finished index.
pub(super) type Ready = Box<dyn FnOnce(IndexStatus) + Send>;

/// What a call has to do before it can be answered.
enum Catch {
    /// Everything is worked in.
    Current,
    /// These directories have to be walked; each with the number of its last touch.
    Walk(Vec<(Vec<u8>, u64)>),
    /// Nothing can be said.
    Lost,
}

impl Root {
    /// A root of which nothing is known yet. Errors: what makes its rules unreadable.
    pub(super) fn new(
        path: PathBuf,
        executor: Executor,
        options: IndexOptions,
    ) -> Result<Arc<Self>, SearchError> {
        let inputs = Inputs::of(&path, std::slice::from_ref(&path));
        let rules = standard_rules(&path)?;
        let watcher = (options.watch && super::trust::hears_everything(&path)).then(Watcher::new).flatten();
        let root = Arc::new(Self {
            path,
            executor,
            options,
            watcher: watcher.map(Arc::new),
            state: Mutex::new(State::new(rules, inputs)),
            signing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
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

    /// What the index of a tree with so many bytes may take.
    pub(super) fn max_bytes(&self, tree: u64) -> usize {
        self.options.max_bytes_of(tree)
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

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds all that happened so far to what was heard.
    pub(super) fn listen(&self, state: &mut State) {
        if let Some(watcher) = &self.watcher {
            watcher.drain(&mut state.heard);
        }
    }

    /// Ends its work. Calls that are being answered from it go on with what they have.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(watcher) = &self.watcher {
            watcher.wake();
        }
        self.tell_ready();
    }

    /// Walks the tree for the first time, in the background.
    pub(super) fn build(self: &Arc<Self>) {
        let root = Arc::clone(self);
        let work = Build::new(Arc::clone(self), self.full_plan());
        submit(&self.executor, Priority::Background, work, move |result| match result {
            Ok(()) => root.sign(),
            // The next search tries again with another root.
            Err(_) => root.close(),
        });
    }

    /// Reads what was not read since it changed, in the background.
    pub(super) fn sign(self: &Arc<Self>) {
        if self.is_closed() || self.signing.swap(true, Ordering::AcqRel) {
            return;
        }
        let root = Arc::clone(self);
        submit(&self.executor, Priority::Background, Signing::new(Arc::clone(self)), move |result| {
            root.signed(result.is_ok());
        });
    }

    fn signed(self: &Arc<Self>, ok: bool) {
        let (pack, max_bytes) = {
            let state = self.lock();
            let tree = state.base.stamps.iter().map(|stamp| stamp.size).sum();
            (ok && state.wants_packing() && !self.is_closed(), self.max_bytes(tree))
        };
        if !pack {
            return self.settled(ok);
        }
        let root = Arc::clone(self);
        let name = "index-packer".to_owned();
        // One long piece of work, for which no worker of the executor should be away from the searches.
        let started = thread::Builder::new().name(name).spawn(move || {
            root.pack(max_bytes);
            root.save();
            root.settled(ok);
        });
        if started.is_err() {
            self.settled(false);
        }
    }

    /// Reading has ended for now.
    fn settled(self: &Arc<Self>, ok: bool) {
        self.signing.store(false, Ordering::Release);
        let unsigned = self.lock().unsigned_count();
        if unsigned == 0 || !ok {
            self.built_ms
                .compare_exchange(0, elapsed_ms(self.begun), Ordering::Relaxed, Ordering::Relaxed)
                .ok();
            self.tell_ready();
        } else if !lock(&self.waiting).is_empty() {
            self.sign();
        }
    }

    fn save(&self) {
        if let Some(file) = self.cache_file() {
            if let Some(folder) = file.parent() {
                let _ = std::fs::create_dir_all(folder);
                forget_old(folder);
            }
            // A cache that cannot be written is no cache.
            let _ = crate::saved::save(&file, &self.to_save());
        }
    }

    /// Calls `ready` once every file is read.
    pub(super) fn when_ready(self: &Arc<Self>, ready: Ready) {
        lock(&self.waiting).push(ready);
        let state = self.lock();
        let done = self.is_closed() || (state.listed && state.unsigned_count() == 0);
        let listed = state.listed;
        drop(state);
        if done && !self.signing.load(Ordering::Acquire) {
            self.tell_ready();
        } else if listed {
            self.sign();
        }
    }

    fn tell_ready(&self) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        for ready in waiting {
            ready(self.status());
        }
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
            bytes: state.base.bytes(),
            watched: self.is_watched(),
            build_ms: self.built_ms.load(Ordering::Relaxed),
        }
    }

    fn is_watched(&self) -> bool {
        self.watcher.as_ref().is_some_and(|watcher| watcher.is_complete())
    }

    /// Works in events as they come, so that files are read again soon and the queue does not overflow.
    fn follow(self: &Arc<Self>) {
        let Some(watcher) = self.watcher.clone() else { return };
        let root = Arc::downgrade(self);
        let name = "index-watcher".to_owned();
        let started = thread::Builder::new().name(name).stack_size(256 << 10).spawn(move || {
            let (mut swept, mut used) = (Instant::now(), 0);
            loop {
                let waited = watcher.wait(sweep::INTERVAL, COALESCE);
                let Some(root) = root.upgrade().filter(|_| waited != Waited::Woken) else { return };
                let now_used = root.used.load(Ordering::Relaxed);
                // A tree that nobody searches needs no sweep.
                if swept.elapsed() >= sweep::INTERVAL && now_used != used {
                    root.sweep();
                    (swept, used) = (Instant::now(), now_used);
                }
                let unsigned = {
                    let mut state = root.lock();
                    let caught = state.listed.then(|| root.catch_up(&mut state));
                    matches!(caught, Some(Catch::Current)) && state.unsigned_count() > 0
                };
                if unsigned {
                    root.sign();
                }
            }
        });
        // Without the thread, searches work in the events by themselves.
        drop(started);
    }

    /// Works in what happened up to now.
    fn catch_up(&self, state: &mut State) -> Catch {
        let Some(watcher) = self.watcher.as_ref().filter(|watcher| watcher.is_complete()) else {
            return Catch::Walk(vec![(Vec::new(), state.touches)]);
        };
        watcher.drain(&mut state.heard);
        if state.heard.root_gone {
            return Catch::Lost;
        }
        if std::mem::take(&mut state.heard.lost) || state.inputs.changed() {
            state.heard.touched.clear();
            if state.renew_rules(&self.path).is_err() {
                return Catch::Lost;
            }
            state.rescan(b"");
        } else if state.apply(&self.path, watcher).is_err() {
            return Catch::Lost;
        }
        if state.pending.is_empty() {
            return Catch::Current;
        }
        Catch::Walk(state.pending.iter().map(|(path, touch)| (path.clone(), *touch)).collect())
    }

    /// The answer to a call.
    pub(super) fn answer(self: &Arc<Self>, wanted: Wanted) -> Answer {
        let mut state = self.lock();
        if !state.listed || self.is_closed() {
            return Answer::Unknown;
        }
        match self.catch_up(&mut state) {
            Catch::Current => {
                let files = state.evaluate(&self.path, &wanted);
                let unsigned = state.unsigned_count() > 0;
                drop(state);
                if unsigned {
                    self.sign();
                }
                files.map_or(Answer::Unknown, Answer::Files)
            }
            Catch::Walk(scopes) => {
                let plan = self.plan(&mut state, &scopes);
                let root = Arc::clone(self);
                Answer::Walk(plan, Box::new(move |walked| root.after_walk(&walked, &scopes, &wanted)))
            }
            Catch::Lost => {
                drop(state);
                self.close();
                Answer::Unknown
            }
        }
    }

    fn after_walk(
        self: &Arc<Self>,
        walked: &Walked,
        scopes: &[(Vec<u8>, u64)],
        wanted: &Wanted,
    ) -> Option<Candidates> {
        let mut state = self.lock();
        self.reconcile(&mut state, walked, scopes);
        let watched = self.is_watched();
        // What happened during the walk is not in it.
        if watched && !matches!(self.catch_up(&mut state), Catch::Current) {
            return None;
        }
        let files = state.evaluate(&self.path, wanted);
        let unsigned = state.unsigned_count() > 0;
        drop(state);
        if unsigned {
            self.sign();
        }
        files
    }

    /// Works in what a walk of these directories found.
    pub(super) fn reconcile(&self, state: &mut State, walked: &Walked, scopes: &[(Vec<u8>, u64)]) {
        let found = Found::of(walked);
        self.distrust_if_needed(&found);
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
    fn full_plan(&self) -> WalkPlan {
        let mut state = self.lock();
        let touch = state.touches;
        self.plan(&mut state, &[(Vec::new(), touch)])
    }

    fn plan(&self, state: &mut State, scopes: &[(Vec<u8>, u64)]) -> WalkPlan {
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
            rules: state.rules.clone(),
            with_ignored: true,
            with_stats: true,
            before_read,
        }
    }
}

/// Removes indexes of trees that nobody has searched for a month.
fn forget_old(folder: &Path) {
    const KEPT: Duration = Duration::from_hours(30 * 24);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_index = entry.path().extension().is_some_and(|extension| extension == "index");
        let age =
            entry.metadata().and_then(|data| data.modified()).map(|time| time.elapsed().unwrap_or_default());
        if is_index && age.is_ok_and(|age| age > KEPT) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The scopes that do not lie in another one.
fn outermost(scopes: &[(Vec<u8>, u64)]) -> impl Iterator<Item = &(Vec<u8>, u64)> {
    scopes.iter().filter(|(path, _)| {
        !scopes.iter().any(|(other, _)| other != path && orchestrator_search::paths::is_below(path, other))
    })
}

fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
