//! Building the base anew from the old one and all that lies over it.

use std::collections::HashSet;

use orchestrator_search::paths::{PathKey, compare};

use super::base::{Base, Draft, Limits};
use super::reconcile::UNKNOWN;
use super::root::Root;
use super::state::{Added, State, number};
use crate::filter::Bitmap;
use crate::saved::{SavedEntry, SavedIndex};

/// What is known of the files, taken out of the state so that searches can go on.
struct Snapshot {
    base: std::sync::Arc<Base>,
    gone: Bitmap,
    stale: Bitmap,
    patches: std::collections::HashMap<u32, super::state::Signed>,
    added: std::collections::BTreeMap<PathKey, Added>,
}

impl Root {
    /// Builds the base anew while searches go on.
    pub(super) fn pack(&self, limits: Limits) {
        let snapshot = {
            let mut state = self.lock();
            state.journal = Some(HashSet::new());
            Snapshot {
                base: std::sync::Arc::clone(&state.base),
                gone: state.gone.clone(),
                stale: state.stale.clone(),
                patches: state.patches.clone(),
                added: state.added.clone(),
            }
        };
        let draft = snapshot.draft();
        drop(snapshot);
        let (base, unread) = draft.into_base(limits);
        let mut state = self.lock();
        state.replace_base(base, unread);
    }

    /// What a later process can begin with.
    pub(super) fn to_save(&self) -> SavedIndex {
        let (base, skip) = {
            let state = self.lock();
            let mut skip = state.gone.clone();
            skip.or(&state.stale);
            skip.or(&state.base.racy);
            (std::sync::Arc::clone(&state.base), skip)
        };
        let rows = base.all_rows().into_iter().enumerate().filter(|&(at, _)| !skip.get(at));
        // A file of several rows has several entries, in their order.
        let entries = rows.flat_map(|(at, rows)| {
            let entry = |signature| SavedEntry {
                path: base.paths.get(at).to_vec(),
                stamp: base.stamps[at],
                signature: Some(signature),
            };
            rows.iter().flat_map(|rows| rows.iter().cloned()).map(entry).collect::<Vec<_>>()
        });
        SavedIndex {
            root: orchestrator_search::paths::path_bytes(self.path()).into_owned(),
            entries: entries.collect(),
        }
    }
}

impl Snapshot {
    fn draft(&self) -> Draft {
        let mut draft = Draft::default();
        let mut added = self.added.iter().peekable();
        let mut all_rows = self.base.all_rows().into_iter();
        for at in 0..self.base.len() {
            let rows = all_rows.next().flatten();
            if self.gone.get(at) {
                continue;
            }
            let path = self.base.paths.get(at);
            while let Some((path, one)) = added.next_if(|(one, _)| compare(&one.0, path).is_lt()) {
                draft.push_added(&path.0, one);
            }
            draft.paths.push(b"", path);
            draft.hidden.push(self.base.hidden.get(at));
            if let Some(signed) = self.patches.get(&number(at)) {
                draft.push_signed(signed);
            } else {
                let stale = self.stale.get(at);
                draft.unread.push(stale);
                draft.racy.push(self.base.racy.get(at));
                draft.stamps.push(self.base.stamps[at]);
                draft.rows.push(rows.filter(|_| !stale));
                draft.cut.push(self.base.cut.get(at));
            }
        }
        for (path, one) in added {
            draft.push_added(&path.0, one);
        }
        draft
    }
}

impl Draft {
    fn push_added(&mut self, path: &[u8], added: &Added) {
        self.paths.push(b"", path);
        self.hidden.push(added.hidden);
        if let Some(signed) = &added.signed {
            self.push_signed(signed);
        } else {
            self.unread.push(true);
            self.racy.push(false);
            self.stamps.push(UNKNOWN);
            self.rows.push(None);
            self.cut.push(false);
        }
    }

    fn push_signed(&mut self, signed: &super::state::Signed) {
        self.unread.push(false);
        self.racy.push(signed.racy);
        self.stamps.push(signed.stamp);
        self.rows.push(signed.rows.clone());
        self.cut.push(signed.cut);
    }
}

impl State {
    /// Puts a base in place that was built from what was known when the journal began, and works in what was
    /// touched since.
    fn replace_base(&mut self, base: Base, stale: Bitmap) {
        let journal = self.journal.take().unwrap_or_default();
        let since: Vec<(PathKey, Option<Added>)> =
            journal.into_iter().map(|path| (path.clone(), self.as_added(&path))).collect();
        self.set_base(base, stale);
        for (path, now) in since {
            match now {
                None => self.remove(&path.0),
                Some(now) => {
                    self.upsert(&path.0, now.hidden);
                    if let Some(signed) = now.signed {
                        self.put(&path, signed);
                    }
                }
            }
        }
    }

    /// What is known of a file, wherever it is kept, if anything that lies over the base is.
    fn as_added(&self, path: &PathKey) -> Option<Added> {
        if let Some(added) = self.added.get(path) {
            return Some(added.clone());
        }
        let at = self.in_base(&path.0)?;
        Some(Added { hidden: self.base.hidden.get(at), signed: self.patches.get(&number(at)).cloned() })
    }
}
