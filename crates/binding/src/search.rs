//! grep and glob.

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use orchestrator_search::{
    CaseMode, ContextLine, FileFailure, FileQuery, GlobOrder, GlobOutcome, GlobQuery, GrepOutcome, GrepQuery,
    Match,
};

use crate::failure::BindingFailure;
use crate::lanes::number;
use crate::offload::{BindingCancel, Offload, offload};

/// Which files a search sees.
#[napi(object)]
pub struct BindingFiles {
    /// A directory, or a single file.
    pub path: String,
    /// Globs of which a file must match one.
    pub include: Vec<String>,
    /// Globs that keep a file out.
    pub exclude: Vec<String>,
    /// Whether hidden files are seen.
    pub hidden: bool,
    /// Whether ignore files are disregarded.
    pub no_ignore: bool,
}

/// What to look for, and how.
#[napi(object)]
pub struct BindingGrep {
    /// Where to look.
    pub files: BindingFiles,
    /// A regular expression, or a text when `literal`.
    pub pattern: String,
    /// `sensitive`, `insensitive` or `smart`.
    pub case_mode: String,
    /// Only whole words.
    pub word: bool,
    /// The pattern is a text.
    pub literal: bool,
    /// Matches may span lines.
    pub multiline: bool,
    /// Lines before each match.
    pub before: u32,
    /// Lines after each match.
    pub after: u32,
    /// Most matches in all.
    pub max_matches: Option<u32>,
    /// Most matches in one file.
    pub max_per_file: Option<u32>,
    /// Longer lines are clipped around the match.
    pub max_line_bytes: Option<u32>,
}

/// A line near a match.
#[napi(object)]
pub struct BindingContextLine {
    /// Its number, from 1.
    pub line: f64,
    /// Its text.
    pub text: String,
}

/// One match.
#[napi(object)]
pub struct BindingMatch {
    /// Relative to the root, with forward slashes.
    pub path: String,
    /// From 1.
    pub line: f64,
    /// In bytes, from 1.
    pub column: f64,
    /// Offset of the first byte.
    pub byte_start: f64,
    /// Offset behind the last byte.
    pub byte_end: f64,
    /// The lines that the match touches.
    pub text: String,
    /// The byte column at which `text` begins.
    pub text_column: f64,
    /// Whether `text` is only a part of its lines.
    pub clipped: bool,
    /// Lines before.
    pub before: Vec<BindingContextLine>,
    /// Lines after.
    pub after: Vec<BindingContextLine>,
}

/// A file that could not be read.
#[napi(object)]
pub struct BindingUnreadable {
    /// Its path.
    pub path: String,
    /// What the system said.
    pub message: String,
}

/// The answer to a grep.
#[napi(object)]
pub struct BindingGrepResult {
    /// The matches that were kept, in path order.
    pub matches: Vec<BindingMatch>,
    /// All matches.
    pub total: f64,
    /// Whether `total` is exact, or a lower bound.
    pub total_exact: bool,
    /// Files read.
    pub files_searched: u32,
    /// Files with a match.
    pub files_matched: u32,
    /// Files given up as binary.
    pub skipped_binary: u32,
    /// Files that could not be read.
    pub unreadable: Vec<BindingUnreadable>,
}

/// The answer to a glob.
#[napi(object)]
pub struct BindingGlobResult {
    /// Paths relative to the root.
    pub paths: Vec<String>,
    /// Matching files in all.
    pub total: u32,
    /// How many of them were left out.
    pub left_out: u32,
    /// Directories that could not be read.
    pub unreadable: Vec<BindingUnreadable>,
}

/// Searches file contents.
#[napi(ts_return_type = "Promise<BindingGrepResult | BindingFailure>")]
#[must_use]
pub fn grep(query: BindingGrep, cancel: &BindingCancel) -> AsyncTask<Offload<BindingGrepResult>> {
    let cancel = cancel.signal();
    offload(move || {
        let query = grep_query(query)?;
        Ok(grep_result(orchestrator_search::grep(&query, &cancel)?))
    })
}

