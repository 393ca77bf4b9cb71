//! Where files do not parse.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use orchestrator_scheduler::executor::StepContext;
use orchestrator_search::{Cancel, Progress, Work};
use tree_sitter::{Node, Tree};

use crate::document::{parse, read};
use crate::jsonc::{allows_trailing_commas, without_trailing_commas};
use crate::pass::{QUANTUM, lock};
use crate::{AstError, Language, Span, Unchecked};

/// How many errors of one file are described; the others are counted.
pub const MAX_ERRORS_PER_FILE: usize = 20;
/// How much of the offending text is quoted.
const MAX_TEXT_CHARS: usize = 80;

/// The result of checking one file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileSyntax {
    /// The path as it was given.
    pub path: PathBuf,
    /// The language that it was parsed as.
    pub language: Option<Language>,
    /// What the parser says.
    pub check: SyntaxCheck,
}

/// Whether a file was parsed, and with what result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SyntaxCheck {
    /// It was parsed. Without errors its tree is whole.
    Parsed {
        /// The first errors, at most [`MAX_ERRORS_PER_FILE`], in the order of the file.
        errors: Vec<SyntaxError>,
        /// How many more there are.
        left_out: usize,
    },
    /// It was not parsed, which says nothing about it.
    Unchecked(Unchecked),
}

/// One place where a file does not parse.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SyntaxError {
    /// What the parser did there.
    pub kind: SyntaxErrorKind,
    /// Where it is. A missing token has an empty range.
    pub span: Span,
    /// The beginning of the skipped text, or the missing token.
    pub text: String,
}

/// What a parser does with code that it cannot understand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SyntaxErrorKind {
    /// Skips text that fits nowhere.
    Error,
    /// Goes on as if a token were there.
    Missing,
}

impl FileSyntax {
    /// Whether the file was parsed and has no error.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(&self.check, SyntaxCheck::Parsed { errors, .. } if errors.is_empty())
    }
}

/// The work of checking files, each in the language of its extension. One result per path, in the same order.
///
/// A `.h` file is checked as C and, if that fails, as C++; the reading with fewer errors counts.
///
/// Errors: `ERR_CANCELLED`. A file that cannot be read is [`Unchecked`].
pub struct SyntaxErrors {
    paths: Vec<PathBuf>,
    cancel: Cancel,
    next: AtomicUsize,
    results: Mutex<BTreeMap<usize, FileSyntax>>,
}

impl SyntaxErrors {
    /// The work that checks these files.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>, cancel: Cancel) -> Self {
        Self { paths, cancel, next: AtomicUsize::new(0), results: Mutex::default() }
    }

    fn check(&self, path: &Path) -> Result<FileSyntax, AstError> {
        let Some(language) = Language::from_path(path) else {
            return Ok(unchecked(path, None, Unchecked::UnknownLanguage));
        };
        match read(path) {
            Ok(source) => syntax_errors_in(path, &source, &self.cancel),
            Err(reason) => Ok(unchecked(path, Some(language), reason)),
        }
    }
}

impl Work for SyntaxErrors {
    type Output = Vec<FileSyntax>;
    type Error = AstError;

    fn step(&self, context: &StepContext<'_>) -> Result<Progress, AstError> {
        let begun = Instant::now();
        context.widen(self.paths.len().saturating_sub(self.next.load(Ordering::Relaxed)));
        loop {
            self.cancel.check()?;
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = self.paths.get(at) else { return Ok(Progress::Idle) };
            let result = self.check(path)?;
            lock(&self.results).insert(at, result);
            if begun.elapsed() > QUANTUM {
                return Ok(Progress::More);
            }
        }
    }

    fn output(&self) -> Result<Vec<FileSyntax>, AstError> {
        self.cancel.check()?;
        Ok(std::mem::take(&mut *lock(&self.results)).into_values().collect())
    }
}

/// Checks a source text as if it were the content of `path`, which is not read.
pub fn syntax_errors_in(path: &Path, source: &str, cancel: &Cancel) -> Result<FileSyntax, AstError> {
    let Some(language) = Language::from_path(path) else {
        return Ok(unchecked(path, None, Unchecked::UnknownLanguage));
    };
    let mut best = parsed(path, language, source, cancel)?;
    if !best.is_whole() && language == Language::C && Language::Cpp.can_read(path) {
        let other = parsed(path, Language::Cpp, source, cancel)?;
        if count(&other) < count(&best) {
            best = other;
        }
    }
    Ok(best)
}

/// How many errors a tree has, for comparing before and after.
pub(crate) fn count_errors(language: Language, source: &str, cancel: &Cancel) -> Result<usize, AstError> {
    let tree = parse(source, &language.grammar(), cancel)?;
    let mut count = 0;
    visit_errors(&tree, language, |_| count += 1);
    Ok(count)
}

fn parsed(path: &Path, language: Language, source: &str, cancel: &Cancel) -> Result<FileSyntax, AstError> {
    let text = if language == Language::Json && allows_trailing_commas(path) {
        without_trailing_commas(source)
    } else {
        Cow::Borrowed(source)
    };
    let tree = parse(&text, &language.grammar(), cancel)?;
    let (mut errors, mut left_out) = (Vec::new(), 0);
    visit_errors(&tree, language, |node| {
        if errors.len() < MAX_ERRORS_PER_FILE {
            errors.push(describe(&node, source));
        } else {
            left_out += 1;
        }
    });
    let check = SyntaxCheck::Parsed { errors, left_out };
    Ok(FileSyntax { path: path.to_path_buf(), language: Some(language), check })
}

fn unchecked(path: &Path, language: Option<Language>, reason: Unchecked) -> FileSyntax {
    FileSyntax { path: path.to_path_buf(), language, check: SyntaxCheck::Unchecked(reason) }
}

fn count(file: &FileSyntax) -> usize {
    match &file.check {
        SyntaxCheck::Parsed { errors, left_out } => errors.len() + left_out,
        SyntaxCheck::Unchecked(_) => 0,
    }
}

/// Visits the outermost errors in the order of the file, entering only subtrees that hold some.
fn visit_errors<'t>(tree: &'t Tree, language: Language, mut found: impl FnMut(Node<'t>)) {
    let is_html = language == Language::Html;
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let is_error = is_error(&node);
        if is_error {
            found(node);
        }
        // tree-sitter's HTML grammar accepts a stray end tag as a node of its own, not as an error,
        // so the error flag of a subtree says nothing there.
        let may_hold_errors = node.has_error() || is_html;
        if !is_error && may_hold_errors && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

fn is_error(node: &Node<'_>) -> bool {
    node.is_error() || node.is_missing() || node.kind() == "erroneous_end_tag"
}

fn describe(node: &Node<'_>, source: &str) -> SyntaxError {
    if node.is_missing() {
        return SyntaxError {
            kind: SyntaxErrorKind::Missing,
            span: Span::of(node),
            text: node.kind().to_owned(),
        };
    }
    let text = &source[node.byte_range()];
    let first_line = text.lines().next().unwrap_or_default();
    let quoted: String = first_line.chars().take(MAX_TEXT_CHARS).collect();
    let text = if quoted.len() < text.len() { quoted + "…" } else { quoted };
    SyntaxError { kind: SyntaxErrorKind::Error, span: Span::of(node), text }
}
