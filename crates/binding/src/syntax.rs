//! Structural search, rewrite, outline and syntax check.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use orchestrator_syntax::{
    AstError, AstMatch, AstOutcome, AstQuery, Capture, FileSyntax, Language, Preview, Span, Symbol,
    SyntaxCheck, SyntaxErrorKind, Unchecked,
};
use serde_json::json;

use crate::failure::BindingFailure;
use crate::offload::{Offload, offload};
use crate::search::{BindingFiles, BindingUnreadable, file_query, small, unreadable};

/// A half-open range of a file. Lines and columns from 1, columns in bytes.
#[napi(object)]
pub struct BindingSpan {
    /// Offset of the first byte.
    pub byte_start: u32,
    /// Offset behind the last byte.
    pub byte_end: u32,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column behind the last byte.
    pub end_column: u32,
}

/// Code of a shape.
#[napi(object)]
pub struct BindingAstQuery {
    /// Where to look.
    pub files: BindingFiles,
    /// An ast-grep pattern; or a rule in YAML.
    pub pattern: Option<String>,
    /// An ast-grep rule in YAML; or a pattern.
    pub rule: Option<String>,
    /// Only this language; nothing: each file's own.
    pub language: Option<String>,
    /// Most matches.
    pub max_matches: Option<u32>,
}

/// A piece of code of that shape.
#[napi(object)]
pub struct BindingAstMatch {
    /// Relative to the root, with forward slashes.
    pub path: String,
    /// The language it was read as.
    pub language: String,
    /// Where it is.
    pub span: BindingSpan,
    /// The code.
    pub text: String,
    /// The code that each meta variable stands for; several nodes for `$$$`.
    pub variables: HashMap<String, Vec<String>>,
}

/// The answer to a structural search.
#[napi(object)]
pub struct BindingAstResult {
    /// The matches that were kept, in path order.
    pub matches: Vec<BindingAstMatch>,
    /// Matches in all.
    pub total: u32,
    /// How many were left out.
    pub left_out: u32,
    /// Files searched.
    pub files_searched: u32,
    /// Files with a match.
    pub files_matched: u32,
    /// Files passed over: another language, or the pattern is not valid in theirs.
    pub files_skipped: u32,
    /// Files that could not be read.
    pub unreadable: Vec<BindingUnreadable>,
}

/// What a rewrite does to one file.
#[napi(object)]
pub struct BindingFileEdit {
    /// Relative to the root.
    pub path: String,
    /// A unified diff.
    pub diff: String,
    /// Replacements.
    pub edits: u32,
    /// Matches inside a replaced one, passed over.
    pub nested: u32,
    /// Whether the file gets more syntax errors than it has.
    pub breaks_syntax: bool,
}

/// A declared symbol.
#[napi(object)]
pub struct BindingSymbol {
    /// What it is, such as `function`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The whole declaration.
    pub span: BindingSpan,
    /// How deep it is nested, from 0. Symbols come in the order of the file.
    pub depth: u32,
}

/// A place where a file does not parse.
#[napi(object)]
pub struct BindingSyntaxError {
    /// `error`: text that fits nowhere; `missing`: a token that is not there.
    pub kind: String,
    /// Where it is.
    pub span: BindingSpan,
    /// The text, or the missing token.
    pub text: String,
}

/// The result of checking one file.
#[napi(object)]
pub struct BindingFileSyntax {
    /// Relative to the root.
    pub path: String,
    /// The language it was parsed as.
    pub language: Option<String>,
    /// Why it was not parsed; nothing when it was.
    pub unchecked: Option<String>,
    /// The first errors.
    pub errors: Vec<BindingSyntaxError>,
    /// How many more there are.
    pub left_out: u32,
}

/// A rewrite that has not been applied.
#[napi]
pub struct BindingRewrite {
    preview: Arc<Preview>,
}

impl BindingRewrite {
    pub fn new(preview: Arc<Preview>) -> Self {
        Self { preview }
    }
}

#[napi]
impl BindingRewrite {
    /// The changed files.
    #[napi(getter)]
    #[must_use]
    pub fn files(&self) -> Vec<BindingFileEdit> {
        let edits = self.preview.files.iter().map(|edit| BindingFileEdit {
            path: edit.path.text.clone(),
            diff: edit.diff.clone(),
            edits: small(edit.edits),
            nested: small(edit.nested),
            breaks_syntax: edit.breaks_syntax,
        });
        edits.collect()
    }

    /// Files that could not be read, and so are not changed.
    #[napi(getter)]
    #[must_use]
    pub fn unreadable(&self) -> Vec<BindingUnreadable> {
        unreadable(self.preview.failures.clone())
    }

    /// Writes all files or none; resolves with the number of replacements.
    #[napi(ts_return_type = "Promise<number | BindingFailure>")]
    #[must_use]
    pub fn apply(&self) -> AsyncTask<Offload<u32>> {
        let preview = Arc::clone(&self.preview);
        offload(move || Ok(small(orchestrator_syntax::apply(&preview)?.edits)))
    }
}

/// What was put back after a rewrite that did not end.
#[napi(object)]
pub struct BindingRecovery {
    /// Files that hold their old content again.
    pub restored: Vec<String>,
    /// Files that somebody changed meanwhile: they were left alone.
    pub changed: Vec<String>,
}