/// Finds files by name. `order` is `modified` or `name`.
#[napi(ts_return_type = "Promise<BindingGlobResult | BindingFailure>")]
#[must_use]
pub fn glob(
    files: BindingFiles,
    order: String,
    limit: Option<u32>,
    cancel: &BindingCancel,
) -> AsyncTask<Offload<BindingGlobResult>> {
    let cancel = cancel.signal();
    offload(move || {
        let order = match order.as_str() {
            "modified" => GlobOrder::NewestFirst,
            "name" => GlobOrder::Name,
            other => return Err(BindingFailure::argument(format!("`{other}` is no order: modified, name"))),
        };
        let mut query = GlobQuery::new(file_query(files)).order(order);
        if let Some(limit) = limit {
            query = query.limit(limit as usize);
        }
        Ok(glob_result(orchestrator_search::glob(&query, &cancel)?))
    })
}

pub fn file_query(files: BindingFiles) -> FileQuery {
    FileQuery::new(files.path)
        .include(files.include)
        .exclude(files.exclude)
        .hidden(files.hidden)
        .no_ignore(files.no_ignore)
}

fn grep_query(query: BindingGrep) -> Result<GrepQuery, BindingFailure> {
    let case = match query.case_mode.as_str() {
        "sensitive" => CaseMode::Sensitive,
        "insensitive" => CaseMode::Insensitive,
        "smart" => CaseMode::Smart,
        other => {
            let message = format!("`{other}` is no case mode: sensitive, insensitive, smart");
            return Err(BindingFailure::argument(message));
        }
    };
    let mut built = GrepQuery::new(query.pattern, file_query(query.files))
        .case(case)
        .word(query.word)
        .literal(query.literal)
        .multiline(query.multiline)
        .context(query.before as usize, query.after as usize);
    if let Some(max) = query.max_matches {
        built = built.max_matches(max as usize);
    }
    if let Some(max) = query.max_per_file {
        built = built.max_per_file(max as usize);
    }
    if let Some(max) = query.max_line_bytes {
        built = built.max_line_bytes(max as usize);
    }
    Ok(built)
}

fn grep_result(outcome: GrepOutcome) -> BindingGrepResult {
    BindingGrepResult {
        total: number(outcome.total.count),
        total_exact: outcome.total.exact,
        files_searched: small(outcome.files_searched),
        files_matched: small(outcome.files_matched),
        skipped_binary: small(outcome.skipped_binary),
        unreadable: unreadable(outcome.failures),
        matches: outcome.matches.into_iter().map(match_of).collect(),
    }
}

fn glob_result(outcome: GlobOutcome) -> BindingGlobResult {
    BindingGlobResult {
        total: small(outcome.total),
        left_out: small(outcome.left_out),
        unreadable: unreadable(outcome.failures),
        paths: outcome.files.into_iter().map(|file| file.path.text).collect(),
    }
}

fn match_of(found: Match) -> BindingMatch {
    BindingMatch {
        path: found.path.text.clone(),
        line: number(found.line),
        column: number(found.column),
        byte_start: number(found.byte_start),
        byte_end: number(found.byte_end),
        text: found.text.text,
        text_column: number(found.text_column),
        clipped: found.clipped,
        before: found.before.into_iter().map(context_line).collect(),
        after: found.after.into_iter().map(context_line).collect(),
    }
}

fn context_line(line: ContextLine) -> BindingContextLine {
    BindingContextLine { line: number(line.line), text: line.text.text }
}

pub fn unreadable(failures: Vec<FileFailure>) -> Vec<BindingUnreadable> {
    failures
        .into_iter()
        .map(|failure| BindingUnreadable { path: failure.path.text, message: failure.message })
        .collect()
}

pub fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
