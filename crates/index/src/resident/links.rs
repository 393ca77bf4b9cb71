//! Files with several names: a write through one of them is heard of only there.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use orchestrator_search::Stamp;
use orchestrator_search::paths::{PathKey, absolute};

use super::state::{State, key};

impl State {
    /// A file has several names: those that are known are compared by their stamps from now on, since a write
    /// through one is not heard of at the others.
    pub(super) fn share(&mut self, path: &PathKey, stamp: &Stamp) {
        if self.shared.insert(path.clone()) {
            self.share_names_of(&stamp.identity().into_iter().collect());
        }
    }

    /// As [`State::share`], where the names that were seen are themselves of no account.
    pub(super) fn share_names_of(&mut self, files: &HashSet<(u64, u64)>) {
        if files.is_empty() {
            return;
        }
        let same = |other: &Stamp| other.identity().is_some_and(|identity| files.contains(&identity));
        let base = Arc::clone(&self.base);
        let in_base = base.stamps.iter().enumerate().filter(|(_, other)| same(other));
        self.shared.extend(in_base.map(|(at, _)| key(base.paths.get(at))));
        let over = self.patches.iter().filter(|(_, signed)| same(&signed.stamp));
        self.shared.extend(over.map(|(&at, _)| key(base.paths.get(at as usize))));
        let added =
            self.added.iter().filter(|(_, added)| added.signed.as_ref().is_some_and(|it| same(&it.stamp)));
        self.shared.extend(added.map(|(path, _)| path.clone()));
    }

    /// Files that can be written through a name that is not watched are compared with their stamps.
    pub(super) fn check_shared(&mut self, root: &Path) {
        for path in self.shared.iter().cloned().collect::<Vec<_>>() {
            let now = absolute(root, &path.0).symlink_metadata().ok().map(|data| Stamp::of(&data));
            let certain = self.signed_stamp(&path.0).is_some_and(|(stamp, racy)| !racy && Some(stamp) == now);
            if !certain {
                self.mark_stale(&path.0);
            }
        }
    }

    /// Adds the ignore files to what was heard that were written through a name that is not watched.
    pub(super) fn check_linked_rules(&mut self, root: &Path) {
        let now = |path: &[u8]| absolute(root, path).symlink_metadata().ok().map(|data| Stamp::of(&data));
        for (path, stamp) in &self.linked_rules {
            if now(&path.0) != Some(*stamp) {
                self.heard.touched.entry(path.0.to_vec()).or_default().entry = true;
            }
        }
    }
}
