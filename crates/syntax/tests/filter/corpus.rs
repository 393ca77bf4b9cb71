//! A tree of files that is searched in three ways.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{AstGrep, Matcher};
use ast_grep_language::SupportLang;
use orchestrator_search::{Answer, Cancel, Candidates, Content, FileQuery, FileSource, NoIndex};
use orchestrator_syntax::{AstMatch, AstOutcome, AstQuery, AstSearch};

use crate::sources::parse;
use crate::support::{done, tree};

/// A source that rules out by texts, and nothing else. It knows the files of one tree.
pub struct ByTexts {
    pub files: Vec<(String, String)>,
    ruled_out: AtomicUsize,
}

impl FileSource for ByTexts {
    fn select(&self, query: &FileQuery, content: Content<'_>, _: bool) -> Answer {
        let mut candidates = Candidates::new(query.root().to_path_buf(), Arc::default(), 0);
        for (path, source) in &self.files {
            let may_match = match content {
                Content::Any => true,
                Content::Texts(groups) => {
                    assert!(!groups.is_empty() && groups.iter().all(|group| !group.is_empty()), "{groups:?}");
                    groups.iter().any(|group| group.iter().all(|text| source.contains(text.as_str())))
                }
                Content::Grep(_) => unreachable!(),
            };
            if may_match {
                candidates.push_added(path.as_bytes());
            } else {
                self.ruled_out.fetch_add(1, Ordering::Relaxed);
            }
        }
        Answer::Files(candidates)
    }

    fn walked(&self, _: &Path) {}
}

fn found(outcome: &AstOutcome) -> BTreeSet<(String, usize, usize)> {
    assert_eq!((outcome.left_out, outcome.failures.len()), (0, 0));
    let each = |it: &AstMatch| (it.path.text.clone(), it.span.byte_start, it.span.byte_end);
    outcome.matches.iter().map(each).collect()
}

/// A match: path, start and end, and whether there is an error in it.
pub type Expected = BTreeSet<(String, usize, usize, bool)>;

pub struct Corpus {
    dir: tempfile::TempDir,
    parsed: Vec<(String, SupportLang, AstGrep<StrDoc<SupportLang>>)>,
    pub source: Arc<ByTexts>,
    /// How many matches there were in all.
    pub matches: usize,
    /// How many ast-grep finds besides, in broken code.
    pub dropped: usize,
}

impl Corpus {
    pub fn new(mut files: Vec<(String, String)>) -> Self {
        files.sort();
        let dir = tree(&files.iter().map(|(path, source)| (path.as_str(), source)).collect::<Vec<_>>());
        let parsed = files.iter().map(|(path, source)| {
            let (language, parsed) = parse(path, source);
            (path.clone(), language, parsed)
        });
        let parsed = parsed.collect();
        let source = Arc::new(ByTexts { files, ruled_out: AtomicUsize::new(0) });
        Self { dir, parsed, source, matches: 0, dropped: 0 }
    }

    /// The matches that ast-grep finds.
    pub fn reference<M: Matcher>(&self, compile: impl Fn(SupportLang) -> Option<M>) -> Expected {
        let mut found = BTreeSet::new();
        for (path, language, parsed) in &self.parsed {
            let Some(matcher) = compile(*language) else { continue };
            found.extend(parsed.root().find_all(&matcher).map(|found| {
                let broken = found.get_inner_node().has_error();
                (path.clone(), found.range().start, found.range().end, broken)
            }));
        }
        found
    }

    /// Compares the three: everything parsed, texts looked for in each file, and files ruled out before.
    pub fn compare(&mut self, query: &AstQuery, expected: &Expected, exact: bool) {
        let query = query.clone().max_matches(usize::MAX);
        let plain = done(AstSearch::new(query.clone(), Arc::new(NoIndex), Cancel::new()));
        let filtered = done(AstSearch::new(
            query.clone(),
            Arc::clone(&self.source) as Arc<dyn FileSource>,
            Cancel::new(),
        ));
        let (plain, filtered) = match (plain, filtered) {
            (Ok(plain), Ok(filtered)) => (plain, filtered),
            (Err(plain), Err(filtered)) => {
                assert_eq!((plain.code(), filtered.code()), ("ERR_PATTERN", "ERR_PATTERN"), "{query:?}");
                return;
            }
            other => panic!("{query:?}: {other:?}"),
        };
        assert_eq!(plain.matches, filtered.matches, "{query:?}");
        assert_eq!((plain.total, plain.files_matched), (filtered.total, filtered.files_matched), "{query:?}");
        let found = found(&plain);
        for (path, start, end, broken) in expected {
            let is_found = found.contains(&(path.clone(), *start, *end));
            // Only where the parser made a keyword up.
            assert!(is_found || (*broken && !exact), "{query:?}: {path} {start}..{end}");
            self.dropped += usize::from(!is_found);
        }
        assert!(found.len() <= expected.len(), "{query:?}");
        self.matches += found.len();
    }

    pub fn files(&self) -> FileQuery {
        FileQuery::new(self.dir.path())
    }

    /// How many files were not even read.
    pub fn ruled_out(&self) -> usize {
        self.source.ruled_out.load(Ordering::Relaxed)
    }
}
