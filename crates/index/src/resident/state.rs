//! What is known of a tree.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, Weak};

use ignore::IncrementalIgnore;
use orchestrator_search::paths::PathKey;
use orchestrator_search::{FileFailure, Stamp};

use super::base::{Base, Draft, Limits, Rows};
use super::inputs::Inputs;
use super::need::Need;
use super::unsigned::Ticket;
use super::walks::Touched;
use super::watch::Heard;
use crate::filter::Bitmap;

/// What reading a file gave.
#[derive(Clone)]
pub(super) struct Signed {
    pub(super) stamp: Stamp,
    /// `None`: it could not be read, and every search tries again.
    pub(super) rows: Rows,
    /// A line is longer than a block.
    pub(super) cut: bool,
    pub(super) racy: bool,
    /// It has several names.
    pub(super) shared: bool,
}

/// A file that the base does not have.
#[derive(Clone)]
pub(super) struct Added {
    pub(super) hidden: bool,
    pub(super) signed: Option<Signed>,
}

impl Added {
    pub(super) fn may_match(&self, need: &Need) -> bool {
        self.signed.as_ref().is_none_or(|signed| need.may_be_in(signed))
    }
}

/// A directory whose entries are known.
#[derive(Clone, Default)]
pub(super) struct Directory {
    /// It, or one that it lies in, is hidden.
    pub(super) hidden: bool,
    /// It is hidden by its own name.
    pub(super) own_hidden: bool,
    pub(super) has_git: bool,
    /// Names that the rules exclude; a glob of a search can take them in again.
    pub(super) ignored_files: BTreeSet<Box<[u8]>>,
    pub(super) ignored_directories: BTreeSet<Box<[u8]>>,
}

/// Everything that is known of one root's tree, and what is not known for certain.
pub(super) struct State {
    pub(super) base: Arc<Base>,
    /// Files of the base that are not there any more.
    pub(super) gone: Bitmap,
    /// Files of the base of which the columns say nothing.
    pub(super) stale: Bitmap,
    /// What was read of stale files since.
    pub(super) patches: HashMap<u32, Signed>,
    pub(super) added: BTreeMap<PathKey, Added>,
    pub(super) directories: BTreeMap<PathKey, Directory>,
    pub(super) failures: Vec<FileFailure>,
    /// The rules as far as they were needed. Those of a folder are kept as they were when it was first met.
    pub(super) rules: IncrementalIgnore,
    /// The same, of which no folder's are read yet.
    pub(super) unread_rules: IncrementalIgnore,
    pub(super) inputs: Inputs,
    /// What was heard and is not worked in.
    pub(super) heard: Heard,
    /// Files with several names, of which not every one is watched.
    pub(super) shared: BTreeSet<PathKey>,
    /// Ignore files with several names.
    pub(super) linked_rules: BTreeMap<PathKey, Stamp>,
    /// Directories whose entries must be compared with what is known, each with the number of its last touch.
    /// The root's empty path stands for everything.
    pub(super) pending: HashMap<Vec<u8>, u64>,
    pub(super) touches: u64,
    /// Files that are being read, each with the ticket of who reads it. One that is touched meanwhile is taken out.
    pub(super) signing: HashMap<PathKey, Ticket>,
    pub(super) last_ticket: Ticket,
    /// While the base is built anew: the files touched since that began.
    pub(super) journal: Option<HashSet<PathKey>>,
    /// Where the next file to read is looked for.
    pub(super) sign_from: usize,
    /// What was touched while walks are under way, for each of them.
    pub(super) walks: Vec<Weak<Touched>>,
    /// The first walk is done.
    pub(super) listed: bool,
}

impl State {
    pub(super) fn new(rules: IncrementalIgnore, inputs: Inputs) -> Self {
        Self {
            base: Arc::new(Draft::default().into_base(Limits::default()).0),
            gone: Bitmap::new(0),
            stale: Bitmap::new(0),
            patches: HashMap::new(),
            added: BTreeMap::new(),
            directories: BTreeMap::new(),
            failures: Vec::new(),
            unread_rules: rules.clone(),
            rules,
            inputs,
            heard: Heard::default(),
            shared: BTreeSet::new(),
            linked_rules: BTreeMap::new(),
            pending: HashMap::new(),
            touches: 0,
            signing: HashMap::new(),
            last_ticket: 0,
            journal: None,
            sign_from: 0,
            walks: Vec::new(),
            listed: false,
        }
    }

    /// Puts another base in the place of all that was known of files.
    pub(super) fn set_base(&mut self, base: Base, stale: Bitmap) {
        self.gone = Bitmap::new(base.len());
        self.stale = stale;
        self.base = Arc::new(base);
        self.patches.clear();
        self.added.clear();
        self.signing.clear();
        self.sign_from = 0;
    }

    /// How many files there are.
    pub(super) fn file_count(&self) -> usize {
        self.base.len() - self.gone.count() + self.added.len()
    }

    /// The memory of what is known of directories, in bytes.
    pub(super) fn directory_bytes(&self) -> usize {
        self.directories.keys().map(|path| directory_bytes(&path.0)).sum()
    }

