//! Comparing what is known with what a walk found.

use std::collections::HashSet;
use std::path::Path;

use orchestrator_search::paths::{PathKey, PathList, absolute, joined, split};
use orchestrator_search::{EntryKind, Stamp, Verdict, Walked, is_rules_name};

use super::base::{Base, Draft, Limits, Rows};
use super::state::{Directory, State, below, key};
use super::trust;
use super::watch::Watcher;
use crate::filter::Bitmap;

/// The files of a walk in path order.
#[derive(Default)]
pub(super) struct Found {
    pub(super) paths: PathList,
    hidden: Vec<bool>,
    stats: Vec<Option<(Stamp, u64)>>,
}

impl Found {
    pub(super) fn of(walked: &Walked) -> Self {
        let mut found = Self::default();
        walked.for_each_file(|directory, entry, hidden| {
            found.paths.push(&directory.path, directory.name(entry));
            found.hidden.push(hidden);
            found.stats.push(entry.stat);
        });
        found
    }

    /// Whether all files are on file systems that tell of every change, as far as they are still there: what went since
    /// is heard of, and looked at again.
    pub(super) fn are_heard_of(&self, root: &Path) -> bool {
        let mut known = HashSet::new();
        self.stats.iter().enumerate().all(|(at, stat)| {
            let Some((stamp, _)) = stat.filter(|(stamp, _)| !known.contains(&stamp.device)) else {
                return true;
            };
            let heard = trust::hears_everything(&absolute(root, split(self.paths.get(at)).0));
            if heard == Some(true) {
                known.insert(stamp.device);
            }
            heard != Some(false)
        })
    }

    /// A base of these files, which of them must be read, and which have several names. `saved` gives what is known of
    /// a file from an earlier process.
    pub(super) fn into_base(
        self,
        mut saved: impl FnMut(&[u8], &Stamp) -> Rows,
        limits: Limits,
    ) -> (Base, Bitmap, Vec<PathKey>) {
        let mut draft = Draft { paths: self.paths, hidden: self.hidden, ..Draft::default() };
        let mut shared = Vec::new();
        for (at, stat) in self.stats.into_iter().enumerate() {
            let path = draft.paths.get(at);
            let rows = stat.and_then(|(stamp, _)| saved(path, &stamp));
            let (stamp, links) = stat.unwrap_or((UNKNOWN, 1));
            if links > 1 {
                shared.push(key(path));
            }
            draft.unread.push(rows.is_none());
            draft.rows.push(rows);
            draft.racy.push(false);
            draft.stamps.push(stamp);
        }
        let (base, stale) = draft.into_base(limits);
        (base, stale, shared)
    }

    /// How many bytes the files have.
    pub(super) fn total_bytes(&self) -> u64 {
        self.stats.iter().flatten().map(|(stamp, _)| stamp.size).sum()
    }
}

/// The stamp of a file that went between being found and being looked at.
pub(super) const UNKNOWN: Stamp =
    Stamp { size: 0, mtime_ns: i64::MIN, ctime_ns: i64::MIN, inode: 0, device: 0 };

impl State {
    /// Takes over the directories that a walk found below `scope`, and forgets those that it did not find.
    pub(super) fn take_directories(&mut self, scope: &[u8], walked: &Walked, watcher: Option<&Watcher>) {
        let before: Vec<PathKey> = std::iter::once(key(scope))
            .chain(below(&self.directories, scope).map(|(path, _)| path.clone()))
            .collect();
        self.remove_directories_below(scope);
        let mut ignored = HashSet::new();
        let own_hidden = self.own_hidden(scope);
        for one in walked.directories.iter().filter(|one| is_in(&one.path, scope)) {
            let mut directory =
                Directory { hidden: one.hidden, has_git: one.has_git, ..Directory::default() };
            if &*one.path == scope {
                directory.own_hidden = own_hidden;
            }
            for entry in one.entries.iter().filter(|entry| entry.verdict == Verdict::Ignored) {
                let names = match entry.kind {
                    EntryKind::File => &mut directory.ignored_files,
                    EntryKind::Directory => &mut directory.ignored_directories,
                };
                names.insert(one.name(entry).into());
            }
            self.directories.insert(key(&one.path), directory);
            for entry in &one.entries {
                let Some((stamp, 2..)) = entry.stat else { continue };
                if is_rules_name(one.name(entry)) {
                    self.linked_rules.insert(key(&joined(&one.path, one.name(entry))), stamp);
                }
                if entry.verdict == Verdict::Ignored {
                    ignored.extend(stamp.identity());
                }
            }
        }
        for one in walked.directories.iter().filter(|one| is_in(&one.path, scope)) {
            let hides = |entry: &&orchestrator_search::WalkedEntry| {
                entry.kind == EntryKind::Directory && entry.verdict == Verdict::Hidden
            };
            for entry in one.entries.iter().filter(hides) {
                if let Some(directory) = self.directories.get_mut(&key(&joined(&one.path, one.name(entry)))) {
                    directory.own_hidden = true;
                }
            }
        }
        self.share_names_of(&ignored);
        self.failures
            .extend(walked.failures.iter().filter(|failure| is_in(failure.path.as_bytes(), scope)).cloned());
        if let Some(watcher) = watcher {
            for path in before {
                if !self.directories.contains_key(&path) {
                    watcher.remove_below(&path.0);
                }
            }
        }
    }

