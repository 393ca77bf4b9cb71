//! Structural search.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use ast_grep_core::Node;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_language::SupportLang;
use orchestrator_search::{Cancel, FileEntry, FileFailure, LossyText, list_files};

use crate::document::{Document, document, read};
use crate::matcher::{Compiled, Found, rule_language};
use crate::query::Shape;
use crate::{AstError, AstQuery, Language, Span, Unchecked};

/// Files searched between two looks at how many matches there are: bounds what is held in memory.
const FILES_PER_BATCH: NonZero<usize> = NonZero::new(128).unwrap();

/// A piece of code that has the shape that was looked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AstMatch {
    /// The path below the root with forward slashes.
    pub path: Arc<LossyText>,
    /// The language in which it was found.
    pub language: Language,
    /// Where it is.
    pub span: Span,
    /// The code itself.
    pub text: String,
    /// What the meta variables stand for, by name without `$`.
    pub variables: BTreeMap<String, Capture>,
}

/// What a meta variable stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Capture {
    /// `$A`: one node.
    One(Snippet),
    /// `$$$A`: any number of nodes in a row, separators such as commas included.
    Many(Vec<Snippet>),
    /// A text that the rule's `transform` made.
    Transformed(String),
}

/// A piece of code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Snippet {
    /// The code.
    pub text: String,
    /// Where it is.
    pub span: Span,
}

/// The answer to an [`AstQuery`].
#[derive(Clone, Debug, Default)]
pub struct AstOutcome {
    /// The kept matches, by path (component by component), then by position. Matches may nest.
    pub matches: Vec<AstMatch>,
    /// How many matches there are in all.
    pub total: usize,
    /// How many of them the limit cut.
    pub left_out: usize,
    /// How many files were searched.
    pub files_searched: usize,
    /// How many of them have a match.
    pub files_matched: usize,
    /// How many selected files were passed over: of another or unknown language, or of one in which
    /// the pattern is not valid.
    pub files_skipped: usize,
    /// Files and directories that could not be read, in path order.
    pub failures: Vec<FileFailure>,
}

/// Finds code by its shape.
///
/// Blocks until all files are searched. Errors: `ERR_PATTERN` if the pattern or rule is valid in none
/// of the languages searched, `ERR_LANGUAGE`, `ERR_CANCELLED`, and those of the file selection.
pub fn ast_search(query: &AstQuery, cancel: &Cancel) -> Result<AstOutcome, AstError> {
    let plan = Plan::new(query, cancel)?;
    let mut outcome =
        AstOutcome { files_skipped: plan.skipped, failures: plan.failures.clone(), ..AstOutcome::default() };
    for batch in plan.targets.chunks(FILES_PER_BATCH.get()) {
        let room = query.max_matches - outcome.matches.len();
        let results = in_parallel(batch, query.threads, |target| {
            search_file(target, plan.matcher(target.language), room, cancel)
        });
        for (target, result) in batch.iter().zip(results) {
            match result? {
                Ok((matches, total)) => {
                    let room = query.max_matches - outcome.matches.len();
                    outcome.matches.extend(matches.into_iter().take(room));
                    outcome.total += total;
                    outcome.files_searched += 1;
                    outcome.files_matched += usize::from(total > 0);
                }
                Err(reason) => outcome.failures.push(failure(&target.file, reason)),
            }
        }
    }
    outcome.failures.sort_by(|a, b| a.path.cmp(&b.path));
    outcome.left_out = outcome.total - outcome.matches.len();
    Ok(outcome)
}

/// A file to search, in a language.
pub(crate) struct Target {
    pub(crate) file: FileEntry,
    pub(crate) language: Language,
}

/// Which files to search, and with what.
pub(crate) struct Plan {
    pub(crate) targets: Vec<Target>,
    pub(crate) failures: Vec<FileFailure>,
    skipped: usize,
    matchers: HashMap<Language, Compiled>,
}

