//! Structural rewriting: the preview.

use std::path::{Path, PathBuf};

use ast_grep_core::replacer::TemplateFix;
use orchestrator_search::{Cancel, FileFailure, LossyText};
use sha2::{Digest, Sha256};
use similar::TextDiff;

use crate::check::count_errors;
use crate::matcher::Compiled;
use crate::search::{PerFile, Plan, Target, failure, in_parallel, open};
use crate::{AstError, AstQuery};

/// Lines of context around each change in a diff, as in git.
const DIFF_CONTEXT: usize = 3;

/// A structural replacement.
#[derive(Clone, Debug)]
pub struct AstRewrite {
    query: AstQuery,
    replacement: String,
    root: PathBuf,
}

impl AstRewrite {
    /// Replaces what `query` finds by `replacement`, in which the query's meta variables stand for
    /// what they matched. No file outside of `root` is touched, whatever the query selects.
    ///
    /// The query's limit does not apply: a rewrite is of all matches.
    #[must_use]
    pub fn new(query: AstQuery, replacement: impl Into<String>, root: impl Into<PathBuf>) -> Self {
        Self { query, replacement: replacement.into(), root: root.into() }
    }
}

/// What a rewrite would do. [`apply`](crate::apply()) does it.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// The root with its symbolic links resolved: nothing outside of it is written.
    pub(crate) root: PathBuf,
    /// The changed files in path order.
    pub files: Vec<FileEdit>,
    /// Files and directories that could not be read, and so are not changed.
    pub failures: Vec<FileFailure>,
}

/// What a rewrite would do to one file.
#[derive(Clone, Debug)]
pub struct FileEdit {
    /// The path below the query's root with forward slashes.
    pub path: LossyText,
    /// The change as a unified diff with `a/` and `b/` paths.
    pub diff: String,
    /// How many replacements were made.
    pub edits: usize,
    /// How many matches were passed over since they lie inside a replaced one. A second rewrite
    /// reaches those that are left.
    pub nested: usize,
    /// Whether the file would have more syntax errors than it has.
    pub breaks_syntax: bool,
    /// The SHA-256 of the content that the change was made from.
    pub old_hash: [u8; 32],
    pub(crate) target: PathBuf,
    pub(crate) new_content: String,
}

/// Works out what a rewrite would do, and writes nothing.
///
/// Inserted line breaks are those of the file. Errors: those of [`ast_search`](crate::ast_search),
/// `ERR_PATTERN` for a replacement with a meta variable that the query does not bind, and
/// `ERR_OUTSIDE_ROOT`.
pub fn ast_rewrite(rewrite: &AstRewrite, cancel: &Cancel) -> Result<Preview, AstError> {
    let root = canonical(&rewrite.root)?;
    let start = rewrite.query.files.root();
    require_inside(&root, start)?;
    let plan = Plan::new(&rewrite.query, cancel)?;
    for (_, matcher) in plan.matchers() {
        check_variables(&rewrite.replacement, matcher)?;
    }
    let results = in_parallel(&plan.targets, rewrite.query.threads, |target| {
        rewrite_file(target, plan.matcher(target.language), &rewrite.replacement, cancel)
    });
    let mut preview = Preview { root, files: Vec::new(), failures: plan.failures.clone() };
    for (target, result) in plan.targets.iter().zip(results) {
        match result? {
            Ok(Some(edit)) => {
                require_inside(&preview.root, &edit.target)?;
                preview.files.push(edit);
            }
            Ok(None) => {}
            Err(reason) => preview.failures.push(failure(&target.file, reason)),
        }
    }
    Ok(preview)
}

fn rewrite_file(
    target: &Target,
    matcher: &Compiled,
    replacement: &str,
    cancel: &Cancel,
) -> PerFile<Option<FileEdit>> {
    let document = match open(target, matcher, cancel)? {
        Ok(Some(document)) => document,
        Ok(None) => return Ok(Ok(None)),
        Err(reason) => return Ok(Err(reason)),
    };
    let old = document.get_text();
    let Ok(template) = TemplateFix::try_new(replacement, &target.language.ast_grep());
    let mut found = matcher.find(&document, cancel)?;
    // The outermost of nested matches first.
    found.sort_by_key(|found| (found.range().start, usize::MAX - found.range().end));
    let (mut new, mut done, mut edits, mut nested) = (String::with_capacity(old.len()), 0, 0, 0);
    for found in &found {
        if found.range().start < done {
            nested += 1;
            continue;
        }
        let edit = matcher.edit(found, &template);
        new.push_str(&old[done..edit.position]);
        new.push_str(&with_line_ends_of(old, &String::from_utf8_lossy(&edit.inserted_text)));
        done = edit.position + edit.deleted_length;
        edits += 1;
    }
    new.push_str(&old[done..]);
    if new == old {
        return Ok(Ok(None));
    }
    let breaks_syntax =
        count_errors(target.language, &new, cancel)? > count_errors(target.language, old, cancel)?;
    Ok(Ok(Some(FileEdit {
        path: target.file.relative.clone(),
        diff: diff(&target.file.relative.text, old, &new),
        edits,
        nested,
        breaks_syntax,
        old_hash: hash(old.as_bytes()),
        target: target.path().clone(),
        new_content: new,
    })))
}

pub(crate) fn hash(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

fn diff(path: &str, old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(DIFF_CONTEXT)
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

/// `text` with the line ends that `file` has on its first line.
fn with_line_ends_of(file: &str, text: &str) -> String {
    let is_crlf = file.find('\n').is_some_and(|at| file[..at].ends_with('\r'));
    if is_crlf { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text.to_owned() }
}

/// A meta variable that nothing binds would be replaced by nothing, silently deleting code.
fn check_variables(replacement: &str, matcher: &Compiled) -> Result<(), AstError> {
    let bound = matcher.variables();
    for (at, name) in variables_in(replacement) {
        if !bound.contains(name) {
            return Err(AstError::Pattern {
                pattern: replacement.to_owned(),
                position: Some(at),
                reason: format!("the search binds no meta variable `{name}`"),
            });
        }
    }
    Ok(())
}

/// The meta variables of a replacement: where each starts, and its name without `$`.
fn variables_in(replacement: &str) -> impl Iterator<Item = (usize, &str)> {
    replacement.match_indices('$').filter_map(|(at, _)| {
        let rest = &replacement[at + 1..];
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        let is_variable = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        is_variable.then_some((at, name))
    })
}

/// Fails unless `path`, with its symbolic links resolved, lies below `root`, which is canonical.
pub(crate) fn require_inside(root: &Path, path: &Path) -> Result<PathBuf, AstError> {
    let resolved = canonical(path)?;
    if resolved.starts_with(root) {
        Ok(resolved)
    } else {
        Err(AstError::OutsideRoot { path: path.to_path_buf(), root: root.to_path_buf() })
    }
}

fn canonical(path: &Path) -> Result<PathBuf, AstError> {
    path.canonicalize().map_err(|error| AstError::io(path, error))
}