/// Puts back what a killed process had replaced below `root` in a rewrite that it did not end.
#[napi(ts_return_type = "Promise<BindingRecovery | BindingFailure>")]
#[must_use]
pub fn recover_rewrite(root: String) -> AsyncTask<Offload<BindingRecovery>> {
    offload(move || {
        let recovery = orchestrator_syntax::recover(Path::new(&root))?;
        let text =
            |paths: Vec<PathBuf>| paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        Ok(BindingRecovery { restored: text(recovery.restored), changed: text(recovery.changed) })
    })
}

/// The languages that can be parsed.
#[napi]
#[must_use]
pub fn languages() -> Vec<String> {
    Language::supported().map(|language| language.name().to_owned()).collect()
}

impl From<AstError> for BindingFailure {
    fn from(error: AstError) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let details = match &error {
            AstError::Pattern { pattern, position, reason } => {
                json!({ "pattern": pattern, "position": position, "reason": reason })
            }
            AstError::Language { language, reason } => json!({ "language": language, "reason": reason }),
            AstError::Stale { paths } | AstError::NotRestored { paths, .. } => {
                json!({ "paths": paths.iter().map(|path| text(path)).collect::<Vec<_>>() })
            }
            AstError::OutsideRoot { path, root } => json!({ "path": text(path), "root": text(root) }),
            AstError::NotFound { path } | AstError::Io { path, .. } => json!({ "path": text(path) }),
            _ => json!({}),
        };
        Self::new(error.code(), error.to_string(), details)
    }
}

pub fn ast_query(query: BindingAstQuery) -> Result<AstQuery, BindingFailure> {
    let files = file_query(query.files);
    let mut built = match (query.pattern, query.rule) {
        (Some(pattern), None) => AstQuery::pattern(pattern, files),
        (None, Some(rule)) => AstQuery::rule(rule, files),
        _ => return Err(BindingFailure::argument("give either a pattern or a rule")),
    };
    if let Some(name) = query.language {
        let language = Language::from_name(&name).ok_or_else(|| {
            let known = Language::supported().map(Language::name).collect::<Vec<_>>();
            let message = format!("`{name}` is not a supported language (there are: {})", known.join(", "));
            BindingFailure::new("ERR_LANGUAGE", message, json!({ "language": name, "supported": known }))
        })?;
        built = built.language(language);
    }
    if let Some(max) = query.max_matches {
        built = built.max_matches(max as usize);
    }
    Ok(built)
}

pub fn ast_result(outcome: AstOutcome) -> BindingAstResult {
    BindingAstResult {
        total: small(outcome.total),
        left_out: small(outcome.left_out),
        files_searched: small(outcome.files_searched),
        files_matched: small(outcome.files_matched),
        files_skipped: small(outcome.files_skipped),
        unreadable: unreadable(outcome.failures),
        matches: outcome.matches.into_iter().map(ast_match).collect(),
    }
}

fn ast_match(found: AstMatch) -> BindingAstMatch {
    let variables = found.variables.into_iter().map(|(name, capture)| {
        let texts = match capture {
            Capture::One(snippet) => vec![snippet.text],
            Capture::Many(nodes) => nodes.into_iter().map(|snippet| snippet.text).collect(),
            Capture::Transformed(text) => vec![text],
        };
        (name, texts)
    });
    BindingAstMatch {
        path: found.path.text.clone(),
        language: found.language.name().to_owned(),
        span: span(found.span),
        text: found.text,
        variables: variables.collect(),
    }
}

pub fn file_syntax((file, path): (FileSyntax, String)) -> BindingFileSyntax {
    let language = file.language.map(|language| language.name().to_owned());
    match file.check {
        SyntaxCheck::Unchecked(reason) => BindingFileSyntax {
            path,
            language,
            unchecked: Some(describe(&reason)),
            errors: Vec::new(),
            left_out: 0,
        },
        SyntaxCheck::Parsed { errors, left_out } => BindingFileSyntax {
            path,
            language,
            unchecked: None,
            left_out: small(left_out),
            errors: errors
                .into_iter()
                .map(|error| BindingSyntaxError {
                    kind: match error.kind {
                        SyntaxErrorKind::Error => "error".to_owned(),
                        SyntaxErrorKind::Missing => "missing".to_owned(),
                    },
                    span: span(error.span),
                    text: error.text,
                })
                .collect(),
        },
    }
}

fn describe(reason: &Unchecked) -> String {
    match reason {
        Unchecked::UnknownLanguage => "no grammar for its extension".to_owned(),
        Unchecked::NotUtf8 => "not UTF-8".to_owned(),
        Unchecked::TooLarge { bytes } => format!("too large ({bytes} bytes)"),
        Unchecked::Unreadable { message, .. } => message.clone(),
        _ => "not parsed".to_owned(),
    }
}

pub fn rewrite_of(preview: Preview) -> Arc<Preview> {
    Arc::new(preview)
}

pub fn flat_symbols(symbols: &[Symbol]) -> Vec<BindingSymbol> {
    let mut flat = Vec::new();
    flatten(symbols, 0, &mut flat);
    flat
}

fn flatten(symbols: &[Symbol], depth: u32, flat: &mut Vec<BindingSymbol>) {
    for symbol in symbols {
        flat.push(BindingSymbol {
            kind: symbol.kind.to_string(),
            name: symbol.name.clone(),
            span: span(symbol.span),
            depth,
        });
        flatten(&symbol.children, depth + 1, flat);
    }
}

fn span(span: Span) -> BindingSpan {
    BindingSpan {
        byte_start: small(span.byte_start),
        byte_end: small(span.byte_end),
        line: small(span.line),
        column: small(span.column),
        end_line: small(span.end_line),
        end_column: small(span.end_column),
    }
}
