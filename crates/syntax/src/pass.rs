//! A pass over the files of a query: what searching and rewriting share.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use orchestrator_scheduler::executor::StepContext;
use orchestrator_search::{
    Cancel, Candidates, Content, FileFailure, FileSource, Progress, SearchError, Selected, Selecting,
};

use crate::document::{Document, document, read};
use crate::matcher::{Compiled, MAX_DEPTH};
use crate::matchers::{Matchers, Reading};
use crate::{AstError, AstQuery, Language, Unchecked};

/// How long a step goes on before others get their turn.
pub(crate) const QUANTUM: Duration = Duration::from_micros(500);
/// So few files are not worth waking another worker for.
const FILES_FOR_COMPANY: usize = 4;

/// A parsed file that may have matches.
pub(crate) struct Visited<'a> {
    pub(crate) files: &'a Candidates,
    /// The file's position among them.
    pub(crate) at: usize,
    pub(crate) language: Language,
    pub(crate) matcher: &'a Compiled,
    pub(crate) document: Document,
}

/// The files of a query, of which those that may have matches are parsed and shown to a visitor, by
/// several workers and in any order.
///
/// One worker compiles the shape and selects the files; the others join it to read them.
pub(crate) struct Pass {
    query: AstQuery,
    source: Arc<dyn FileSource>,
    cancel: Cancel,
    compiling: Mutex<Option<Matchers>>,
    matchers: OnceLock<Matchers>,
    selecting: Selecting,
    confirming: OnceLock<Confirming>,
    files: OnceLock<Candidates>,
    next: AtomicUsize,
    counts: Mutex<Counts>,
}

/// The files that may have matches, none of which is of a language in which the shape is valid, and the selection
/// of all files: only they tell whether the shape is an error here.
struct Confirming {
    files: Candidates,
    selecting: Selecting,
    /// One worker has to begin a selection.
    begun: Mutex<bool>,
}

/// What a pass came to.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) searched: usize,
    pub(crate) skipped: usize,
    /// In path order.
    pub(crate) failures: Vec<FileFailure>,
    /// Files of a language in which the shape is valid, read or not.
    targets: usize,
    /// Languages of files in which it is not.
    invalid: BTreeSet<Language>,
}

impl Pass {
    pub(crate) fn new(query: AstQuery, source: Arc<dyn FileSource>, cancel: Cancel) -> Self {
        let selecting = Selecting::new(query.files.clone(), false, cancel.clone());
        Self {
            query,
            source,
            cancel,
            compiling: Mutex::default(),
            matchers: OnceLock::new(),
            selecting,
            confirming: OnceLock::new(),
            files: OnceLock::new(),
            next: AtomicUsize::new(0),
            counts: Mutex::default(),
        }
    }

    pub(crate) fn query(&self) -> &AstQuery {
        &self.query
    }

    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Compiles the shape for the languages in question, for a while; the matchers once it is done.
    pub(crate) fn compile(&self) -> Result<Option<&Matchers>, AstError> {
        if let Some(matchers) = self.matchers.get() {
            return Ok(Some(matchers));
        }
        let begun = Instant::now();
        let mut compiling = lock(&self.compiling);
        let mut matchers = match compiling.take() {
            Some(matchers) => matchers,
            None => Matchers::new(&self.query)?,
        };
        while begun.elapsed() < QUANTUM {
            self.cancel.check()?;
            if !matchers.compile_next(&self.query.shape)? {
                return Ok(Some(self.matchers.get_or_init(|| matchers)));
            }
        }
        *compiling = Some(matchers);
        Ok(None)
    }

