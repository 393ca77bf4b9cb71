//! Finding files by name.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use orchestrator_scheduler::executor::{Executor, Priority, StepContext};

use crate::candidates::{Candidates, Content, FileSource};
use crate::cursor::{Place, Rank};
use crate::select::{Selected, Selecting};
use crate::walk::lock;
use crate::{Cancel, FileFailure, FileQuery, LossyText, Progress, SearchError, Work, call};

/// The order of globbed files.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum GlobOrder {
    /// Last modified first; files of the same instant by path.
    #[default]
    NewestFirst,
    /// By path, component by component.
    Name,
}

/// A question about file names. The globs are the includes of its [`FileQuery`].
#[derive(Clone, Debug)]
pub struct GlobQuery {
    files: FileQuery,
    order: GlobOrder,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl GlobQuery {
    /// The files of a selection, newest first, without a limit.
    #[must_use]
    pub fn new(files: FileQuery) -> Self {
        Self { files, order: GlobOrder::default(), limit: None, cursor: None }
    }

    /// Sets the order.
    #[must_use]
    pub fn order(mut self, order: GlobOrder) -> Self {
        self.order = order;
        self
    }

    /// Keeps only the first `limit` files of the order; the outcome counts the others.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Continues behind the page that ended with this [`GlobOutcome::cursor`].
    #[must_use]
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }
}

/// A file that a glob found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GlobbedFile {
    /// The path below the root with forward slashes.
    pub path: LossyText,
    /// When it was last modified; unknown when ordered by name (nobody asked) or when the system could not say.
    pub modified: Option<SystemTime>,
}

/// The answer to a [`GlobQuery`].
#[derive(Clone, Debug, Default)]
pub struct GlobOutcome {
    /// The files in the order that was asked for.
    pub files: Vec<GlobbedFile>,
    /// How many files match in all.
    pub total: usize,
    /// How many of them are neither on this page nor before it.
    pub left_out: usize,
    /// Where the next page begins; `None` on the last one.
    pub cursor: Option<String>,
    /// Directories that could not be read.
    pub failures: Vec<FileFailure>,
}

/// Finds the files that `rg --files -g …` lists, without blocking; `done` gets the answer.
///
/// Errors: those of [`grep`](crate::grep()) but for a pattern.
pub fn glob(
    executor: &Executor,
    source: Arc<dyn FileSource>,
    query: GlobQuery,
    cancel: Cancel,
    done: impl FnOnce(Result<GlobOutcome, SearchError>) + Send + 'static,
) {
    call::submit(executor, Priority::Interactive, Glob::new(query, source, cancel), done);
}

/// The work of a [`glob`].
pub struct Glob {
    query: GlobQuery,
    source: Arc<dyn FileSource>,
    selecting: Selecting,
    outcome: Mutex<Option<GlobOutcome>>,
}

impl Glob {
    /// The work that answers a query.
    #[must_use]
    pub fn new(query: GlobQuery, source: Arc<dyn FileSource>, cancel: Cancel) -> Self {
        let with_times = query.order == GlobOrder::NewestFirst;
        let selecting = Selecting::new(query.files.clone(), with_times, cancel);
        Self { query, source, selecting, outcome: Mutex::default() }
    }

    fn page(&self, mut files: Candidates) -> Result<GlobOutcome, SearchError> {
        let newest_first = self.query.order == GlobOrder::NewestFirst;
        let total = files.len();
        if newest_first {
            files.sort_newest_first();
        }
        let begin = match self.query.cursor.as_deref() {
            Some(cursor) => {
                let place = Place::decode(cursor)?;
                if place.rank.is_some() != newest_first {
                    return Err(SearchError::Cursor { cursor: cursor.to_owned() });
                }
                begin_behind(&files, &place)
            }
            None => 0,
        };
        let end = self.query.limit.map_or(total, |limit| total.min(begin.saturating_add(limit)));
        let kept = (begin..end).map(|at| GlobbedFile {
            path: files.text(at),
            modified: files.time(at).filter(|&time| time != i64::MIN).map(system_time),
        });
        let more = begin < end && end < total;
        Ok(GlobOutcome {
            files: kept.collect(),
            total,
            left_out: total - end,
            cursor: more.then(|| place(&files, end - 1, newest_first).encode()),
            failures: files.failures,
        })
    }
}

fn place(files: &Candidates, at: usize, newest_first: bool) -> Place {
    let age = std::cmp::Reverse(files.time(at).unwrap_or(i64::MIN));
    let rank = newest_first.then_some(Rank { generated: false, age });
    Place { rank, path: files.path(at).to_vec(), inside: None }
}

fn begin_behind(files: &Candidates, behind: &Place) -> usize {
    let is_behind = |at: &usize| {
        let place = place(files, *at, behind.rank.is_some());
        place.rank.cmp(&behind.rank).then_with(|| crate::paths::compare(&place.path, &behind.path)).is_gt()
    };
    (0..files.len()).find(is_behind).unwrap_or(files.len())
}

fn system_time(nanoseconds: i64) -> SystemTime {
    let since = Duration::from_nanos(nanoseconds.unsigned_abs());
    if nanoseconds < 0 { SystemTime::UNIX_EPOCH - since } else { SystemTime::UNIX_EPOCH + since }
}

impl Work for Glob {
    type Output = GlobOutcome;
    type Error = SearchError;

    fn step(&self, context: &StepContext<'_>) -> Result<Progress, SearchError> {
        Ok(match self.selecting.step(&*self.source, Content::Any, context)? {
            Selected::More => Progress::More,
            Selected::Idle => Progress::Idle,
            Selected::Files(files) => {
                *lock(&self.outcome) = Some(self.page(files)?);
                Progress::Complete
            }
        })
    }

    fn output(&self) -> Result<GlobOutcome, SearchError> {
        lock(&self.outcome).take().ok_or(SearchError::Cancelled)
    }
}
