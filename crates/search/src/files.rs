//! Which files a search sees.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use crate::{Cancel, LossyText, SearchError, glob_set};

/// A selection of files: a root and the rules that apply below it.
///
/// The rules are ripgrep's: `.gitignore` (inside a git repository only), `.ignore`, `.rgignore`,
/// `.git/info/exclude` and the user's global git excludes, those of parent directories too; hidden
/// files are left out; symbolic links are not followed. A root that is a file is always selected.
#[derive(Clone, Debug)]
pub struct FileQuery {
    pub(crate) root: PathBuf,
    include: Vec<String>,
    exclude: Vec<String>,
    hidden: bool,
    no_ignore: bool,
    pub(crate) threads: usize,
}

impl FileQuery {
    /// Every file below `root` that ripgrep would search by default, or `root` itself if it is a file.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let threads = thread::available_parallelism().map_or(1, |n| n.get().min(8));
        Self {
            root: root.into(),
            include: Vec::new(),
            exclude: Vec::new(),
            hidden: false,
            no_ignore: false,
            threads,
        }
    }

    /// Adds globs of which a file must match one. As with `rg -g`, a match also overrides the ignore
    /// files, a glob with an inner `/` is anchored at the root, and the last glob that matches wins.
    #[must_use]
    pub fn include<S: Into<String>>(mut self, globs: impl IntoIterator<Item = S>) -> Self {
        self.include.extend(globs.into_iter().map(Into::into));
        self
    }

    /// Adds globs that keep a file or a whole directory out; they win over the included ones.
    #[must_use]
    pub fn exclude<S: Into<String>>(mut self, globs: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(globs.into_iter().map(Into::into));
        self
    }

    /// Whether files and directories whose name begins with a dot are seen. `.git` never is.
    #[must_use]
    pub fn hidden(mut self, yes: bool) -> Self {
        self.hidden = yes;
        self
    }

    /// Whether every ignore file is disregarded.
    #[must_use]
    pub fn no_ignore(mut self, yes: bool) -> Self {
        self.no_ignore = yes;
        self
    }

    /// How many threads may work on the call; at least one. Default: the machine's cores, at most 8.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// The root of the selection as it was given.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn walker(&self) -> Result<WalkBuilder, SearchError> {
        let overrides = glob_set::compile(&self.root, &self.include, &self.exclude)?;
        let mut builder = WalkBuilder::new(&self.root);
        builder
            .hidden(!self.hidden)
            .parents(!self.no_ignore)
            .ignore(!self.no_ignore)
            .git_ignore(!self.no_ignore)
            .git_exclude(!self.no_ignore)
            .git_global(!self.no_ignore)
            .follow_links(false)
            .threads(self.threads)
            .overrides(overrides)
            // Also a file: a worktree's or a submodule's `.git` is one.
            .filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git");
        if !self.no_ignore {
            builder.add_custom_ignore_filename(".rgignore");
        }
        Ok(builder)
    }
}

/// One selected file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileEntry {
    /// The root joined with the relative path: what to open.
    pub path: PathBuf,
    /// The path below the root with forward slashes; the file's own name when the root is a file.
    pub relative: LossyText,
}

/// A file or directory that could not be read. The search goes on without it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileFailure {
    /// The path, relative to the root when it lies below it.
    pub path: LossyText,
    /// The kind of I/O error.
    pub kind: io::ErrorKind,
    /// What the system said.
    pub message: String,
}

/// The files of a [`FileQuery`].
#[derive(Clone, Debug, Default)]
pub struct FileList {
    /// The files in path order, compared component by component (as `rg --sort path`).
    pub files: Vec<FileEntry>,
    /// Directories and ignore files that could not be read, in path order.
    pub failures: Vec<FileFailure>,
    /// Whether the root is a file, which is then the only entry.
    pub root_is_file: bool,
}

/// Lists the files that a search with this selection reads.
///
/// Errors: `ERR_NOT_FOUND` or `ERR_IO` for the root, `ERR_PATTERN` for a glob, `ERR_CANCELLED`.
pub fn list_files(query: &FileQuery, cancel: &Cancel) -> Result<FileList, SearchError> {
    cancel.check()?;
    let metadata = query.root.metadata().map_err(|error| SearchError::root(&query.root, error))?;
    let walker = query.walker()?;
    if metadata.is_file() {
        let relative = LossyText::from_path(Path::new(query.root.file_name().unwrap_or_default()));
        let files = vec![FileEntry { path: query.root.clone(), relative }];
        return Ok(FileList { files, failures: Vec::new(), root_is_file: true });
    }
    if !metadata.is_dir() {
        let source = io::Error::other("neither a directory nor a regular file");
        return Err(SearchError::Io { path: query.root.clone(), source });
    }
    let found = Mutex::new(FileList::default());
    walker.build_parallel().visit(&mut Collector { root: &query.root, cancel, found: &found });
    cancel.check()?;
    let mut list = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Below the common root, comparing whole paths is comparing relative ones.
    list.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    list.failures.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(list)
}

struct Collector<'a> {
    root: &'a Path,
    cancel: &'a Cancel,
    found: &'a Mutex<FileList>,
}

impl<'s, 'a: 's> ParallelVisitorBuilder<'s> for Collector<'a> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        let Self { root, cancel, found } = *self;
        Box::new(Visitor { shared: Collector { root, cancel, found }, own: FileList::default() })
    }
}

/// One walking thread's finds, handed over once at its end so that threads do not meet at every file.
struct Visitor<'a> {
    shared: Collector<'a>,
    own: FileList,
}

impl ParallelVisitor for Visitor<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        if self.shared.cancel.is_cancelled() {
            return WalkState::Quit;
        }
        let root = self.shared.root;
        match entry {
            Ok(entry) => {
                // A broken line in an ignore file comes with the entry; ripgrep warns about it too.
                if let Some(error) = entry.error() {
                    self.own.failures.push(failure(root, entry.path(), error));
                }
                if entry.file_type().is_some_and(|kind| kind.is_file()) {
                    let relative = relative_to(root, entry.path());
                    self.own.files.push(FileEntry { path: entry.into_path(), relative });
                }
            }
            Err(error) => {
                let path = path_of(&error).unwrap_or(root).to_path_buf();
                self.own.failures.push(failure(root, &path, &error));
            }
        }
        WalkState::Continue
    }
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        let mut found = self.shared.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.files.append(&mut self.own.files);
        found.failures.append(&mut self.own.failures);
    }
}

/// `path` below `root` with forward slashes; the whole path where it is not below.
pub(crate) fn relative_to(root: &Path, path: &Path) -> LossyText {
    LossyText::from_path(path.strip_prefix(root).unwrap_or(path))
}

fn failure(root: &Path, path: &Path, error: &ignore::Error) -> FileFailure {
    FileFailure {
        path: relative_to(root, path),
        kind: error.io_error().map_or(io::ErrorKind::Other, io::Error::kind),
        message: error.to_string(),
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}
