//! The first part of every call: which files it is about.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use orchestrator_scheduler::executor::StepContext;

use crate::candidates::{AfterWalk, Answer, Candidates, Content, FileSource};
use crate::paths::{PathList, name_bytes};
use crate::walk::{Walk, WalkPlan, lock};
use crate::{Cancel, FileQuery, Progress, SearchError, Work};

/// How far a selection has come.
pub enum Selected {
    /// Step again.
    More,
    /// Nothing is left for this worker.
    Idle,
    /// The files. One worker gets them, once.
    Files(Candidates),
}

/// A selection in progress. One worker begins it; later steps may be taken by several.
pub struct Selecting {
    query: FileQuery,
    with_times: bool,
    cancel: Cancel,
    walk: OnceLock<Walk>,
    after: Mutex<Option<AfterWalk>>,
    /// The walk that follows when the finds of the first one could not be used.
    second: OnceLock<Walk>,
}

impl Selecting {
    /// The selection of a query's files.
    #[must_use]
    pub fn new(query: FileQuery, with_times: bool, cancel: Cancel) -> Self {
        Self {
            query,
            with_times,
            cancel,
            walk: OnceLock::new(),
            after: Mutex::default(),
            second: OnceLock::new(),
        }
    }

    /// Selects for a while.
    pub fn step(
        &self,
        source: &dyn FileSource,
        wanted: Content<'_>,
        context: &StepContext<'_>,
    ) -> Result<Selected, SearchError> {
        self.cancel.check()?;
        let Some(walk) = self.second.get().or(self.walk.get()) else { return self.begin(source, wanted) };
        Ok(match walk.step(context) {
            Progress::More => Selected::More,
            Progress::Idle => Selected::Idle,
            Progress::Complete => {
                self.cancel.check()?;
                let after = lock(&self.after).take();
                let Some(after) = after else {
                    source.walked(&self.query.root);
                    return Ok(Selected::Files(self.collect(walk)));
                };
                if let Some(files) = after(walk.take()) {
                    return Ok(Selected::Files(files));
                }
                let _ = self.second.set(Walk::new(self.own_plan()?, self.cancel.clone()));
                Selected::More
            }
        })
    }

    fn begin(&self, source: &dyn FileSource, wanted: Content<'_>) -> Result<Selected, SearchError> {
        let root = &self.query.root;
        let metadata = root.metadata().map_err(|error| SearchError::root(root, error))?;
        if metadata.is_file() {
            // They do not matter for a file that is named, but must be understood.
            self.query.globs()?;
            return Ok(Selected::Files(self.single_file(&metadata)));
        }
        if !metadata.is_dir() {
            let source = io::Error::other("neither a directory nor a regular file");
            return Err(SearchError::Io { path: root.clone(), source });
        }
        let plan = match source.select(&self.query, wanted, self.with_times) {
            Answer::Files(files) => return Ok(Selected::Files(files)),
            Answer::Walk(plan, after) => {
                *lock(&self.after) = Some(after);
                plan
            }
            Answer::Unknown => self.own_plan()?,
        };
        let walk = self.walk.set(Walk::new(plan, self.cancel.clone()));
        debug_assert!(walk.is_ok(), "one worker begins");
        Ok(Selected::More)
    }

    fn own_plan(&self) -> Result<WalkPlan, SearchError> {
        Ok(WalkPlan {
            root: self.query.root.clone(),
            rules: self.query.rules()?,
            start: vec![(Box::default(), false)],
            with_ignored: false,
            with_stats: self.with_times,
            before_read: None,
        })
    }

    fn single_file(&self, metadata: &std::fs::Metadata) -> Candidates {
        let root = &self.query.root;
        let name = root.file_name().and_then(name_bytes).unwrap_or_default();
        let mut files = Candidates::new(root.clone(), Arc::default(), 0);
        files.push_added(name);
        files.root_is_file = true;
        if self.with_times {
            files.set_times(vec![crate::Stamp::of(metadata).mtime_ns]);
        }
        files
    }

    fn collect(&self, walk: &Walk) -> Candidates {
        let mut walked = walk.take();
        let (mut paths, mut times) = (PathList::default(), Vec::new());
        walked.for_each_file(|directory, entry, _| {
            paths.push(&directory.path, directory.name(entry));
            if self.with_times {
                times.push(entry.stat.map_or(i64::MIN, |(stamp, _)| stamp.mtime_ns));
            }
        });
        let count = u32::try_from(paths.len()).unwrap_or(u32::MAX);
        let mut files = Candidates::new(self.query.root.clone(), Arc::new(paths), 0);
        (0..count).for_each(|number| files.push_known(number));
        if self.with_times {
            files.set_times(times);
        }
        files.none_selected = count == 0;
        files.failures = std::mem::take(&mut walked.failures);
        files
    }
}

/// The work of listing the files that a search sees.
pub struct ListFiles {
    selecting: Selecting,
    source: Arc<dyn FileSource>,
    files: OnceLock<Candidates>,
}

impl ListFiles {
    /// Lists a selection.
    #[must_use]
    pub fn new(query: FileQuery, source: Arc<dyn FileSource>, cancel: Cancel) -> Self {
        Self { selecting: Selecting::new(query, false, cancel), source, files: OnceLock::new() }
    }

    /// The root of the selection.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.selecting.query.root()
    }
}

impl Work for ListFiles {
    type Output = Candidates;
    type Error = SearchError;

    fn step(&self, context: &StepContext<'_>) -> Result<Progress, SearchError> {
        Ok(match self.selecting.step(&*self.source, Content::Any, context)? {
            Selected::More => Progress::More,
            Selected::Idle => Progress::Idle,
            Selected::Files(files) => {
                let _ = self.files.set(files);
                Progress::Complete
            }
        })
    }

    fn output(&self) -> Result<Candidates, SearchError> {
        self.files.get().cloned().ok_or(SearchError::Cancelled)
    }
}
