//! Keeping the first matches in path order while files finish in any order.

use std::collections::BTreeMap;

use crate::{Match, Total};

/// What searching one file gave.
#[derive(Default)]
pub(crate) struct FileResult {
    pub(crate) matches: Vec<Match>,
    pub(crate) total: u64,
    pub(crate) is_binary: bool,
}

/// The results so far, holding never more than `max_matches` matches beside those in flight.
pub(crate) struct Tally {
    max_matches: usize,
    count_up_to: Option<u64>,
    /// Kept matches by the file's index in path order.
    kept: BTreeMap<usize, Vec<Match>>,
    kept_count: usize,
    /// Which files are finished; every file before `settled` is.
    finished: Vec<bool>,
    settled: usize,
    total: u64,
    stopped: bool,
    pub(crate) files_searched: usize,
    pub(crate) files_matched: usize,
    pub(crate) skipped_binary: usize,
}

impl Tally {
    pub(crate) fn new(files: usize, max_matches: usize, count_up_to: Option<u64>) -> Self {
        Self {
            max_matches,
            count_up_to,
            kept: BTreeMap::new(),
            kept_count: 0,
            finished: vec![false; files],
            settled: 0,
            total: 0,
            stopped: false,
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
        Some(if beyond_last { 0 } else { self.max_matches })
    }

    /// Enters a file's result.
    pub(crate) fn finish(&mut self, file: usize, result: FileResult) {
        self.files_searched += 1;
        self.files_matched += usize::from(result.total > 0);
        self.skipped_binary += usize::from(result.is_binary);
        self.total += result.total;
        if !result.matches.is_empty() {
            self.kept_count += result.matches.len();
            self.kept.insert(file, result.matches);
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
        // Stopping is safe only when no unfinished file could still push a kept match out.
        let first_are_known =
            self.is_full() && self.kept.last_key_value().is_none_or(|(&last, _)| last < self.settled);
        let counted_enough = self.count_up_to.is_some_and(|enough| self.total >= enough);
        self.stopped = first_are_known && counted_enough && self.settled < self.finished.len();
    }

    /// All matches, in path order.
    pub(crate) fn into_matches(self) -> (Vec<Match>, Total) {
        let total = if self.stopped {
            // The number reached depends on timing; the number asked for does not.
            Total { count: self.count_up_to.unwrap_or(self.total), exact: false }
        } else {
            Total { count: self.total, exact: true }
        };
        (self.kept.into_values().flatten().collect(), total)
    }

    fn is_full(&self) -> bool {
        self.kept_count >= self.max_matches
    }

    fn drop_surplus(&mut self) {
        while self.kept_count > self.max_matches {
            let surplus = self.kept_count - self.max_matches;
            let Some(mut last) = self.kept.last_entry() else { return };
            let in_last = last.get().len();
            if in_last <= surplus {
                last.remove();
                self.kept_count -= in_last;
            } else {
                last.get_mut().truncate(in_last - surplus);
                self.kept_count -= surplus;
            }
        }
    }
}
