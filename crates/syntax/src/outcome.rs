//! The answer to a structural search.

use std::collections::BTreeMap;
use std::sync::Arc;

use ast_grep_core::Node;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_language::SupportLang;
use orchestrator_search::{FileFailure, LossyText};

use crate::matcher::Found;
use crate::{Language, Span};

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

/// The answer to an [`AstQuery`](crate::AstQuery).
#[derive(Clone, Debug, Default)]
pub struct AstOutcome {
    /// The kept matches, by path (component by component), then by position. Matches may nest.
    pub matches: Vec<AstMatch>,
    /// How many matches there are in all.
    pub total: usize,
    /// How many of them the limit cut.
    pub left_out: usize,
    /// How many files were read, and parsed if their text allows of a match. Depends on what an index
    /// could rule out, which is not even read.
    pub files_searched: usize,
    /// How many of them have a match.
    pub files_matched: usize,
    /// How many files were passed over: of another or unknown language, or of one in which the pattern is
    /// not valid. Depends on the same.
    pub files_skipped: usize,
    /// Files and directories that could not be read, in path order.
    pub failures: Vec<FileFailure>,
}

pub(crate) fn describe(path: &Arc<LossyText>, language: Language, found: &Found<'_>) -> AstMatch {
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
