//! Syntax trees: checking, structural search and rewrite, and outlines.
//!
//! - [`syntax_errors`]: where files do not parse;
//! - [`ast_search`]: code of a given shape, as an ast-grep pattern or rule;
//! - [`ast_rewrite`] and [`apply`]: a preview of a structural replacement, and its atomic execution;
//! - [`outline`]: the symbols that a file declares.
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
mod outline;
mod outline_kinds;
mod query;
mod rewrite;
mod search;
mod span;

pub use apply::{Applied, apply};
pub use check::{
    FileSyntax, MAX_ERRORS_PER_FILE, SyntaxCheck, SyntaxError, SyntaxErrorKind, syntax_errors,
    syntax_errors_in,
};
pub use document::{MAX_FILE_BYTES, Unchecked};
pub use error::AstError;
pub use language::Language;
pub use outline::{Symbol, outline, outline_source};
pub use outline_kinds::SymbolKind;
pub use query::{AstQuery, DEFAULT_MAX_MATCHES};
pub use rewrite::{AstRewrite, FileEdit, Preview, ast_rewrite};
pub use search::{AstMatch, AstOutcome, Capture, Snippet, ast_search};
pub use span::Span;
