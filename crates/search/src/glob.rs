//! Finding files by name.

use std::cmp::Reverse;
use std::time::SystemTime;

use crate::{Cancel, FileFailure, FileQuery, LossyText, SearchError, list_files};

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
}

impl GlobQuery {
    /// The files of a selection, newest first, without a limit.
    #[must_use]
    pub fn new(files: FileQuery) -> Self {
        Self { files, order: GlobOrder::default(), limit: None }
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
    /// How many of them the limit cut.
    pub left_out: usize,
    /// Directories that could not be read.
    pub failures: Vec<FileFailure>,
}

/// Finds the files that `rg --files -g …` lists.
///
/// Errors: those of [`list_files`].
pub fn glob(query: &GlobQuery, cancel: &Cancel) -> Result<GlobOutcome, SearchError> {
    let list = list_files(&query.files, cancel)?;
    let mut files = Vec::with_capacity(list.files.len());
    for entry in list.files {
        cancel.check()?;
        let modified = match query.order {
            GlobOrder::Name => None,
            GlobOrder::NewestFirst => entry.path.metadata().and_then(|data| data.modified()).ok(),
        };
        files.push(GlobbedFile { path: entry.relative, modified });
    }
    if query.order == GlobOrder::NewestFirst {
        // Stable: files of the same instant stay in path order.
        files.sort_by_key(|file| Reverse(file.modified));
    }
    let total = files.len();
    files.truncate(query.limit.unwrap_or(total));
    Ok(GlobOutcome { left_out: total - files.len(), total, files, failures: list.failures })
}
