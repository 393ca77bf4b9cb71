//! Structural rewriting: the preview.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use ast_grep_core::replacer::TemplateFix;
use orchestrator_scheduler::executor::StepContext;
use orchestrator_search::{Cancel, FileFailure, FileSource, LossyText, Progress, Work};
use sha2::{Digest, Sha256};
use similar::TextDiff;

use crate::check::count_errors;
use crate::matcher::Compiled;
use crate::matchers::Matchers;
use crate::pass::{Pass, Visited, lock};
use crate::{AstError, AstQuery};

/// Lines of context around each change in a diff, as in git.
const DIFF_CONTEXT: usize = 3;

/// A structural replacement.
#[derive(Clone, Debug)]
pub struct AstRewriteQuery {
    query: AstQuery,
    replacement: String,
    root: PathBuf,
}

impl AstRewriteQuery {
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

/// The work of previewing a rewrite, which writes nothing.
///
/// Inserted line breaks are those of the file. Errors: those of [`AstSearch`](crate::AstSearch), `ERR_PATTERN` for a
/// replacement with a meta variable that the query does not bind (in any language, or in that of a match), and
/// `ERR_OUTSIDE_ROOT`.
pub struct AstRewrite {
    query: AstRewriteQuery,
    pass: Pass,
    /// Resolved.
    root: OnceLock<PathBuf>,
    replacement_fits: OnceLock<()>,
    edits: Mutex<BTreeMap<usize, FileEdit>>,
}

impl AstRewrite {
    /// The work that previews a rewrite.
    #[must_use]
    pub fn new(query: AstRewriteQuery, source: Arc<dyn FileSource>, cancel: Cancel) -> Self {
        let pass = Pass::new(query.query.clone(), source, cancel);
        let (root, replacement_fits) = (OnceLock::new(), OnceLock::new());
        Self { query, pass, root, replacement_fits, edits: Mutex::default() }
    }

    /// The root, once it is certain that the query begins in it.
    fn root(&self) -> Result<&Path, AstError> {
        if let Some(root) = self.root.get() {
            return Ok(root);
        }
        let root = canonical(&self.query.root)?;
        require_inside(&root, self.pass.query().files.root())?;
        Ok(self.root.get_or_init(|| root))
    }

    /// Fails if the replacement fits the query in no language at all, with the error of where it fits best.
    fn check_replacement(&self, matchers: &Matchers) -> Result<(), AstError> {
        let mut best: Option<(usize, AstError)> = None;
        for matcher in matchers.valid() {
            let Some((at, name)) = unbound(&self.query.replacement, matcher) else { return Ok(()) };
            if best.as_ref().is_none_or(|&(other, _)| other < at) {
                best = Some((at, unbound_error(&self.query.replacement, at, name)));
            }
        }
        best.map_or(Ok(()), |(_, error)| Err(error))
    }

    fn rewrite(&self, root: &Path, file: &Visited<'_>) -> Result<(), AstError> {
        let Some(edit) = rewrite_file(file, &self.query.replacement, self.pass.cancel())? else {
            return Ok(());
        };
        require_inside(root, &edit.target)?;
        lock(&self.edits).insert(file.at, edit);
        Ok(())
    }
}

impl Work for AstRewrite {
    type Output = Preview;
    type Error = AstError;

    fn step(&self, context: &StepContext<'_>) -> Result<Progress, AstError> {
        let root = self.root()?;
        if self.replacement_fits.get().is_none() {
            let Some(matchers) = self.pass.compile()? else { return Ok(Progress::More) };
            self.check_replacement(matchers)?;
            let _ = self.replacement_fits.set(());
        }
        self.pass.step(context, |file| self.rewrite(root, file))
    }

    fn output(&self) -> Result<Preview, AstError> {
        let failures = self.pass.end()?.failures;
        let files = std::mem::take(&mut *lock(&self.edits)).into_values().collect();
        Ok(Preview { root: self.root()?.to_path_buf(), files, failures })
    }
}

fn rewrite_file(
    file: &Visited<'_>,
    replacement: &str,
    cancel: &Cancel,
) -> Result<Option<FileEdit>, AstError> {
    let Visited { files, at, language, matcher, document } = file;
    let old = document.get_text();
    let Ok(template) = TemplateFix::try_new(replacement, &language.ast_grep());
    let mut found = matcher.find(document, cancel)?;
    if found.is_empty() {
        return Ok(None);
    }
    if let Some((at, name)) = unbound(replacement, matcher) {
        return Err(unbound_error(replacement, at, name));
    }
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
        return Ok(None);
    }
    let breaks_syntax = count_errors(*language, &new, cancel)? > count_errors(*language, old, cancel)?;
    let path = files.text(*at);
    Ok(Some(FileEdit {
        diff: diff(&path.text, old, &new),
        path,
        edits,
        nested,
        breaks_syntax,
        old_hash: hash(old.as_bytes()),
        target: files.open_path(*at),
        new_content: new,
    }))
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

/// A meta variable that nothing binds: it would be replaced by nothing, silently deleting code.
fn unbound<'r>(replacement: &'r str, matcher: &Compiled) -> Option<(usize, &'r str)> {
    let bound = matcher.variables();
    variables_in(replacement).find(|(_, name)| !bound.contains(name))
}

fn unbound_error(replacement: &str, at: usize, name: &str) -> AstError {
    AstError::Pattern {
        pattern: replacement.to_owned(),
        position: Some(at),
        reason: format!("the search binds no meta variable `{name}`"),
    }
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