impl Plan {
    pub(crate) fn new(query: &AstQuery, cancel: &Cancel) -> Result<Self, AstError> {
        let wanted = match (&query.shape, query.language) {
            (Shape::Rule(yaml), None) => rule_language(yaml)?,
            (_, language) => language,
        };
        let mut matchers = HashMap::new();
        if let Some(language) = wanted {
            matchers.insert(language, Compiled::new(&query.shape, language)?);
        }
        let list = list_files(&query.files, cancel)?;
        let (mut targets, mut skipped, mut invalid) = (Vec::new(), 0, HashMap::new());
        for file in list.files {
            let language = match wanted {
                Some(language) => Some(language).filter(|it| list.root_is_file || it.can_read(&file.path)),
                None => Language::from_path(&file.path),
            };
            let Some(language) = language else {
                skipped += 1;
                continue;
            };
            if !matchers.contains_key(&language) && !invalid.contains_key(&language) {
                match Compiled::new(&query.shape, language) {
                    Ok(matcher) => drop(matchers.insert(language, matcher)),
                    Err(error) => drop(invalid.insert(language, error)),
                }
            }
            if matchers.contains_key(&language) {
                targets.push(Target { file, language });
            } else {
                skipped += 1;
            }
        }
        if targets.is_empty()
            && let Some(error) = invalid.into_values().next()
        {
            return Err(error);
        }
        Ok(Self { targets, failures: list.failures, skipped, matchers })
    }

    pub(crate) fn matcher(&self, language: Language) -> &Compiled {
        &self.matchers[&language]
    }

    /// The matchers in use, by language.
    pub(crate) fn matchers(&self) -> impl Iterator<Item = (Language, &Compiled)> {
        self.matchers.iter().map(|(&language, matcher)| (language, matcher))
    }
}

/// The result of one file: the outer error ends the call, the inner one is this file's.
pub(crate) type PerFile<T> = Result<Result<T, Unchecked>, AstError>;

/// Reads and parses a file unless its text alone shows that nothing can match.
pub(crate) fn open(target: &Target, matcher: &Compiled, cancel: &Cancel) -> PerFile<Option<Document>> {
    cancel.check()?;
    let source = match read(&target.file.path) {
        Ok(source) => source,
        Err(reason) => return Ok(Err(reason)),
    };
    if matcher.rules_out(&source) {
        return Ok(Ok(None));
    }
    Ok(Ok(Some(document(source, target.language, cancel)?)))
}

fn search_file(
    target: &Target,
    matcher: &Compiled,
    room: usize,
    cancel: &Cancel,
) -> PerFile<(Vec<AstMatch>, usize)> {
    let document = match open(target, matcher, cancel)? {
        Ok(Some(document)) => document,
        Ok(None) => return Ok(Ok((Vec::new(), 0))),
        Err(reason) => return Ok(Err(reason)),
    };
    let found = matcher.find(&document, cancel)?;
    let path = Arc::new(target.file.relative.clone());
    let kept = found.iter().take(room).map(|found| describe(&path, target.language, found)).collect();
    Ok(Ok((kept, found.len())))
}

fn describe(path: &Arc<LossyText>, language: Language, found: &Found<'_>) -> AstMatch {
    let environment = found.get_env();
    let mut variables = BTreeMap::new();
    for variable in environment.get_matched_variables() {
        match variable {
            MetaVariable::Capture(name, _) => {
                let capture = match environment.get_match(&name) {
                    Some(node) => Capture::One(snippet(node)),
                    None => Capture::Transformed(
                        environment
                            .get_transformed(&name)
                            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
                            .unwrap_or_default(),
                    ),
                };
                variables.insert(name, capture);
            }
            MetaVariable::MultiCapture(name) => {
                let nodes = environment.get_multiple_matches(&name);
                variables.insert(name, Capture::Many(nodes.iter().map(snippet).collect()));
            }
            MetaVariable::Dropped(_) | MetaVariable::Multiple => {}
        }
    }
    // ast-grep keeps the nodes that a rule merely labels under this name.
    variables.remove("secondary");
    let Snippet { text, span } = snippet(found);
    AstMatch { path: Arc::clone(path), language, span, text, variables }
}

fn snippet(node: &Node<'_, StrDoc<SupportLang>>) -> Snippet {
    Snippet { text: node.text().into_owned(), span: Span::of(&node.get_inner_node()) }
}

pub(crate) fn failure(file: &FileEntry, reason: Unchecked) -> FileFailure {
    let (kind, message) = match reason {
        Unchecked::Unreadable { kind, message } => (kind, message),
        Unchecked::TooLarge { bytes } => (io::ErrorKind::FileTooLarge, format!("{bytes} bytes are too many")),
        Unchecked::NotUtf8 => (io::ErrorKind::InvalidData, "not valid UTF-8".to_owned()),
        Unchecked::UnknownLanguage => (io::ErrorKind::Unsupported, "unknown language".to_owned()),
    };
    FileFailure { path: file.relative.clone(), kind, message }
}

/// Applies `work` to each item on up to `threads` threads; results are in the order of the items.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len());
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(items.len())));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|&(index, _)| index);
    done.into_iter().map(|(_, result)| result).collect()
}

impl Target {
    pub(crate) fn path(&self) -> &PathBuf {
        &self.file.path
    }
}
