//! Answering a call from what is known.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::overrides::Override;
use orchestrator_search::paths::{absolute, compare, is_below, joined, os_path, split};
use orchestrator_search::{
    Candidates, Content, FileFailure, FileQuery, GlobBounds, LossyText, SearchError, Stamp,
};

use super::need::Need;
use super::state::{State, below, key, number};
use crate::filter::Bitmap;

/// A call, worked out once.
pub(super) struct Wanted {
    /// The root as the caller names it.
    query_root: PathBuf,
    /// The same, relative to the index's root.
    sub: Vec<u8>,
    globs: Override,
    bounds: GlobBounds,
    hidden: bool,
    with_times: bool,
    need: Need,
}

impl Wanted {
    /// Errors: `ERR_PATTERN` for a glob.
    pub(super) fn new(
        query: &FileQuery,
        sub: Vec<u8>,
        content: Content<'_>,
        with_times: bool,
    ) -> Result<Self, SearchError> {
        Ok(Self {
            query_root: query.root().to_path_buf(),
            sub,
            globs: query.globs()?,
            bounds: query.bounds(),
            hidden: query.sees_hidden(),
            with_times,
            need: Need::of(content),
        })
    }
}

impl State {
    /// The files of a call; `None` if it reaches what is not known.
    pub(super) fn evaluate(&mut self, root: &Path, wanted: &Wanted) -> Option<Candidates> {
        let sub = &*wanted.sub;
        if !sub.is_empty() && self.inputs.are_anchored {
            return None;
        }
        // What is named is searched although it is hidden, and so are its entries: the lists say less.
        if self.directories.get(&key(sub))?.hidden {
            return None;
        }
        self.check_shared(root);
        let taken_in = self.taken_in(wanted)?;
        let hits = self.hits(wanted);
        let prefix = if sub.is_empty() { 0 } else { sub.len() + 1 };
        let base = Arc::clone(&self.base);
        let mut candidates = Candidates::new(wanted.query_root.clone(), Arc::clone(&base.paths), prefix);
        let mut times = Vec::new();
        let mut folders = Folders { state: self, wanted, memo: HashMap::new(), last: None };
        let mut added: Vec<(Vec<u8>, Option<Stamp>)> = below(&self.added, sub)
            .filter(|(_, added)| added.may_match(&wanted.need))
            .filter(|(path, added)| folders.selects(&path.0, added.hidden))
            .map(|(path, added)| (path.0.to_vec(), added.signed.as_ref().map(|signed| signed.stamp)))
            .collect();
        if !taken_in.is_empty() {
            added.extend(taken_in.into_iter().map(|path| (path, None)));
            added.sort_by(|a, b| compare(&a.0, &b.0));
        }
        let mut added = added.into_iter().peekable();
        let push_added = |candidates: &mut Candidates, times: &mut Vec<i64>, path: &[u8], stamp| {
            candidates.push_added(&path[prefix..]);
            if wanted.with_times {
                times.push(time(root, path, stamp));
            }
        };
        for at in hits.iter_ones() {
            let path = base.paths.get(at);
            if !wanted.globs.is_empty() && !folders.selects(path, base.hidden.get(at)) {
                continue;
            }
            while let Some((path, stamp)) = added.next_if(|(one, _)| compare(one, path).is_lt()) {
                push_added(&mut candidates, &mut times, &path, stamp);
            }
            candidates.push_known(number(at));
            if wanted.with_times {
                let stamp = if self.stale.get(at) {
                    self.patches.get(&number(at)).map(|signed| signed.stamp)
                } else {
                    Some(base.stamps[at])
                };
                times.push(time(root, path, stamp));
            }
        }
        for (path, stamp) in added {
            push_added(&mut candidates, &mut times, &path, stamp);
        }
        if wanted.with_times {
            candidates.set_times(times);
        }
        candidates.none_selected =
            candidates.is_empty() && (matches!(wanted.need, Need::Anything) || !self.selects_any(wanted));
        candidates.failures = self.failures_below(root, sub, prefix);
        Some(candidates)
    }

    /// The files of the base that may match, as far as globs do not matter.
    fn hits(&self, wanted: &Wanted) -> Bitmap {
        let count = self.base.len();
        let mut hits = wanted.need.candidates(&self.base);
        if !matches!(wanted.need, Need::Anything) {
            for at in self.stale.iter_ones() {
                if self.stale_may_match(at, &wanted.need) { hits.set(at) } else { hits.clear(at) }
            }
        }
        hits.and_not(&self.gone);
        if !wanted.hidden && wanted.globs.num_whitelists() == 0 {
            hits.and_not(&self.base.hidden);
        }
        let range = self.base.paths.range_below(&wanted.sub);
        hits.clear_range(0..range.start);
        hits.clear_range(range.end..count);
        let folders = wanted.bounds.folders();
        if !folders.is_empty() {
            let mut within = Bitmap::new(count);
            for folder in folders {
                self.base.paths.range_below(&joined(&wanted.sub, folder)).for_each(|at| within.set(at));
            }
            hits.and(&within);
        }
        hits
    }

