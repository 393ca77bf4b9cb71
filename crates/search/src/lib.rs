//! Searching a tree of files the way ripgrep does, as a library call.
//!
//! Three questions, one selection of files:
//!
//! - [`ListFiles`]: which files does a search see? ([`FileQuery`])
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
//! A call is [`Work`]: it runs in short steps on the shared [executor](orchestrator_scheduler::executor), and takes its
//! files from a [`FileSource`] that knows them, or from a [`Walk`]. Every call polls a [`Cancel`] at each file and at
//! each block read.

mod call;
mod cancel;
mod candidates;
mod cursor;
mod error;
mod files;
mod glob;
mod glob_bounds;
mod glob_set;
mod grep;
mod line;
mod outcome;
pub mod paths;
mod pattern;
mod progress;
mod query;
mod rank;
mod select;
mod sink;
mod source;
mod stamp;
mod tally;
mod text;
mod walk;
mod walked;

pub use call::{Work, run, submit};
pub use cancel::Cancel;
pub use candidates::{AfterWalk, Answer, Candidates, Content, FileSource, NoIndex};
pub use error::{PatternKind, SearchError};
pub use files::{FileFailure, FileQuery, standard_rules};
pub use glob::{Glob, GlobOrder, GlobOutcome, GlobQuery, GlobbedFile, glob};
pub use glob_bounds::GlobBounds;
pub use grep::{Grep, grep};
pub use outcome::{ContextLine, FileMatches, GrepOutcome, Match, Total};
pub use progress::Progress;
pub use query::{CaseMode, DEFAULT_MAX_LINE_BYTES, DEFAULT_MAX_MATCHES, FileOrder, GrepMode, GrepQuery};
pub use select::{ListFiles, Selected, Selecting};
pub use stamp::{Stamp, link_count};
pub use text::LossyText;
pub use walk::{BeforeRead, Walk, WalkPlan, is_rules_name};
pub use walked::{EntryKind, Verdict, Walked, WalkedDirectory, WalkedEntry};
