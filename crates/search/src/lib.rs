//! Searching a tree of files the way ripgrep does, as a library call.
//!
//! Three questions, one selection of files:
//!
//! - [`list_files`]: which files does a search see? ([`FileQuery`])
//! - [`glob()`]: which of them match these globs, newest first? ([`GlobQuery`])
//! - [`grep()`]: where in them does this pattern match? ([`GrepQuery`])
//!
//! The crates underneath are ripgrep's own (`ignore`, `globset`, `grep-searcher`, `grep-regex`), put
//! together with ripgrep's defaults, so the answers are those of `rg --json` and `rg --files`. Where
//! the contract differs on purpose, the item that differs says so:
//!
//! - a `.git` entry below the root is never searched, not even with hidden files switched on;
//! - results are in path order whatever the number of threads;
//! - limits cut results, and every outcome says how much was cut.
//!
//! Every call polls a [`Cancel`] at each file and at each block read.

mod cancel;
mod error;
mod files;
mod glob;
mod glob_set;
mod grep;
mod line;
mod outcome;
mod pattern;
mod query;
mod sink;
mod source;
mod tally;
mod text;

pub use cancel::Cancel;
pub use error::{PatternKind, SearchError};
pub use files::{FileEntry, FileFailure, FileList, FileQuery, list_files};
pub use glob::{GlobOrder, GlobOutcome, GlobQuery, GlobbedFile, glob};
pub use grep::grep;
pub use outcome::{ContextLine, GrepOutcome, Match, Total};
pub use query::{CaseMode, DEFAULT_MAX_LINE_BYTES, DEFAULT_MAX_MATCHES, GrepQuery};
pub use text::LossyText;
