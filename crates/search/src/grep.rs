//! Searching file contents.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder};
use memchr::memchr;
use orchestrator_scheduler::executor::{Executor, Priority, StepContext};

use crate::candidates::{Candidates, Content, FileSource};
use crate::cursor::{Inside, Place};
use crate::outcome::FileMatches;
use crate::pattern::CancellableMatcher;
use crate::select::{Selected, Selecting};
use crate::sink::FileSink;
use crate::source::{Encoding, Source};
use crate::tally::{FileResult, Settled, Tally};
use crate::walk::{QUANTUM, lock};
use crate::{
    Cancel, FileFailure, FileOrder, GrepMode, GrepOutcome, GrepQuery, Progress, SearchError, Work, call,
    pattern,
};

/// The bytes of a UTF-8 byte order mark, which the searcher takes off before it counts.
const UTF8_BOM_LEN: u64 = 3;
/// Files up to this size are read whole, into a buffer that the worker keeps; larger ones block by block.
const WHOLE_FILE_BYTES: u64 = 1 << 20;
/// So few files are not worth waking another worker for.
const FILES_FOR_COMPANY: usize = 8;

/// Finds what `rg --json` finds with the same flags, without blocking; `done` gets the answer.
///
/// A file that cannot be read is a failure in the outcome, not an error.
///
/// Errors: `ERR_PATTERN` for the pattern or a glob, `ERR_CURSOR`, `ERR_NOT_FOUND` or `ERR_IO` for the root,
/// `ERR_CANCELLED`, `ERR_BUSY`, `ERR_CLOSED`, `ERR_PANIC`.
pub fn grep(
    executor: &Executor,
    source: Arc<dyn FileSource>,
    query: GrepQuery,
    cancel: Cancel,
    done: impl FnOnce(Result<GrepOutcome, SearchError>) + Send + 'static,
) {
    call::submit(executor, Priority::Interactive, Grep::new(query, source, cancel), done);
}

/// The work of a [`grep`].
pub struct Grep {
    query: GrepQuery,
    source: Arc<dyn FileSource>,
    cancel: Cancel,
    selecting: Selecting,
    compiled: OnceLock<CancellableMatcher>,
    scan: OnceLock<Scan>,
}

impl Grep {
    /// The work that answers a query.
    #[must_use]
    pub fn new(query: GrepQuery, source: Arc<dyn FileSource>, cancel: Cancel) -> Self {
        let with_times = query.order == FileOrder::Relevance;
        let selecting = Selecting::new(query.files.clone(), with_times, cancel.clone());
        Self { query, source, cancel, selecting, compiled: OnceLock::new(), scan: OnceLock::new() }
    }

    /// The files are known: what is left is to read them.
    fn begin_scan(&self, mut files: Candidates) -> Result<Scan, SearchError> {
        let place = self.query.cursor.as_deref().map(Place::decode).transpose()?;
        let by_relevance = self.query.order == FileOrder::Relevance;
        if let (Some(Place { rank, .. }), Some(cursor)) = (&place, &self.query.cursor)
            && rank.is_some() != by_relevance
        {
            return Err(SearchError::Cursor { cursor: cursor.clone() });
        }
        if by_relevance {
            files.sort_by_relevance();
        }
        let behind = place.and_then(|place| files.continue_behind(&place));
        let matcher = match self.compiled.get() {
            Some(matcher) => matcher.clone(),
            None => {
                CancellableMatcher { matcher: pattern::compile(&self.query)?, cancel: self.cancel.clone() }
            }
        };
        let tally = Tally::new(self.query.mode, files.len(), self.query.max_matches, self.query.count_up_to);
        Ok(Scan {
            behind,
            matcher,
            next: AtomicUsize::new(0),
            tally: Mutex::new(tally),
            failures: Mutex::default(),
            workers: Mutex::default(),
            files,
        })
    }
}

impl Work for Grep {
    type Output = GrepOutcome;
    type Error = SearchError;

