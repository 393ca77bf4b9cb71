//! What is done for a root while nobody waits for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_scheduler::executor::Priority;
use orchestrator_search::submit;

use super::answer::Catch;
use super::build::Build;
use super::root::{Ready, Root, lock};
use super::signing::Signing;
use super::sweep;
use super::watch::Waited;

/// Events that come in such a time are worked in together.
const COALESCE: Duration = Duration::from_millis(50);

impl Root {
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
        let (pack, limits) = {
            let state = self.lock();
            let tree = state.base.stamps.iter().map(|stamp| stamp.size).sum();
            let limits = self.limits(tree, state.directory_bytes());
            (ok && state.wants_packing() && !self.is_closed(), limits)
        };
        if !pack {
            return self.settled(ok);
        }
        let root = Arc::clone(self);
        let name = "index-packer".to_owned();
        // One long piece of work, for which no worker of the executor should be away from the searches.
        let started = thread::Builder::new().name(name).spawn(move || {
            root.pack(limits);
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

    pub(super) fn tell_ready(&self) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        for ready in waiting {
            ready(self.status());
        }
    }

    /// Works in events as they come, so that files are read again soon and the queue does not overflow.
    pub(super) fn follow(self: &Arc<Self>) {
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

fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
}
