//! What to look for in files.

use crate::FileQuery;

/// The total number of matches kept when a query sets no limit of its own.
pub const DEFAULT_MAX_MATCHES: usize = 1_000;
/// The longest text of a match or context line, in bytes, when a query sets no limit of its own.
pub const DEFAULT_MAX_LINE_BYTES: usize = 2_000;
/// Past this a single line (or, in multi-line mode, a single file) is reported as unreadable instead
/// of being held in memory: the caller is an editor's host, which must not run out of it.
const DEFAULT_HEAP_LIMIT: usize = 512 << 20;

/// What an answer consists of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum GrepMode {
    /// Every match.
    #[default]
    Matches,
    /// The files with their numbers of matches (`rg --count-matches`).
    Counts,
    /// The files that have a match, of which no more is read than the first (`rg -l`).
    Files,
}

/// The order of the files of an answer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FileOrder {
    /// By path, component by component.
    #[default]
    Path,
    /// Files that look generated last, then the last modified first, then by path.
    Relevance,
}

/// How letter case counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CaseMode {
    /// Case must agree.
    #[default]
    Sensitive,
    /// Case does not matter.
    Insensitive,
    /// As `rg -S`: insensitive unless the pattern has an upper-case letter.
    Smart,
}

/// A question about file contents.
///
/// The pattern is a regular expression in the syntax of the `regex` crate, matched line by line
/// unless [`GrepQuery::multiline`] is set.
#[derive(Clone, Debug)]
pub struct GrepQuery {
    pub(crate) pattern: String,
    pub(crate) files: FileQuery,
    pub(crate) case: CaseMode,
    pub(crate) word: bool,
    pub(crate) literal: bool,
    pub(crate) multiline: bool,
    pub(crate) before: usize,
    pub(crate) after: usize,
    pub(crate) max_matches: usize,
    pub(crate) max_per_file: Option<usize>,
    pub(crate) max_line_bytes: usize,
    pub(crate) count_up_to: Option<u64>,
    pub(crate) heap_limit: usize,
    pub(crate) mode: GrepMode,
    pub(crate) order: FileOrder,
    pub(crate) cursor: Option<String>,
}

impl GrepQuery {
    /// Looks for `pattern`, with case, in the selected files.
    #[must_use]
    pub fn new(pattern: impl Into<String>, files: FileQuery) -> Self {
        Self {
            pattern: pattern.into(),
            files,
            case: CaseMode::default(),
            word: false,
            literal: false,
            multiline: false,
            before: 0,
            after: 0,
            max_matches: DEFAULT_MAX_MATCHES,
            max_per_file: None,
            max_line_bytes: DEFAULT_MAX_LINE_BYTES,
            count_up_to: None,
            heap_limit: DEFAULT_HEAP_LIMIT,
            mode: GrepMode::default(),
            order: FileOrder::default(),
            cursor: None,
        }
    }

    /// Sets how letter case counts.
    #[must_use]
    pub fn case(mut self, case: CaseMode) -> Self {
        self.case = case;
        self
    }

    /// Whether a match must begin and end at a word boundary (`rg -w`).
    #[must_use]
    pub fn word(mut self, yes: bool) -> Self {
        self.word = yes;
        self
    }

    /// Whether the pattern is plain text rather than a regular expression (`rg -F`).
    #[must_use]
    pub fn literal(mut self, yes: bool) -> Self {
        self.literal = yes;
        self
    }

    /// Whether a match may span lines (`rg -U`). Each file is then held in memory as a whole.
    #[must_use]
    pub fn multiline(mut self, yes: bool) -> Self {
        self.multiline = yes;
        self
    }

    /// How many lines to give before and after each match.
    #[must_use]
    pub fn context(mut self, before: usize, after: usize) -> Self {
        (self.before, self.after) = (before, after);
        self
    }

    /// Sets what the answer consists of.
    #[must_use]
    pub fn mode(mut self, mode: GrepMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets the order of the files.
    #[must_use]
    pub fn order(mut self, order: FileOrder) -> Self {
        self.order = order;
        self
    }

    /// Continues behind the page that ended with this [`GrepOutcome::cursor`](crate::GrepOutcome::cursor).
    #[must_use]
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// Keeps at most this many matches, or files where the mode is about files: the first ones in the
    /// order asked for. The others are counted.
    #[must_use]
    pub fn max_matches(mut self, max: usize) -> Self {
        self.max_matches = max;
        self
    }

    /// Keeps at most this many matches (not lines, as `rg -m` does) of each file; the others are counted.
    #[must_use]
    pub fn max_per_file(mut self, max: usize) -> Self {
        self.max_per_file = Some(max);
        self
    }

    /// Clips texts longer than this around the match. Columns stay those of the whole line.
    #[must_use]
    pub fn max_line_bytes(mut self, max: usize) -> Self {
        self.max_line_bytes = max.max(1);
        self
    }

    /// The pattern as it was given.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The files that are searched.
    #[must_use]
    pub fn files(&self) -> &FileQuery {
        &self.files
    }

    /// Whether the pattern is plain text.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.literal
    }

    /// Whether letters of both cases may match.
    #[must_use]
    pub fn may_ignore_case(&self) -> bool {
        self.case != CaseMode::Sensitive
    }

    /// Whether a match may span lines.
    #[must_use]
    pub fn is_multiline(&self) -> bool {
        self.multiline
    }

    /// Stops once all kept matches are settled and `count` matches were counted: the total is then
    /// "at least". Without it every file is read and the total is exact.
    #[must_use]
    pub fn count_up_to(mut self, count: u64) -> Self {
        self.count_up_to = Some(count);
        self
    }

    /// The memory that one file's search may take per thread; a file that needs more is a failure.
    /// Default: 512 MiB.
    #[must_use]
    pub fn heap_limit(mut self, bytes: usize) -> Self {
        self.heap_limit = bytes;
        self
    }
}
