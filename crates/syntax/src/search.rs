//! Structural search.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orchestrator_scheduler::executor::StepContext;
use orchestrator_search::{Cancel, FileSource, Progress, Work};

use crate::outcome::describe;
use crate::pass::{Pass, Visited, lock};
use crate::{AstError, AstMatch, AstOutcome, AstQuery};

/// The work of finding code by its shape.
///
/// Files are parsed by several workers, each of their steps at most one. Between them they hold the kept matches, and
/// for each file being searched at most as many again.
///
/// Errors: `ERR_PATTERN` if the pattern or rule is valid in none of the languages searched, `ERR_LANGUAGE`,
/// `ERR_CANCELLED`, and those of the file selection.
pub struct AstSearch {
    pass: Pass,
    kept: Mutex<Kept>,
}

impl AstSearch {
    /// The work that answers a query.
    #[must_use]
    pub fn new(query: AstQuery, source: Arc<dyn FileSource>, cancel: Cancel) -> Self {
        let kept = Kept { limit: query.max_matches, ..Kept::default() };
        Self { pass: Pass::new(query, source, cancel), kept: Mutex::new(kept) }
    }

    fn search(&self, file: &Visited<'_>) -> Result<(), AstError> {
        let found = file.matcher.find(&file.document, self.pass.cancel())?;
        if found.is_empty() {
            return Ok(());
        }
        let room = lock(&self.kept).room(file.at);
        let path = Arc::new(file.files.text(file.at));
        let matches = found.iter().take(room).map(|found| describe(&path, file.language, found)).collect();
        lock(&self.kept).add(file.at, matches, found.len());
        Ok(())
    }
}

impl Work for AstSearch {
    type Output = AstOutcome;
    type Error = AstError;

    fn step(&self, context: &StepContext<'_>) -> Result<Progress, AstError> {
        self.pass.step(context, |file| self.search(file))
    }

    fn output(&self) -> Result<AstOutcome, AstError> {
        let counts = self.pass.end()?;
        let Kept { by_file, count, total, files_matched, .. } = std::mem::take(&mut *lock(&self.kept));
        Ok(AstOutcome {
            matches: by_file.into_values().flatten().collect(),
            total,
            left_out: total - count,
            files_searched: counts.searched,
            files_matched,
            files_skipped: counts.skipped,
            failures: counts.failures,
        })
    }
}

/// The first matches in path order, of those that were found so far.
#[derive(Default)]
struct Kept {
    limit: usize,
    /// By the file's position.
    by_file: BTreeMap<usize, Vec<AstMatch>>,
    count: usize,
    total: usize,
    files_matched: usize,
}

impl Kept {
    /// How many matches of a file may still be among the first ones.
    fn room(&self, at: usize) -> usize {
        let before: usize = self.by_file.range(..at).map(|(_, matches)| matches.len()).sum();
        self.limit - before
    }

    fn add(&mut self, at: usize, matches: Vec<AstMatch>, total: usize) {
        self.files_matched += 1;
        self.total += total;
        self.count += matches.len();
        self.by_file.insert(at, matches);
        while self.count > self.limit {
            let surplus = self.count - self.limit;
            let Some(mut last) = self.by_file.last_entry() else { return };
            let in_last = last.get().len();
            if in_last <= surplus {
                last.remove();
            } else {
                last.get_mut().truncate(in_last - surplus);
            }
            self.count -= in_last.min(surplus);
        }
    }
}
