//! Questions to grep and glob, and their answers.

use std::sync::Arc;

use napi::bindgen_prelude::Float64Array;
use napi_derive::napi;
use orchestrator_search::{
    CaseMode, FileFailure, FileOrder, FileQuery, GlobOrder, GlobOutcome, GlobQuery, GrepMode, GrepOutcome,
    GrepQuery, LossyText, Match,
};

use crate::failure::BindingFailure;
use crate::lanes::number;

/// Names of files.
#[napi(object)]
pub struct BindingGlob {
    /// Which of them: the globs are its includes.
    pub files: BindingFiles,
    /// `modified` or `name`.
    pub sort: String,
    /// Most paths of a page.
    pub limit: Option<u32>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

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
    /// `matches`, `counts` or `files`.
    pub mode: String,
    /// `path` or `relevance`.
    pub sort: String,
    /// Where counting may stop.
    pub count_up_to: Option<f64>,
    /// Where the page begins.
    pub cursor: Option<String>,
}

/// A file that could not be read.
#[napi(object)]
pub struct BindingUnreadable {
    /// Its path.
    pub path: String,
    /// What the system said.
    pub message: String,
}

/// A page of an answer to a grep, in columns: an object for each match would be made on JavaScript's thread.
#[napi(object)]
pub struct BindingGrepPage {
    /// The paths of the files with matches, joined by NUL.
    pub paths: String,
    /// For each match: its path's index, line, column, first byte, end byte, length of its text in UTF-16 units,
    /// column at which the text begins, 1 if it is clipped, numbers of lines before and after; then for each of
    /// these lines its number, the length of its text, and 1 if it is clipped. In the other modes: the number of matches of each path.
    pub numbers: Float64Array,
    /// The texts of all matches and lines, one behind the other.
    pub texts: String,
    /// All matches.
    pub total: f64,
    /// Whether `total` is exact, or a lower bound.
    pub total_exact: bool,
    /// Files read.
    pub files_searched: u32,
    /// Whether no file at all was selected.
    pub none_selected: bool,
    /// Files with a match.
    pub files_matched: u32,
    /// Files given up as binary.
    pub skipped_binary: u32,
    /// Files that could not be read.
    pub unreadable: Vec<BindingUnreadable>,
    /// Where the next page begins.
    pub cursor: Option<String>,
}

/// A page of an answer to a glob.
#[napi(object)]
pub struct BindingGlobPage {
    /// Paths relative to the root, joined by NUL.
    pub paths: String,
    /// Matching files in all.
    pub total: u32,
    /// How many of them are on no page so far.
    pub left_out: u32,
    /// Directories that could not be read.
    pub unreadable: Vec<BindingUnreadable>,
    /// Where the next page begins.
    pub cursor: Option<String>,
}

pub fn file_query(files: BindingFiles) -> FileQuery {
    FileQuery::new(files.path)
        .include(files.include)
        .exclude(files.exclude)
        .hidden(files.hidden)
        .no_ignore(files.no_ignore)
}

pub fn glob_query(query: BindingGlob) -> Result<GlobQuery, BindingFailure> {
    let order = match query.sort.as_str() {
        "modified" => GlobOrder::NewestFirst,
        "name" => GlobOrder::Name,
        other => return Err(BindingFailure::argument(format!("`{other}` is no order: modified, name"))),
    };
    let mut built = GlobQuery::new(file_query(query.files)).order(order);
    if let Some(limit) = query.limit {
        built = built.limit(limit as usize);
    }
    if let Some(cursor) = query.cursor {
        built = built.cursor(cursor);
    }
    Ok(built)
}