    fn step(&self, context: &StepContext<'_>) -> Result<Progress, SearchError> {
        if let Some(scan) = self.scan.get() {
            return scan.step(&self.query, &self.cancel, context);
        }
        if self.compiled.get().is_none() {
            let matcher = pattern::compile(&self.query)?;
            let _ = self.compiled.set(CancellableMatcher { matcher, cancel: self.cancel.clone() });
        }
        match self.selecting.step(&*self.source, Content::Grep(&self.query), context)? {
            Selected::More => Ok(Progress::More),
            Selected::Idle => Ok(Progress::Idle),
            Selected::Files(files) => {
                let scan = self.begin_scan(files)?;
                self.scan.get_or_init(|| scan).step(&self.query, &self.cancel, context)
            }
        }
    }

    fn output(&self) -> Result<GrepOutcome, SearchError> {
        self.cancel.check()?;
        self.scan.get().map(|scan| scan.outcome(&self.query)).ok_or(SearchError::Cancelled)
    }
}

/// The reading part of a call: what its workers share.
struct Scan {
    files: Candidates,
    /// Where in the first file an earlier page ended.
    behind: Option<Inside>,
    matcher: CancellableMatcher,
    next: AtomicUsize,
    tally: Mutex<Tally>,
    failures: Mutex<Vec<FileFailure>>,
    /// Idle tools. A worker takes one for a step: matchers have scratch space that is dear to make.
    workers: Mutex<Vec<Tools>>,
}

/// What one worker searches with.
struct Tools {
    matcher: CancellableMatcher,
    searcher: Searcher,
    buffer: Vec<u8>,
}

impl Scan {
    /// Searches files in order, so that the first matches are known early.
    fn step(
        &self,
        query: &GrepQuery,
        cancel: &Cancel,
        context: &StepContext<'_>,
    ) -> Result<Progress, SearchError> {
        let begun = Instant::now();
        let left = self.files.len().saturating_sub(self.next.load(Ordering::Relaxed));
        if left > FILES_FOR_COMPANY {
            context.widen(left.div_ceil(FILES_FOR_COMPANY));
        }
        let mut tools = lock(&self.workers).pop().unwrap_or_else(|| self.tools(query));
        let progress = loop {
            cancel.check()?;
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            if at >= self.files.len() {
                break Progress::Idle;
            }
            let Some(wanted) = lock(&self.tally).wanted(at) else { break Progress::Idle };
            match self.search(query, cancel, &mut tools, at, wanted) {
                Ok(result) => lock(&self.tally).finish(at, result),
                Err(error) => {
                    lock(&self.tally).settle(at);
                    lock(&self.failures).push(FileFailure::new(self.files.path(at), &error));
                }
            }
            if begun.elapsed() > QUANTUM {
                break Progress::More;
            }
        };
        lock(&self.workers).push(tools);
        Ok(progress)
    }

    fn tools(&self, query: &GrepQuery) -> Tools {
        // ripgrep's choice: a file that was found is given up at a NUL, a file that was named is not.
        let binary =
            if self.files.root_is_file { BinaryDetection::convert(0) } else { BinaryDetection::quit(0) };
        let searcher = SearcherBuilder::new()
            .line_number(true)
            .multi_line(query.multiline)
            .before_context(query.before)
            .after_context(query.after)
            .binary_detection(binary)
            .heap_limit(Some(query.heap_limit))
            .build();
        Tools { matcher: self.matcher.clone(), searcher, buffer: Vec::new() }
    }

