//! The answer to a grep.

use std::sync::Arc;

use crate::{FileFailure, LossyText};

/// One match. A line with three matches gives three of these.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Match {
    /// The path below the root with forward slashes; the file's name when the root is a file.
    pub path: Arc<LossyText>,
    /// The line where the match starts, from 1.
    pub line: u64,
    /// The line where it ends; a line break at its end belongs to the line that it ends.
    pub end_line: u64,
    /// The byte (not the character) of that line where the match starts, from 1.
    pub column: u64,
    /// The offset in the file of the match's first byte.
    pub byte_start: u64,
    /// The offset in the file just past the match's last byte.
    pub byte_end: u64,
    /// Whether the file is UTF-16, so that columns and offsets count bytes of its UTF-8 form.
    pub transcoded: bool,
    /// Every line that the match touches, joined as in the file, without the last line's end.
    pub text: LossyText,
    /// The byte column at which `text` begins, from 1; more than 1 only in a clipped text.
    pub text_column: u64,
    /// Whether `text` is only a part of its lines.
    pub clipped: bool,
    /// The lines before, nearest last. They may hold matches of their own.
    pub before: Vec<ContextLine>,
    /// The lines after, nearest first. They may hold matches of their own.
    pub after: Vec<ContextLine>,
}

/// A line near a match.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ContextLine {
    /// Its number, from 1.
    pub line: u64,
    /// The line without its end.
    pub text: LossyText,
    /// Whether the end of a long line was cut off.
    pub clipped: bool,
}

/// A number of matches.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Total {
    /// The number itself.
    pub count: u64,
    /// Whether there are exactly so many; otherwise there are at least so many.
    pub exact: bool,
}

/// A file with its number of matches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileMatches {
    /// The path below the root with forward slashes.
    pub path: Arc<LossyText>,
    /// How many matches it has; 1 in the mode [`Files`](crate::GrepMode::Files), which looks no further.
    pub count: u64,
}

/// The answer to a [`GrepQuery`](crate::GrepQuery).
#[derive(Clone, Debug, Default)]
pub struct GrepOutcome {
    /// The kept matches, by file in the order asked for, then by position. Empty in the other modes.
    pub matches: Vec<Match>,
    /// The kept files in the modes that are about files.
    pub files: Vec<FileMatches>,
    /// All matches (files in the mode `Files`), kept or not, from the query's cursor on.
    pub total: Total,
    /// Where the next page begins; `None` on the last one.
    pub cursor: Option<String>,
    /// How many files were read. Depends on timing when the total is not exact, and on what an index
    /// could rule out.
    pub files_searched: usize,
    /// Whether the query selects no file at all.
    pub none_selected: bool,
    /// How many of them have a match.
    pub files_matched: usize,
    /// How many of those read were given up as binary at their first NUL byte.
    ///
    /// A file named as the root is not given up: its NULs count as line ends, as in ripgrep.
    pub skipped_binary: usize,
    /// What could not be read, in path order.
    pub failures: Vec<FileFailure>,
}

impl GrepOutcome {
    /// How many matches the limits cut: exactly so many if the total is exact, else at least so many.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.total.count.saturating_sub((self.matches.len() + self.files.len()) as u64)
    }

    /// Whether the limits cut anything, or may have.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.left_out() > 0 || !self.total.exact
    }
}
