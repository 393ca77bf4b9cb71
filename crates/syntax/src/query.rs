//! What to look for in syntax trees.

use orchestrator_search::FileQuery;

use crate::Language;

/// The number of matches kept when a query sets no limit of its own.
pub const DEFAULT_MAX_MATCHES: usize = 1_000;

/// The shape of the code that is looked for.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Pattern(String),
    Rule(String),
}

/// A structural search.
#[derive(Clone, Debug)]
pub struct AstQuery {
    pub(crate) shape: Shape,
    pub(crate) files: FileQuery,
    pub(crate) language: Option<Language>,
    pub(crate) max_matches: usize,
}

impl AstQuery {
    /// Looks for code like `pattern`, in which `$A` stands for one node and `$$$B` for any number.
    #[must_use]
    pub fn pattern(pattern: impl Into<String>, files: FileQuery) -> Self {
        Self::new(Shape::Pattern(pattern.into()), files)
    }

    /// Looks for what an ast-grep rule describes: YAML with `rule` and, if need be, `constraints`,
    /// `utils`, `transform` and `language`.
    #[must_use]
    pub fn rule(yaml: impl Into<String>, files: FileQuery) -> Self {
        Self::new(Shape::Rule(yaml.into()), files)
    }

    fn new(shape: Shape, files: FileQuery) -> Self {
        Self { shape, files, language: None, max_matches: DEFAULT_MAX_MATCHES }
    }

    /// Searches only files of this language, or a root that is a file, whatever its extension.
    ///
    /// Without it each file is searched in its own language, as long as the pattern is valid there.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Keeps at most this many matches: the first ones in path order. The others are counted.
    #[must_use]
    pub fn max_matches(mut self, max: usize) -> Self {
        self.max_matches = max;
        self
    }
}
