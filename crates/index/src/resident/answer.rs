//! Catching up with the tree, and answering calls.

use std::path::Path;
use std::sync::Arc;

use orchestrator_search::{Answer, Candidates, Stamp, Walked};

use super::evaluate::Wanted;
use super::root::Root;
use super::state::State;
use super::walks::Touched;
use super::watch::Heard;

/// What a call has to do before it can be answered.
pub(super) enum Catch {
    /// Everything is worked in.
    Current,
    /// These directories have to be walked; each with the number of its last touch.
    Walk(Vec<(Vec<u8>, u64)>),
    /// Nothing can be said.
    Lost,
}

impl Root {
    /// Works in what happened up to now.
    pub(super) fn catch_up(&self, state: &mut State) -> Catch {
        let Some(watcher) = self.watcher.as_ref().filter(|watcher| watcher.is_complete()) else {
            // Of no more use than what is not heard any more.
            state.heard = Heard::default();
            if state.inputs.changed() && state.renew_rules(self.path()).is_err() {
                return Catch::Lost;
            }
            return Catch::Walk(vec![(Vec::new(), state.touches)]);
        };
        watcher.drain(&mut state.heard);
        state.check_linked_rules(self.path());
        if state.heard.root_gone {
            return Catch::Lost;
        }
        let worked_in = if std::mem::take(&mut state.heard.lost) || state.inputs.changed() {
            state.heard.touched.clear();
            // What the walks under way have listed may be older than this.
            state.tell_walks(b"");
            state.rescan(b"");
            state.renew_rules(self.path())
        } else {
            state.apply(self.path(), watcher)
        };
        if worked_in.is_err() {
            state.heard.lost = true;
            return Catch::Lost;
        }
        if state.pending.is_empty() {
            return Catch::Current;
        }
        Catch::Walk(state.pending.iter().map(|(path, touch)| (path.clone(), *touch)).collect())
    }

    /// The answer to a call.
    pub(super) fn answer(self: &Arc<Self>, wanted: Wanted) -> Answer {
        // A folder above it that is renamed says nothing here.
        if identity(self.path()) != self.identity {
            self.close();
            return Answer::Unknown;
        }
        let mut state = self.lock();
        if !state.listed || self.is_closed() {
            return Answer::Unknown;
        }
        let watched = self.is_watched();
        match self.catch_up(&mut state) {
            Catch::Current => {
                let files = state.evaluate(self.path(), &wanted);
                let unsigned = state.unsigned_count() > 0;
                drop(state);
                if unsigned {
                    self.sign();
                }
                files.map_or(Answer::Unknown, Answer::Files)
            }
            Catch::Walk(scopes) => {
                let plan = self.plan(&mut state, &scopes);
                let touched = state.begin_walk();
                let root = Arc::clone(self);
                Answer::Walk(
                    plan,
                    Box::new(move |walked| root.after_walk(&walked, &scopes, &wanted, &touched, watched)),
                )
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
        touched: &Touched,
        watched: bool,
    ) -> Option<Candidates> {
        let mut state = self.lock();
        self.reconcile(&mut state, walked, scopes);
        state.end_walk(touched);
        // What happened during the walk is not in it. Nor is what was known beside it, if changes were heard of when it
        // began and are not any more: other walks may have ended since that are older.
        if watched && !matches!(self.catch_up(&mut state), Catch::Current) {
            return None;
        }
        let files = state.evaluate(self.path(), wanted);
        let unsigned = state.unsigned_count() > 0;
        drop(state);
        if unsigned {
            self.sign();
        }
        files
    }

    /// Works in what happened up to now, if anything did.
    pub(super) fn listen(&self, state: &mut State) {
        if let Some(watcher) = self.watcher.as_ref().filter(|watcher| watcher.is_complete()) {
            watcher.drain(&mut state.heard);
            if state.heard.is_anything() {
                // What is left to be walked is compared by its stamps then.
                let _ = self.catch_up(state);
            }
        }
    }
}

/// Which directory has this path now.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    path.symlink_metadata().ok().and_then(|data| Stamp::of(&data).identity())
}