    /// Compares the files known below `scope` with those found there.
    pub(super) fn take_files(&mut self, scope: &[u8], found: &Found) {
        let base = std::sync::Arc::clone(&self.base);
        for at in base.paths.range_below(scope) {
            if !self.gone.get(at) && found.paths.find(base.paths.get(at)).is_none() {
                self.remove(base.paths.get(at));
            }
        }
        let vanished: Vec<PathKey> = below(&self.added, scope)
            .map(|(path, _)| path)
            .filter(|path| found.paths.find(&path.0).is_none())
            .cloned()
            .collect();
        for path in vanished {
            self.remove(&path.0);
        }
        for at in found.paths.range_below(scope) {
            self.take_file(found.paths.get(at), found.hidden[at], found.stats[at]);
        }
    }

    /// Where the system was short of something, the next search tries again: nothing that happens to the tree would
    /// tell.
    pub(super) fn rescan_what_may_be_readable(&mut self, walked: &Walked) {
        for failure in walked.failures.iter().filter(|failure| failure.may_pass()) {
            let path = failure.path.as_bytes();
            let directory = if self.directories.contains_key(&key(path)) { path } else { split(path).0 };
            self.rescan(directory);
        }
    }

    fn take_file(&mut self, path: &[u8], hidden: bool, stat: Option<(Stamp, u64)>) {
        let known = match (self.in_base(path), self.added.get(&key(path))) {
            (Some(at), _) => self.base.hidden.get(at) == hidden,
            (None, Some(added)) => added.hidden == hidden,
            (None, None) => false,
        };
        // A stamp proves nothing of a file that had just changed when it was read.
        let same = known
            && stat.is_some_and(|(stamp, _)| {
                self.signed_stamp(path).is_some_and(|(signed, racy)| signed == stamp && !racy)
            });
        if !same {
            self.upsert(path, hidden);
        }
        match stat {
            Some((stamp, links)) if links > 1 => self.share(&key(path), &stamp),
            _ => drop(self.shared.remove(&key(path))),
        }
    }

    fn own_hidden(&mut self, path: &[u8]) -> bool {
        let (parent, name) = split(path);
        let above = self.directories.get(&key(parent)).is_some_and(|parent| parent.hidden);
        // Below a hidden directory, only the name is left to tell.
        !path.is_empty() && if above { name.starts_with(b".") } else { self.hidden_directory(path) }
    }
}

fn is_in(path: &[u8], scope: &[u8]) -> bool {
    path == scope || orchestrator_search::paths::is_below(path, scope)
}

#[cfg(test)]
mod tests {
    use std::io;

    use orchestrator_search::{FileFailure, standard_rules};

    use super::super::inputs::Inputs;
    use super::*;

    #[test]
    fn a_folder_is_read_again_if_the_system_was_short_of_something() {
        const EMFILE: i32 = 24;
        let folder = tempfile::tempdir().unwrap();
        let mut state = State::new(standard_rules(folder.path()).unwrap(), Inputs::default());
        let error = |kind| io::Error::from(kind);
        for (error, again) in [
            (error(io::ErrorKind::PermissionDenied), false),
            (io::Error::other("a bad rule"), false),
            (error(io::ErrorKind::OutOfMemory), true),
            (io::Error::from_raw_os_error(EMFILE), cfg!(unix)),
        ] {
            let walked = Walked { failures: vec![FileFailure::new(b"", &error)], ..Walked::default() };
            state.pending.clear();
            state.rescan_what_may_be_readable(&walked);
            assert_eq!(state.pending.contains_key(&b""[..]), again, "{error}");
        }
    }
}