pub fn grep_query(query: BindingGrep) -> Result<GrepQuery, BindingFailure> {
    let case = match query.case_mode.as_str() {
        "sensitive" => CaseMode::Sensitive,
        "insensitive" => CaseMode::Insensitive,
        "smart" => CaseMode::Smart,
        other => {
            let message = format!("`{other}` is no case mode: sensitive, insensitive, smart");
            return Err(BindingFailure::argument(message));
        }
    };
    let mode = match query.mode.as_str() {
        "matches" => GrepMode::Matches,
        "counts" => GrepMode::Counts,
        "files" => GrepMode::Files,
        other => {
            return Err(BindingFailure::argument(format!("`{other}` is no mode: matches, counts, files")));
        }
    };
    let order = match query.sort.as_str() {
        "path" => FileOrder::Path,
        "relevance" => FileOrder::Relevance,
        other => return Err(BindingFailure::argument(format!("`{other}` is no order: path, relevance"))),
    };
    let mut built = GrepQuery::new(query.pattern, file_query(query.files))
        .case(case)
        .word(query.word)
        .literal(query.literal)
        .multiline(query.multiline)
        .context(query.before as usize, query.after as usize)
        .mode(mode)
        .order(order);
    if let Some(max) = query.max_matches {
        built = built.max_matches(max as usize);
    }
    if let Some(max) = query.max_per_file {
        built = built.max_per_file(max as usize);
    }
    if let Some(max) = query.max_line_bytes {
        built = built.max_line_bytes(max as usize);
    }
    if let Some(count) = query.count_up_to {
        built = built.count_up_to(whole(count));
    }
    if let Some(cursor) = query.cursor {
        built = built.cursor(cursor);
    }
    Ok(built)
}

/// JavaScript's number as a count; what is no count is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(count: f64) -> u64 {
    count.clamp(0.0, 9_007_199_254_740_991.0) as u64
}

/// A [`BindingGrepPage`] made of plain values, which can leave the worker.
pub struct PackedGrep {
    numbers: Vec<f64>,
    texts: String,
    paths: String,
    outcome: GrepOutcome,
}

pub fn pack_grep(mut outcome: GrepOutcome) -> PackedGrep {
    let matches = std::mem::take(&mut outcome.matches);
    let mut packed = PackedGrep {
        numbers: Vec::with_capacity(matches.len() * 10),
        texts: String::new(),
        paths: String::new(),
        outcome,
    };
    let mut last: Option<(Arc<LossyText>, f64)> = None;
    for found in matches {
        let at = match &last {
            Some((path, at)) if Arc::ptr_eq(path, &found.path) => *at,
            _ => {
                let at = last.as_ref().map_or(0.0, |(_, at)| at + 1.0);
                packed.push_path(&found.path.text);
                last = Some((Arc::clone(&found.path), at));
                at
            }
        };
        packed.push_match(at, &found);
    }
    for file in std::mem::take(&mut packed.outcome.files) {
        packed.push_path(&file.path.text);
        packed.numbers.push(number(file.count));
    }
    packed
}

impl PackedGrep {
    fn push_path(&mut self, path: &str) {
        if !self.paths.is_empty() {
            self.paths.push('\0');
        }
        self.paths.push_str(path);
    }

    fn push_match(&mut self, path: f64, found: &Match) {
        let units = self.push_text(&found.text.text);
        self.numbers.extend([
            path,
            number(found.line),
            number(found.column),
            number(found.byte_start),
            number(found.byte_end),
            units,
            number(found.text_column),
            if found.clipped { 1.0 } else { 0.0 },
            f64::from(small(found.before.len())),
            f64::from(small(found.after.len())),
        ]);
        for line in found.before.iter().chain(&found.after) {
            let units = self.push_text(&line.text.text);
            self.numbers.extend([number(line.line), units, if line.clipped { 1.0 } else { 0.0 }]);
        }
    }

    /// Answers the text's length as JavaScript counts it.
    fn push_text(&mut self, text: &str) -> f64 {
        self.texts.push_str(text);
        let units = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
        f64::from(small(units))
    }
}

pub fn grep_page(packed: PackedGrep) -> BindingGrepPage {
    let PackedGrep { numbers, texts, paths, outcome } = packed;
    BindingGrepPage {
        paths,
        numbers: Float64Array::new(numbers),
        texts,
        total: number(outcome.total.count),
        total_exact: outcome.total.exact,
        files_searched: small(outcome.files_searched),
        none_selected: outcome.none_selected,
        files_matched: small(outcome.files_matched),
        skipped_binary: small(outcome.skipped_binary),
        unreadable: unreadable(outcome.failures),
        cursor: outcome.cursor,
    }
}

pub fn glob_page(outcome: GlobOutcome) -> BindingGlobPage {
    let mut paths = String::new();
    for file in &outcome.files {
        if !paths.is_empty() {
            paths.push('\0');
        }
        paths.push_str(&file.path.text);
    }
    BindingGlobPage {
        paths,
        total: small(outcome.total),
        left_out: small(outcome.left_out),
        unreadable: unreadable(outcome.failures),
        cursor: outcome.cursor,
    }
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
