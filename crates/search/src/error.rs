//! What can go wrong with a call as a whole. One unreadable file is not here: it is a
//! [`FileFailure`](crate::FileFailure) in the outcome.

use std::io;
use std::path::{Path, PathBuf};

/// Why a search gave no outcome.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// A regular expression or a glob that cannot be understood.
    #[error("invalid {kind} `{pattern}`{}: {reason}", at_byte(*.position))]
    Pattern {
        /// Whether the pattern is a regular expression or a glob.
        kind: PatternKind,
        /// The pattern as it was given.
        pattern: String,
        /// The byte offset in `pattern` where the trouble starts, when it is known.
        position: Option<usize>,
        /// What is wrong there, in one line.
        reason: String,
    },
    /// The root of the search does not exist.
    #[error("no such file or directory: {}", .path.display())]
    NotFound {
        /// The root as it was given.
        path: PathBuf,
    },
    /// A cursor that no page of this question ended with.
    #[error("invalid cursor `{cursor}`: pass on what the page before gave, with the same question")]
    Cursor {
        /// The cursor as it was given.
        cursor: String,
    },
    /// More calls wait than the executor takes. Try again later.
    #[error("too many searches are waiting; try again when some have ended")]
    Busy,
    /// The executor was shut down.
    #[error("the search was closed")]
    Closed,
    /// The search panicked: a defect, which ends this call alone.
    #[error("the search panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The call's [`Cancel`](crate::Cancel) was set. Partial results are dropped.
    #[error("the search was cancelled")]
    Cancelled,
    /// The root of the search cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// The path that could not be read.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

/// The language that a pattern was written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PatternKind {
    /// A regular expression in the syntax of the `regex` crate.
    Regex,
    /// A glob in the syntax of `.gitignore`, with `{a,b}`.
    Glob,
}

impl std::fmt::Display for PatternKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Regex => "regular expression",
            Self::Glob => "glob",
        })
    }
}

fn at_byte(position: Option<usize>) -> String {
    position.map_or_else(String::new, |at| format!(" at byte {at}"))
}

impl SearchError {
    /// The stable code of this error, the same in every release.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Pattern { .. } => "ERR_PATTERN",
            Self::NotFound { .. } => "ERR_NOT_FOUND",
            Self::Cursor { .. } => "ERR_CURSOR",
            Self::Busy => "ERR_BUSY",
            Self::Closed => "ERR_CLOSED",
            Self::Panicked { .. } => "ERR_PANIC",
            Self::Cancelled => "ERR_CANCELLED",
            Self::Io { .. } => "ERR_IO",
        }
    }

    /// The error of a root that could not be opened.
    pub(crate) fn root(path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::NotFound {
            Self::NotFound { path: path.to_path_buf() }
        } else {
            Self::Io { path: path.to_path_buf(), source }
        }
    }
}
