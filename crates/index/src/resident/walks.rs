//! Walks that are under way while the tree changes.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::state::State;

/// The paths that were touched since a walk was planned: what the walk found there may be older than what is known.
pub(super) type Touched = Mutex<HashSet<Vec<u8>>>;

impl State {
    /// A walk is planned: what is touched from now on is kept for its end.
    pub(super) fn begin_walk(&mut self) -> Arc<Touched> {
        self.walks.retain(|walk| walk.strong_count() > 0);
        let touched = Arc::default();
        self.walks.push(Arc::downgrade(&touched));
        touched
    }

    /// Keeps a touched path for the walks that are under way.
    pub(super) fn tell_walks(&self, path: &[u8]) {
        for walk in self.walks.iter().filter_map(Weak::upgrade) {
            walk.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_vec());
        }
    }

    /// What a walk found is worked in, and may be older than what was touched meanwhile: that is looked at again.
    pub(super) fn end_walk(&mut self, touched: &Touched) {
        let touched = std::mem::take(&mut *touched.lock().unwrap_or_else(PoisonError::into_inner));
        // The root's own path stands for everything.
        if touched.contains(&b""[..]) {
            return self.rescan(b"");
        }
        for path in touched {
            self.heard.touched.entry(path).or_default().entry = true;
        }
    }
}