    /// The number of a file of the base that is still there.
    pub(super) fn in_base(&self, path: &[u8]) -> Option<usize> {
        self.base.paths.find(path).filter(|&at| !self.gone.get(at))
    }

    /// Whether a file of the base may match, by what was last read of it.
    pub(super) fn stale_may_match(&self, at: usize, need: &Need) -> bool {
        self.patches.get(&number(at)).is_none_or(|signed| need.may_be_in(signed))
    }

    /// What was last read of a file, if it is certain.
    pub(super) fn signed_stamp(&self, path: &[u8]) -> Option<(Stamp, bool)> {
        if let Some(at) = self.in_base(path) {
            if self.stale.get(at) {
                return self.patches.get(&number(at)).map(|signed| (signed.stamp, signed.racy));
            }
            return Some((self.base.stamps[at], self.base.racy.get(at)));
        }
        let signed = self.added.get(&key(path))?.signed.as_ref()?;
        Some((signed.stamp, signed.racy))
    }

    /// A file is there, and nothing is known of its content.
    pub(super) fn upsert(&mut self, path: &[u8], hidden: bool) {
        self.note(path);
        match self.base.paths.find(path) {
            Some(at) if self.base.hidden.get(at) == hidden => {
                self.gone.clear(at);
                self.stale.set(at);
                self.patches.remove(&number(at));
                self.added.remove(&key(path));
                return;
            }
            Some(at) => self.drop_from_base(at),
            None => {}
        }
        self.added.insert(key(path), Added { hidden, signed: None });
    }

    /// The content of a file may have changed. `false`: there is no such file.
    pub(super) fn mark_stale(&mut self, path: &[u8]) -> bool {
        if let Some(at) = self.in_base(path) {
            self.stale.set(at);
            self.patches.remove(&number(at));
        } else if let Some(added) = self.added.get_mut(&key(path)) {
            added.signed = None;
        } else {
            return false;
        }
        self.note(path);
        true
    }

    /// There is no such file any more.
    pub(super) fn remove(&mut self, path: &[u8]) {
        let in_base = self.in_base(path);
        if in_base.is_none() && !self.added.contains_key(&key(path)) {
            return;
        }
        self.note(path);
        if let Some(at) = in_base {
            self.drop_from_base(at);
        }
        self.added.remove(&key(path));
        self.shared.remove(&key(path));
    }

    /// Nothing is left of a directory and all below it.
    pub(super) fn remove_below(&mut self, directory: &[u8]) {
        let base = Arc::clone(&self.base);
        for at in base.paths.range_below(directory) {
            if !self.gone.get(at) {
                self.remove(base.paths.get(at));
            }
        }
        for path in below(&self.added, directory).map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            self.remove(&path.0);
        }
        self.remove_directories_below(directory);
    }

    /// Forgets a directory and those below it, and what could not be read in them; their files stay.
    pub(super) fn remove_directories_below(&mut self, directory: &[u8]) {
        for path in below(&self.directories, directory).map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            self.directories.remove(&path);
        }
        self.directories.remove(&key(directory));
        self.linked_rules.retain(|path, _| !orchestrator_search::paths::is_below(&path.0, directory));
        self.failures.retain(|failure| {
            let path = failure.path.as_bytes();
            path != directory && !orchestrator_search::paths::is_below(path, directory)
        });
    }

    /// The entries of a directory must be looked at again.
    pub(super) fn rescan(&mut self, directory: &[u8]) {
        self.touches += 1;
        self.pending.insert(directory.to_vec(), self.touches);
    }

    fn drop_from_base(&mut self, at: usize) {
        self.gone.set(at);
        self.stale.clear(at);
        self.patches.remove(&number(at));
    }

    /// A file was touched: what is being read of it does not count.
    fn note(&mut self, path: &[u8]) {
        if !self.signing.is_empty() {
            self.signing.remove(&key(path));
        }
        if let Some(journal) = &mut self.journal {
            journal.insert(key(path));
        }
    }
}

/// About the memory that a directory takes, in bytes: its path, what is known of it, and its place in the map.
pub(super) fn directory_bytes(path: &[u8]) -> usize {
    const PLACE: usize = 32;
    path.len() + size_of::<PathKey>() + size_of::<Directory>() + PLACE
}

/// The key of a path.
pub(super) fn key(path: &[u8]) -> PathKey {
    PathKey(path.into())
}

/// Files are numbered in 32 bits; the registry takes no tree that has more.
pub(super) fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The entries below a directory, in path order.
pub(super) fn below<'a, T>(
    map: &'a BTreeMap<PathKey, T>,
    directory: &'a [u8],
) -> impl Iterator<Item = (&'a PathKey, &'a T)> {
    let mut from = directory.to_vec();
    if !from.is_empty() {
        from.push(b'/');
    }
    // `/` sorts first: everything below comes right behind.
    // The root's own empty path is not below it.
    map.range((Bound::Excluded(PathKey(from.clone().into())), Bound::Unbounded))
        .take_while(move |(path, _)| path.0.starts_with(&from))
}