    /// Whether any file is selected, whatever it holds.
    fn selects_any(&self, wanted: &Wanted) -> bool {
        let mut folders = Folders { state: self, wanted, memo: HashMap::new(), last: None };
        let base = &self.base;
        below(&self.added, &wanted.sub).any(|(path, added)| folders.selects(&path.0, added.hidden))
            || base
                .paths
                .range_below(&wanted.sub)
                .any(|at| !self.gone.get(at) && folders.selects(base.paths.get(at), base.hidden.get(at)))
    }

    /// Ignored files that the globs take in again; `None` if they take in a directory, of which nothing is known.
    fn taken_in(&self, wanted: &Wanted) -> Option<Vec<Vec<u8>>> {
        let mut taken = Vec::new();
        if wanted.globs.num_whitelists() == 0 {
            return Some(taken);
        }
        let mut folders = Folders { state: self, wanted, memo: HashMap::new(), last: None };
        let own = self.directories.get_key_value(&key(&wanted.sub));
        for (path, directory) in own.into_iter().chain(below(&self.directories, &wanted.sub)) {
            if (directory.ignored_files.is_empty() && directory.ignored_directories.is_empty())
                || !folders.descends(&path.0)
            {
                continue;
            }
            for name in &directory.ignored_directories {
                if folders.matched(&joined(&path.0, name), true).is_whitelist() {
                    return None;
                }
            }
            for name in &directory.ignored_files {
                let file = joined(&path.0, name);
                if folders.matched(&file, false).is_whitelist() {
                    taken.push(file);
                }
            }
        }
        Some(taken)
    }

    /// What could not be read: below the folder that is searched, and ignore files above it.
    fn failures_below(&self, root: &Path, sub: &[u8], prefix: usize) -> Vec<FileFailure> {
        let reported = |one: &FileFailure| {
            let path = one.path.as_bytes();
            let path = if path == sub || is_below(path, sub) {
                LossyText::from_bytes(path.get(prefix..).unwrap_or_default())
            } else if is_below(sub, split(path).0) {
                LossyText::from_path(&absolute(root, path))
            } else {
                return None;
            };
            Some(FileFailure { path, ..one.clone() })
        };
        self.failures.iter().filter_map(reported).collect()
    }
}

/// When a file was last changed, in nanoseconds since 1970.
fn time(root: &Path, path: &[u8], stamp: Option<Stamp>) -> i64 {
    match stamp {
        Some(stamp) => stamp.mtime_ns,
        None => absolute(root, path).symlink_metadata().map_or(i64::MIN, |data| Stamp::of(&data).mtime_ns),
    }
}

/// What globs say of files and of the directories on the way to them, as in a walk.
struct Folders<'a> {
    state: &'a State,
    wanted: &'a Wanted,
    memo: HashMap<Vec<u8>, bool>,
    /// Files come in path order: the last directory is mostly the next one too.
    last: Option<(Vec<u8>, bool)>,
}

impl Folders<'_> {
    /// Whether a walk from the query's root comes to this file and takes it.
    fn selects(&mut self, path: &[u8], hidden: bool) -> bool {
        let globs = &self.wanted.globs;
        if globs.is_empty() {
            return self.wanted.hidden || !hidden;
        }
        if !self.wanted.bounds.hold(path) || self.matched(path, false).is_ignore() {
            return false;
        }
        // Without a glob that takes files in, nothing is taken out of hiding.
        if globs.num_whitelists() == 0 && hidden && !self.wanted.hidden {
            return false;
        }
        self.descends(split(path).0)
    }

    /// Whether a walk from the query's root comes to this directory.
    fn descends(&mut self, directory: &[u8]) -> bool {
        if directory == &*self.wanted.sub {
            return true;
        }
        if let Some((last, descends)) = &self.last
            && last == directory
        {
            return *descends;
        }
        let descends = if let Some(&known) = self.memo.get(directory) {
            known
        } else {
            let descends = self.descends(split(directory).0) && self.enters(directory);
            self.memo.insert(directory.to_vec(), descends);
            descends
        };
        self.last = Some((directory.to_vec(), descends));
        descends
    }

    /// Whether a walk that comes to the folder above enters this one.
    fn enters(&self, directory: &[u8]) -> bool {
        let matched = self.matched(directory, true);
        let own_hidden = || self.state.directories.get(&key(directory)).is_some_and(|one| one.own_hidden);
        !matched.is_ignore() && (matched.is_whitelist() || self.wanted.hidden || !own_hidden())
    }

    fn matched(&self, path: &[u8], is_directory: bool) -> ignore::Match<()> {
        let sub = &self.wanted.sub;
        let relative = if sub.is_empty() { path } else { &path[sub.len() + 1..] };
        self.wanted.globs.matched(os_path(relative), is_directory).map(|_| ())
    }
}
