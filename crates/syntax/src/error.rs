//! What can go wrong with a call as a whole.

use std::io;
use std::path::{Path, PathBuf};

use orchestrator_search::SearchError;

/// Why a call on syntax trees gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AstError {
    /// A pattern, rule or replacement that cannot be understood.
    #[error("invalid pattern `{pattern}`: {reason}")]
    Pattern {
        /// The pattern, rule or replacement as it was given.
        pattern: String,
        /// The byte offset in `pattern` where the trouble starts, when it is known.
        position: Option<usize>,
        /// What is wrong.
        reason: String,
    },
    /// A language that is unknown or cannot do what was asked.
    #[error("{language}: {reason}")]
    Language {
        /// The language, or the file whose language is unknown.
        language: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Files changed after the preview was made. Nothing was written.
    #[error("{} changed since the preview", display(.paths))]
    Stale {
        /// The files that changed.
        paths: Vec<PathBuf>,
    },
    /// A path that leaves the root, if need be through symbolic links. Nothing was written.
    #[error("{} is outside of {}", .path.display(), .root.display())]
    OutsideRoot {
        /// The path that leads outside.
        path: PathBuf,
        /// The root that it has to stay in.
        root: PathBuf,
    },
    /// The call's `Cancel` was set.
    #[error("the call was cancelled")]
    Cancelled,
    /// A path that does not exist.
    #[error("no such file or directory: {}", .path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A file that cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Writing failed midway and these files could not be put back: they hold their new content.
    #[error("{source}, and {} could not be restored", display(.paths))]
    NotRestored {
        /// The files that hold new content.
        paths: Vec<PathBuf>,
        /// What failed first.
        source: io::Error,
    },
    /// A glob of the file selection is invalid, or its root cannot be read.
    #[error(transparent)]
    Files(SearchError),
}

fn display(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl AstError {
    /// The stable code of this error, the same in every release.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Pattern { .. } => "ERR_PATTERN",
            Self::Language { .. } => "ERR_LANGUAGE",
            Self::Stale { .. } => "ERR_STALE",
            Self::OutsideRoot { .. } => "ERR_OUTSIDE_ROOT",
            Self::Cancelled => "ERR_CANCELLED",
            Self::NotFound { .. } => "ERR_NOT_FOUND",
            Self::Io { .. } | Self::NotRestored { .. } => "ERR_IO",
            Self::Files(error) => error.code(),
        }
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            Self::NotFound { path: path.to_path_buf() }
        } else {
            Self::Io { path: path.to_path_buf(), source }
        }
    }
}

impl From<SearchError> for AstError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Cancelled => Self::Cancelled,
            other => Self::Files(other),
        }
    }
}
