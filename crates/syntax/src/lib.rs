//! Syntax trees: checking, structural search and rewrite, and outlines.
//!
//! - [`SyntaxErrors`]: where files do not parse;
//! - [`AstSearch`]: code of a given shape, as an ast-grep pattern or rule;
//! - [`AstRewrite`] and [`apply`]: a preview of a structural replacement, and its atomic execution;
//! - [`Outline`]: the symbols that a file declares.
//!
//! All but `apply` are [`Work`](orchestrator_search::Work) for the shared executor, in steps of about 500 µs or one file.
//!
//! Built on ast-grep's crates and tree-sitter grammars. Files are selected by `orchestrator-search`,
//! so the same ignore rules hold everywhere. Lines and columns count from 1, columns in bytes; byte
//! ranges are half-open and count from the file's first byte.

mod apply;
mod check;
mod document;
mod error;
mod jsonc;
mod language;
mod matcher;
mod matchers;
mod outcome;
mod outline;
mod outline_kinds;
mod pass;
mod query;
mod rewrite;
mod search;
mod span;
mod texts;

pub use apply::{Applied, Recovery, apply, recover};
pub use check::{
    FileSyntax, MAX_ERRORS_PER_FILE, SyntaxCheck, SyntaxError, SyntaxErrorKind, SyntaxErrors,
    syntax_errors_in,
};
pub use document::{MAX_FILE_BYTES, Unchecked};
pub use error::AstError;
pub use language::Language;
pub use outcome::{AstMatch, AstOutcome, Capture, Snippet};
pub use outline::{Outline, Symbol, SymbolKind, outline_source};
pub use query::{AstQuery, DEFAULT_MAX_MATCHES};
pub use rewrite::{AstRewrite, AstRewriteQuery, FileEdit, Preview};
pub use search::AstSearch;
pub use span::Span;
