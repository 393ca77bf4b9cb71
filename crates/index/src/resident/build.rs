//! The first walk of a tree.

use std::collections::HashMap;
use std::sync::Arc;

use orchestrator_scheduler::executor::StepContext;
use orchestrator_search::{Cancel, Progress, SearchError, Stamp, Walk, WalkPlan, Work};

use super::base::list_bytes;
use super::reconcile::Found;
use super::root::Root;
use super::state::directory_bytes;
use crate::filter::Signature;

/// The work of listing a tree.
pub(super) struct Build {
    root: Arc<Root>,
    cancel: Cancel,
    walk: Walk,
}

impl Build {
    pub(super) fn new(root: Arc<Root>, plan: WalkPlan) -> Self {
        let cancel = Cancel::new();
        Self { root, walk: Walk::new(plan, cancel.clone()), cancel }
    }
}

impl Work for Build {
    type Output = ();
    type Error = SearchError;

    fn step(&self, context: &StepContext<'_>) -> Result<Progress, SearchError> {
        if self.root.is_closed() {
            self.cancel.cancel();
        }
        self.cancel.check()?;
        let progress = self.walk.step(context);
        if progress == Progress::Complete {
            self.root.list(&self.walk.take())?;
        }
        Ok(progress)
    }

    fn output(&self) -> Result<(), SearchError> {
        self.cancel.check()
    }
}

impl Root {
    /// Takes over the first walk, and what an earlier process has saved.
    fn list(&self, walked: &orchestrator_search::Walked) -> Result<(), SearchError> {
        let found = Found::of(walked);
        let directories = walked.directories.iter().map(|one| directory_bytes(&one.path)).sum();
        let limits = self.limits(found.total_bytes(), directories);
        if found.paths.len() > self.max_files() || list_bytes(&found.paths) > limits.whole {
            self.refuse();
            return Err(SearchError::Closed);
        }
        self.distrust_if_needed(&found);
        let mut saved = self.load();
        let as_saved = |path: &[u8], stamp: &Stamp| {
            let (known, rows) = saved.remove(path)?;
            (known == *stamp).then(|| rows.into())
        };
        let (base, unread, shared) = found.into_base(as_saved, limits);
        let mut state = self.lock();
        state.set_base(base, unread);
        state.shared = shared.into_iter().collect();
        state.take_directories(b"", walked, None);
        // Repositories below the root are known only now, and with them where more rules are: whether those changed
        // since the walk began cannot be told.
        let nested = walked.directories.iter().any(|one| one.has_git && !one.path.is_empty());
        let uncertain = nested || state.inputs.changed();
        state.rescan_what_may_be_readable(walked);
        state.renew_rules(self.path())?;
        if uncertain {
            state.rescan(b"");
        }
        state.listed = true;
        Ok(())
    }

    fn load(&self) -> HashMap<Vec<u8>, (Stamp, Vec<Signature>)> {
        let mut files: HashMap<Vec<u8>, (Stamp, Vec<Signature>)> = HashMap::new();
        let Some(file) = self.cache_file() else { return files };
        let Ok(saved) = crate::saved::load(&file) else { return files };
        if saved.root != *orchestrator_search::paths::path_bytes(self.path()) {
            return files;
        }
        for entry in saved.entries {
            let Some(signature) = entry.signature else { continue };
            files.entry(entry.path).or_insert_with(|| (entry.stamp, Vec::new())).1.push(signature);
        }
        files
    }
}
