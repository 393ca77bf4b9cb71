//! Searching file contents.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder};

use crate::pattern::CancellableMatcher;
use crate::sink::FileSink;
use crate::source::{Encoding, Source};
use crate::tally::{FileResult, Tally};
use crate::{
    Cancel, FileEntry, FileFailure, FileList, GrepOutcome, GrepQuery, SearchError, list_files, pattern,
};

/// The bytes of a UTF-8 byte order mark, which the searcher takes off before it counts.
const UTF8_BOM_LEN: u64 = 3;

/// Finds what `rg --json` finds with the same flags.
///
/// Blocks until all files are searched; up to [`FileQuery::threads`](crate::FileQuery::threads)
/// threads take part. A file that cannot be read is a failure in the outcome, not an error.
///
/// Errors: `ERR_PATTERN` for the pattern or a glob, `ERR_NOT_FOUND` or `ERR_IO` for the root,
/// `ERR_CANCELLED`.
pub fn grep(query: &GrepQuery, cancel: &Cancel) -> Result<GrepOutcome, SearchError> {
    let matcher = pattern::compile(query)?;
    let list = list_files(&query.files, cancel)?;
    let tally = Tally::new(list.files.len(), query.max_matches, query.count_up_to);
    let run = Run {
        query,
        cancel,
        list: &list,
        next: AtomicUsize::new(0),
        tally: Mutex::new(tally),
        failures: Mutex::new(Vec::new()),
    };
    let threads = query.files.threads.min(list.files.len());
    if threads <= 1 {
        run.work(&CancellableMatcher { matcher, cancel });
    } else {
        thread::scope(|scope| {
            for _ in 0..threads {
                // A matcher of its own: clones share the program but not the contended scratch space.
                let matcher = CancellableMatcher { matcher: matcher.clone(), cancel };
                let run = &run;
                scope.spawn(move || run.work(&matcher));
            }
        });
    }
    cancel.check()?;
    let Run { tally, failures, .. } = run;
    Ok(outcome(list, tally, failures))
}

fn outcome(list: FileList, tally: Mutex<Tally>, failures: Mutex<Vec<FileFailure>>) -> GrepOutcome {
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut all_failures = list.failures;
    all_failures.extend(failures.into_inner().unwrap_or_else(PoisonError::into_inner));
    all_failures.sort_by(|a, b| a.path.cmp(&b.path));
    let (files_searched, files_matched) = (tally.files_searched, tally.files_matched);
    let skipped_binary = tally.skipped_binary;
    let (matches, total) = tally.into_matches();
    GrepOutcome { matches, total, files_searched, files_matched, skipped_binary, failures: all_failures }
}

/// One call: what its threads share.
struct Run<'a> {
    query: &'a GrepQuery,
    cancel: &'a Cancel,
    list: &'a FileList,
    next: AtomicUsize,
    tally: Mutex<Tally>,
    failures: Mutex<Vec<FileFailure>>,
}

impl Run<'_> {
    /// One thread's share: files in path order, so that the first matches are known early.
    fn work(&self, matcher: &CancellableMatcher<'_>) {
        let mut searcher = self.searcher();
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = self.list.files.get(index) else { return };
            let wanted = self.tally.lock().unwrap_or_else(PoisonError::into_inner).wanted(index);
            let Some(wanted) = wanted else { return };
            if self.cancel.is_cancelled() {
                return;
            }
            let result = self.search(&mut searcher, matcher, file, wanted);
            let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(result) => tally.finish(index, result),
                Err(error) => {
                    tally.settle(index);
                    drop(tally);
                    self.report(file, &error);
                }
            }
        }
    }

    fn searcher(&self) -> Searcher {
        // ripgrep's choice: a file that was found is given up at a NUL, a file that was named is not.
        let binary =
            if self.list.root_is_file { BinaryDetection::convert(0) } else { BinaryDetection::quit(0) };
        SearcherBuilder::new()
            .line_number(true)
            .multi_line(self.query.multiline)
            .before_context(self.query.before)
            .after_context(self.query.after)
            .binary_detection(binary)
            .heap_limit(Some(self.query.heap_limit))
            .build()
    }

    fn search(
        &self,
        searcher: &mut Searcher,
        matcher: &CancellableMatcher<'_>,
        file: &FileEntry,
        wanted: usize,
    ) -> io::Result<FileResult> {
        let mut source = Source::open(&file.path, self.cancel)?;
        let mut sink = FileSink {
            query: self.query,
            matcher,
            path: Arc::new(file.relative.clone()),
            keep: wanted.min(self.query.max_per_file.unwrap_or(wanted)),
            matches: Vec::new(),
            total: 0,
            is_binary: false,
            recent: VecDeque::new(),
            open: 0,
        };
        searcher.search_reader(matcher, &mut source, &mut sink)?;
        let mut found = sink.matches;
        match source.encoding() {
            Encoding::Plain => {}
            Encoding::Utf8Bom => found.iter_mut().for_each(|each| {
                each.byte_start += UTF8_BOM_LEN;
                each.byte_end += UTF8_BOM_LEN;
            }),
            Encoding::Utf16 => found.iter_mut().for_each(|each| each.transcoded = true),
        }
        Ok(FileResult { matches: found, total: sink.total, is_binary: sink.is_binary })
    }

    fn report(&self, file: &FileEntry, error: &io::Error) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(FileFailure {
            path: file.relative.clone(),
            kind: error.kind(),
            message: error.to_string(),
        });
    }
}
