//! From a file to a syntax tree.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use ast_grep_core::AstGrep;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc, TSLanguage};
use ast_grep_language::SupportLang;
use orchestrator_search::Cancel;
use tree_sitter::{Node, ParseOptions, Parser, Tree};

use crate::{AstError, Language};

/// Files larger than this are not parsed: their trees take some twenty times their size.
pub const MAX_FILE_BYTES: u64 = 8 << 20;

/// How many nodes are visited between two looks at the cancel flag.
pub(crate) const POLL_EVERY: usize = 1024;

/// Why a file has no syntax tree.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Unchecked {
    /// No grammar is known for its extension.
    UnknownLanguage,
    /// It is not valid UTF-8.
    NotUtf8,
    /// It is larger than [`MAX_FILE_BYTES`].
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It cannot be read.
    Unreadable {
        /// The kind of I/O error.
        kind: io::ErrorKind,
        /// What the system said.
        message: String,
    },
}

impl From<io::Error> for Unchecked {
    fn from(error: io::Error) -> Self {
        Self::Unreadable { kind: error.kind(), message: error.to_string() }
    }
}

/// Reads a source file.
pub(crate) fn read(path: &Path) -> Result<String, Unchecked> {
    // Before it is opened: opening a FIFO waits for somebody to write to it.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file").into());
    }
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(Unchecked::TooLarge { bytes });
    }
    let mut content = Vec::new();
    // The file may grow while it is read.
    file.take(MAX_FILE_BYTES).read_to_end(&mut content)?;
    String::from_utf8(content).map_err(|_| Unchecked::NotUtf8)
}

/// Parses `source`, polling `cancel` all along.
pub(crate) fn parse(source: &str, grammar: &TSLanguage, cancel: &Cancel) -> Result<Tree, AstError> {
    let mut parser = Parser::new();
    let unusable =
        |reason: String| AstError::Language { language: grammar.name().unwrap_or("?").to_owned(), reason };
    parser.set_language(grammar).map_err(|error| unusable(error.to_string()))?;
    let mut progress = |_: &_| {
        if cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let bytes = source.as_bytes();
    let tree = parser.parse_with_options(&mut |at, _| &bytes[at.min(bytes.len())..], None, Some(options));
    cancel.check()?;
    tree.ok_or_else(|| unusable("the parser gave no tree".to_owned()))
}

/// Whether what is in a node is nested deeper than so many nodes.
pub(crate) fn is_deeper(root: &Node<'_>, most: u32, cancel: &Cancel) -> Result<bool, AstError> {
    let mut cursor = root.walk();
    for step in 0_usize.. {
        if step % POLL_EVERY == 0 {
            cancel.check()?;
        }
        if cursor.goto_first_child() {
            if cursor.depth() > most {
                return Ok(true);
            }
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Ok(false);
            }
        }
    }
    Ok(false)
}

/// A tree that ast-grep can match.
pub(crate) type Document = AstGrep<StrDoc<SupportLang>>;

/// Parses `source` for matching.
pub(crate) fn document(source: String, language: Language, cancel: &Cancel) -> Result<Document, AstError> {
    let lang = language.ast_grep();
    let tree = parse(&source, &lang.get_ts_language(), cancel)?;
    Ok(Document::doc(StrDoc { src: source, lang, tree }))
}