    fn search(
        &self,
        query: &GrepQuery,
        cancel: &Cancel,
        tools: &mut Tools,
        at: usize,
        wanted: usize,
    ) -> io::Result<FileResult> {
        let file = File::open(self.files.open_path(at))?;
        let size = file.metadata()?.len();
        let Tools { matcher, searcher, buffer } = tools;
        let behind = self.behind.filter(|_| at == 0);
        let most = query.max_per_file.map(|most| most.saturating_sub(behind.map_or(0, |it| it.given)));
        let keep = match query.mode {
            GrepMode::Matches => wanted.min(most.unwrap_or(wanted)),
            GrepMode::Counts | GrepMode::Files => 0,
        };
        let mut sink = FileSink {
            query,
            matcher,
            path: Arc::new(self.files.text(at)),
            keep,
            behind: behind.map(|it| it.offset),
            enough: enough(query, keep),
            matches: Vec::new(),
            total: 0,
            is_binary: false,
            recent: VecDeque::new(),
            open: 0,
        };
        let encoding = if size <= WHOLE_FILE_BYTES.min(query.heap_limit as u64) {
            buffer.clear();
            // One byte more shows the end without another call.
            buffer.reserve(usize::try_from(size).unwrap_or(0) + 1);
            (&file).take(WHOLE_FILE_BYTES).read_to_end(buffer)?;
            let encoding = Encoding::of(buffer);
            if encoding == Encoding::Plain && memchr(0, buffer).is_none() {
                searcher.search_slice(&*matcher, buffer, &mut sink)?;
            } else {
                // Marks and NULs are dealt with on the way in.
                searcher.search_reader(&*matcher, Cursor::new(&buffer[..]), &mut sink)?;
            }
            encoding
        } else {
            let mut source = Source::new(file, cancel);
            searcher.search_reader(&*matcher, &mut source, &mut sink)?;
            source.encoding()
        };
        let FileSink { mut matches, mut total, is_binary, enough, .. } = sink;
        let cut_short = total >= enough && query.mode != GrepMode::Files;
        if query.mode == GrepMode::Files {
            total = total.min(1);
        }
        let shift = if encoding == Encoding::Utf8Bom { UTF8_BOM_LEN } else { 0 };
        for each in &mut matches {
            each.byte_start += shift;
            each.byte_end += shift;
            each.transcoded = encoding == Encoding::Utf16;
        }
        let capped = most.is_some_and(|most| matches.len() >= most);
        Ok(FileResult { matches, total, is_binary, shift, cut_short, capped })
    }

    fn outcome(&self, query: &GrepQuery) -> GrepOutcome {
        let empty = Tally::new(query.mode, 0, 0, None);
        let tally = std::mem::replace(&mut *lock(&self.tally), empty);
        let (files_searched, files_matched) = (tally.files_searched, tally.files_matched);
        let skipped_binary = tally.skipped_binary;
        let Settled { mut kept, total, more } = tally.settled();
        let cursor = kept.last_key_value().filter(|_| more).map(|(&at, last)| self.place(query, at, last));
        let mut failures = self.files.failures.clone();
        failures.append(&mut lock(&self.failures));
        failures.sort_by(|a, b| a.path.cmp(&b.path));
        let files = match query.mode {
            GrepMode::Matches => Vec::new(),
            GrepMode::Counts | GrepMode::Files => kept
                .iter()
                .map(|(&at, result)| FileMatches { path: Arc::new(self.files.text(at)), count: result.total })
                .collect(),
        };
        GrepOutcome {
            matches: kept.values_mut().flat_map(|result| std::mem::take(&mut result.matches)).collect(),
            files,
            total,
            cursor: cursor.map(|place| place.encode()),
            files_searched,
            none_selected: self.files.none_selected,
            files_matched,
            skipped_binary,
            failures,
        }
    }

    fn place(&self, query: &GrepQuery, at: usize, last: &FileResult) -> Place {
        let before = self.behind.filter(|_| at == 0).map_or(0, |it| it.given);
        let inside = last.matches.last().filter(|_| !last.capped).map(|found| Inside {
            offset: found.byte_start - last.shift,
            given: before + last.matches.len(),
        });
        Place {
            rank: (query.order == FileOrder::Relevance).then(|| self.files.rank(at)),
            path: self.files.path(at).to_vec(),
            inside,
        }
    }
}

/// The number of matches at which the rest of a file need not be counted.
fn enough(query: &GrepQuery, keep: usize) -> u64 {
    match query.mode {
        GrepMode::Files => return 1,
        // The number of each file is what was asked for.
        GrepMode::Counts => return u64::MAX,
        GrepMode::Matches => {}
    }
    match query.count_up_to {
        // The lines after the last kept match are still to come.
        Some(count) if query.after == 0 => count.max(keep as u64),
        _ => u64::MAX,
    }
}