    /// Goes on for a while: until about [`QUANTUM`] is over, or to the end of a file that had to be parsed.
    pub(crate) fn step(
        &self,
        context: &StepContext<'_>,
        visit: impl Fn(&Visited<'_>) -> Result<(), AstError>,
    ) -> Result<Progress, AstError> {
        let Some(matchers) = self.compile()? else { return Ok(Progress::More) };
        if let Some(files) = self.files.get() {
            return self.read(files, matchers, context, visit);
        }
        if let Some(confirming) = self.confirming.get() {
            return self.confirm(confirming, matchers, context);
        }
        let groups = matchers.groups();
        let wanted = groups.as_deref().map_or(Content::Any, Content::Texts);
        let files = match self.selecting.step(&*self.source, wanted, context)? {
            Selected::More => return Ok(Progress::More),
            Selected::Idle => return Ok(Progress::Idle),
            Selected::Files(files) => files,
        };
        if groups.is_some() && matchers.has_invalid() && !matchers.can_read_any(&files) {
            let selecting = Selecting::new(self.query.files.clone(), false, self.cancel.clone());
            let _ = self.confirming.set(Confirming { files, selecting, begun: Mutex::default() });
        } else {
            let _ = self.files.set(files);
        }
        Ok(Progress::More)
    }

    fn confirm(
        &self,
        confirming: &Confirming,
        matchers: &Matchers,
        context: &StepContext<'_>,
    ) -> Result<Progress, AstError> {
        let Confirming { files, selecting, begun } = confirming;
        let mut begun = lock(begun);
        let first = !std::mem::replace(&mut *begun, true);
        // Only the first step is taken under the lock.
        let begun = first.then_some(begun);
        let selected = selecting.step(&*self.source, Content::Any, context)?;
        drop(begun);
        self.confirmed(selected, files, matchers)
    }

    fn confirmed(
        &self,
        selected: Selected,
        files: &Candidates,
        matchers: &Matchers,
    ) -> Result<Progress, AstError> {
        let all = match selected {
            Selected::More => return Ok(Progress::More),
            Selected::Idle => return Ok(Progress::Idle),
            Selected::Files(all) => all,
        };
        if !matchers.can_read_any(&all)
            && let Some(error) = matchers.error_of_first(&all)
        {
            return Err(error);
        }
        let _ = self.files.set(files.clone());
        Ok(Progress::More)
    }

    fn read(
        &self,
        files: &Candidates,
        matchers: &Matchers,
        context: &StepContext<'_>,
        visit: impl Fn(&Visited<'_>) -> Result<(), AstError>,
    ) -> Result<Progress, AstError> {
        let begun = Instant::now();
        let left = files.len().saturating_sub(self.next.load(Ordering::Relaxed));
        if left > FILES_FOR_COMPANY {
            context.widen(left.div_ceil(FILES_FOR_COMPANY));
        }
        loop {
            self.cancel.check()?;
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            if at >= files.len() {
                return Ok(Progress::Idle);
            }
            if self.read_one(files, at, matchers, &visit)? || begun.elapsed() > QUANTUM {
                return Ok(Progress::More);
            }
        }
    }

    /// Deals with one file; whether it had to be parsed.
    fn read_one(
        &self,
        files: &Candidates,
        at: usize,
        matchers: &Matchers,
        visit: impl Fn(&Visited<'_>) -> Result<(), AstError>,
    ) -> Result<bool, AstError> {
        let (language, matcher) = match matchers.reading(files, at) {
            Reading::With(language, matcher) => (language, matcher),
            Reading::Skipped => {
                lock(&self.counts).skipped += 1;
                return Ok(false);
            }
            Reading::Invalid(language) => {
                let mut counts = lock(&self.counts);
                counts.skipped += 1;
                counts.invalid.insert(language);
                return Ok(false);
            }
        };
        let source = read(&files.open_path(at));
        {
            let mut counts = lock(&self.counts);
            counts.targets += 1;
            match &source {
                Ok(_) => counts.searched += 1,
                Err(reason) => counts.failures.push(failure(files, at, reason)),
            }
        }
        let Some(source) = source.ok().filter(|source| !matcher.rules_out(source)) else { return Ok(false) };
        let document = document(source, language, &self.cancel)?;
        if matcher.is_too_deep(&document, &self.cancel)? {
            let mut counts = lock(&self.counts);
            counts.searched -= 1;
            let message = format!("nested more than {MAX_DEPTH} deep");
            let kind = io::ErrorKind::Unsupported;
            counts.failures.push(FileFailure { path: files.text(at), kind, message });
            return Ok(true);
        }
        visit(&Visited { files, at, language, matcher, document })?;
        Ok(true)
    }

    /// What it came to, once all steps have ended.
    ///
    /// Errors: `ERR_CANCELLED`, and `ERR_PATTERN` if the shape is valid in none of the files' languages.
    pub(crate) fn end(&self) -> Result<Counts, AstError> {
        self.cancel.check()?;
        let (Some(files), Some(matchers)) = (self.files.get(), self.matchers.get()) else {
            return Err(SearchError::Cancelled.into());
        };
        let mut counts = std::mem::take(&mut *lock(&self.counts));
        if counts.targets == 0
            && self.confirming.get().is_none()
            && let Some(error) = counts.invalid.first().and_then(|&language| matchers.error(language))
        {
            return Err(error);
        }
        counts.failures.extend(files.failures.iter().cloned());
        counts.failures.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(counts)
    }
}

fn failure(files: &Candidates, at: usize, reason: &Unchecked) -> FileFailure {
    let (kind, message) = match reason {
        Unchecked::Unreadable { kind, message } => (*kind, message.clone()),
        Unchecked::TooLarge { bytes } => (io::ErrorKind::FileTooLarge, format!("{bytes} bytes are too many")),
        Unchecked::NotUtf8 => (io::ErrorKind::InvalidData, "not valid UTF-8".to_owned()),
        Unchecked::UnknownLanguage => (io::ErrorKind::Unsupported, "unknown language".to_owned()),
    };
    FileFailure { path: files.text(at), kind, message }
}

/// A panic in another step ends the call; until it does, what it left behind is looked at by nobody else.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
