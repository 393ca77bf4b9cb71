//! The files of one call, in the order in which it looks at them.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cursor::{Inside, Place, Rank};
use crate::paths::{PathList, absolute, compare};
use crate::rank::looks_generated;
use crate::walk::WalkPlan;
use crate::walked::Walked;
use crate::{FileFailure, FileQuery, GrepQuery, LossyText};

/// What a call wants of its files' contents, for a source that can rule files out.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// Nothing: every selected file counts.
    Any,
    /// A match of this query.
    Grep(&'a GrepQuery),
    /// Of one of these groups, all texts.
    Texts(&'a [Vec<String>]),
}

/// What goes on with a walk's finds; `None`: they cannot be used, walk as if nothing were known.
pub type AfterWalk = Box<dyn FnOnce(Walked) -> Option<Candidates> + Send>;

/// What a source says to a selection.
pub enum Answer {
    /// The files that the query selects and that may have the content: exact as the tree was at some moment after the
    /// question, so that no selected file that has the content is missing.
    Files(Candidates),
    /// A part of the tree has to be walked first.
    Walk(WalkPlan, AfterWalk),
    /// The tree is not known.
    Unknown,
}

/// Knows the files of trees, so that a call need not walk them.
pub trait FileSource: Send + Sync {
    /// The files for a call. `with_times` asks for their times of change.
    fn select(&self, query: &FileQuery, content: Content<'_>, with_times: bool) -> Answer;

    /// Told of a tree that was walked, because it was not known.
    fn walked(&self, root: &Path);
}

/// Knows nothing: every call walks.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoIndex;

impl FileSource for NoIndex {
    fn select(&self, _: &FileQuery, _: Content<'_>, _: bool) -> Answer {
        Answer::Unknown
    }

    fn walked(&self, _: &Path) {}
}

/// Which of the two lists a candidate is in.
const ADDED: u32 = 1 << 31;

/// Files in the order in which a call looks at them.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    root: PathBuf,
    known: Arc<PathList>,
    /// How many bytes of a known path lead to the root.
    prefix: usize,
    added: PathList,
    order: Vec<u32>,
    times: Option<Vec<i64>>,
    /// What could not be read on the way, in path order.
    pub failures: Vec<FileFailure>,
    /// Whether the query selects no file at all, whatever files hold.
    pub none_selected: bool,
    /// Whether the root is a file, which is then the only candidate.
    pub root_is_file: bool,
}

impl Candidates {
    /// No candidates, of which some will be taken from `known` by number. Its paths lead to `root` with their
    /// first `prefix` bytes.
    #[must_use]
    pub fn new(root: PathBuf, known: Arc<PathList>, prefix: usize) -> Self {
        Self { root, known, prefix, ..Self::default() }
    }

    /// Appends the known path with this number.
    pub fn push_known(&mut self, number: u32) {
        self.order.push(number);
    }

    /// Appends a path that is not among the known ones: relative to the root.
    pub fn push_added(&mut self, path: &[u8]) {
        self.order.push(u32::try_from(self.added.len()).unwrap_or(u32::MAX) | ADDED);
        self.added.push(b"", path);
    }

    /// Sets when the candidates were last changed, in nanoseconds since 1970 and in their order.
    pub fn set_times(&mut self, times: Vec<i64>) {
        debug_assert_eq!(times.len(), self.order.len());
        self.times = Some(times);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The path of the candidate at a position: below the root, the file's name if the root is a file.
    #[must_use]
    pub fn path(&self, position: usize) -> &[u8] {
        let number = self.order[position];
        if number & ADDED == 0 {
            &self.known.get(number as usize)[self.prefix..]
        } else {
            self.added.get((number & !ADDED) as usize)
        }
    }

    /// When the candidate at a position was last changed, where that is known.
    #[must_use]
    pub fn time(&self, position: usize) -> Option<i64> {
        self.times.as_ref().map(|times| times[position])
    }

    /// What to open for the candidate at a position.
    #[must_use]
    pub fn open_path(&self, position: usize) -> PathBuf {
        if self.root_is_file { self.root.clone() } else { absolute(&self.root, self.path(position)) }
    }

    /// The path as text.
    #[must_use]
    pub fn text(&self, position: usize) -> LossyText {
        LossyText::from_bytes(self.path(position))
    }

    /// Brings the candidates, of which the times are known, into the order of relevance.
    pub(crate) fn sort_by_relevance(&mut self) {
        let mut keys: Vec<(Rank, usize)> = (0..self.len()).map(|at| (self.rank(at), at)).collect();
        // They are in path order, which a stable sort keeps.
        keys.sort_by_key(|&(rank, _)| rank);
        self.reorder(keys.into_iter().map(|(_, at)| at));
    }

    /// Brings the candidates, of which the times are known, into the order of their change, newest first.
    pub(crate) fn sort_newest_first(&mut self) {
        let mut keys: Vec<(Reverse<i64>, usize)> =
            (0..self.len()).map(|at| (Reverse(self.time(at).unwrap_or(i64::MIN)), at)).collect();
        keys.sort_by_key(|&(time, _)| time);
        self.reorder(keys.into_iter().map(|(_, at)| at));
    }

    fn reorder(&mut self, positions: impl Iterator<Item = usize>) {
        let positions: Vec<usize> = positions.collect();
        self.order = positions.iter().map(|&at| self.order[at]).collect();
        if let Some(times) = &self.times {
            self.times = Some(positions.iter().map(|&at| times[at]).collect());
        }
    }

    /// What relevance ranks the candidate at a position by.
    pub(crate) fn rank(&self, position: usize) -> Rank {
        Rank {
            generated: looks_generated(self.path(position)),
            age: Reverse(self.time(position).unwrap_or(i64::MIN)),
        }
    }

    /// Drops the candidates that come before a place; answers where in the first one that is left matches begin to
    /// count.
    pub(crate) fn continue_behind(&mut self, place: &Place) -> Option<Inside> {
        let position = |at: usize| match place.rank {
            None => compare(self.path(at), &place.path),
            Some(rank) => self.rank(at).cmp(&rank).then_with(|| compare(self.path(at), &place.path)),
        };
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if position(middle).is_lt() { low = middle + 1 } else { high = middle }
        }
        let inside = low < self.len() && self.path(low) == &*place.path;
        if inside && place.inside.is_none() {
            low += 1;
        }
        self.order.drain(..low);
        if let Some(times) = &mut self.times {
            times.drain(..low);
        }
        place.inside.filter(|_| inside)
    }
}
