//! Keeping the first results in order while files finish in any order.

use std::collections::BTreeMap;

use crate::{GrepMode, Match, Total};

/// What searching one file gave.
#[derive(Default)]
pub(crate) struct FileResult {
    pub(crate) matches: Vec<Match>,
    pub(crate) total: u64,
    pub(crate) is_binary: bool,
    /// How far the offsets of the matches are from those that the searcher counts.
    pub(crate) shift: u64,
    /// Whether the rest of the file was not even counted.
    pub(crate) cut_short: bool,
    /// Whether it has as many matches as are wanted of one file.
    pub(crate) capped: bool,
}

/// The results so far, holding never more than the limit beside those in flight.
pub(crate) struct Tally {
    mode: GrepMode,
    limit: usize,
    count_up_to: Option<u64>,
    /// Kept results by the file's position.
    kept: BTreeMap<usize, FileResult>,
    kept_count: usize,
    /// Which files are finished; every file before `settled` is.
    finished: Vec<bool>,
    settled: usize,
    total: u64,
    stopped: bool,
    cut_short: bool,
    dropped: bool,
    pub(crate) files_searched: usize,
    pub(crate) files_matched: usize,
    pub(crate) skipped_binary: usize,
}

/// What is left when all files are done.
pub(crate) struct Settled {
    /// The kept results by the file's position.
    pub(crate) kept: BTreeMap<usize, FileResult>,
    pub(crate) total: Total,
    /// Whether there is, or may be, more behind what was kept.
    pub(crate) more: bool,
}

impl Tally {
    pub(crate) fn new(mode: GrepMode, files: usize, limit: usize, count_up_to: Option<u64>) -> Self {
        Self {
            mode,
            limit,
            count_up_to,
            kept: BTreeMap::new(),
            kept_count: 0,
            finished: vec![false; files],
            settled: 0,
            total: 0,
            stopped: false,
            cut_short: false,
            dropped: false,
            files_searched: 0,
            files_matched: 0,
            skipped_binary: 0,
        }
    }

    /// How many matches of this file may still be among the first ones; `None` when no more files
    /// need to be searched at all.
    pub(crate) fn wanted(&self, file: usize) -> Option<usize> {
        if self.stopped {
            return None;
        }
        let beyond_last = self.is_full() && self.kept.last_key_value().is_none_or(|(&last, _)| file > last);
        Some(if beyond_last { 0 } else { self.limit })
    }

    /// Enters a file's result.
    pub(crate) fn finish(&mut self, file: usize, result: FileResult) {
        self.files_searched += 1;
        self.files_matched += usize::from(result.total > 0);
        self.skipped_binary += usize::from(result.is_binary);
        self.total += result.total;
        self.cut_short |= result.cut_short;
        // What a cap leaves out of a file is on no later page.
        let left = (result.matches.len() as u64) < result.total && !result.capped;
        self.dropped |= self.mode == GrepMode::Matches && left;
        let units = self.units(&result);
        if units > 0 {
            self.kept_count += units;
            self.kept.insert(file, result);
            self.drop_surplus();
        }
        self.settle(file);
    }

    /// Enters a file that could not be read.
    pub(crate) fn settle(&mut self, file: usize) {
        self.finished[file] = true;
        while self.finished.get(self.settled) == Some(&true) {
            self.settled += 1;
        }
        // Stopping is safe only when no unfinished file could still push a kept result out.
        let first_are_known =
            self.is_full() && self.kept.last_key_value().is_none_or(|(&last, _)| last < self.settled);
        let counted_enough = self.count_up_to.is_some_and(|enough| self.total >= enough);
        self.stopped = first_are_known && counted_enough && self.settled < self.finished.len();
    }

    pub(crate) fn settled(self) -> Settled {
        let exact = !self.stopped && !self.cut_short;
        let count = match self.count_up_to {
            // The number reached depends on timing; the number asked for does not.
            Some(asked) if !exact => asked.max(self.kept_count as u64).min(self.total),
            _ => self.total,
        };
        Settled { more: self.dropped || !exact, total: Total { count, exact }, kept: self.kept }
    }

    /// How much of the limit a result takes up.
    fn units(&self, result: &FileResult) -> usize {
        if self.mode == GrepMode::Matches { result.matches.len() } else { usize::from(result.total > 0) }
    }

    fn is_full(&self) -> bool {
        self.kept_count >= self.limit
    }

    fn drop_surplus(&mut self) {
        while self.kept_count > self.limit {
            let surplus = self.kept_count - self.limit;
            self.dropped = true;
            let Some(last) = self.kept.last_entry() else { return };
            let in_last = if self.mode == GrepMode::Matches { last.get().matches.len() } else { 1 };
            if in_last <= surplus {
                last.remove();
                self.kept_count -= in_last;
            } else {
                let last = last.into_mut();
                last.matches.truncate(in_last - surplus);
                last.capped = false;
                self.kept_count -= surplus;
            }
        }
    }
}
