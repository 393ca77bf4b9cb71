//! A shape in all languages in question.

use std::collections::BTreeMap;
use std::sync::Mutex;

use orchestrator_search::Candidates;
use orchestrator_search::paths::os_path;

use crate::matcher::{Compiled, rule_language};
use crate::pass::lock;
use crate::query::Shape;
use crate::texts::Texts;
use crate::{AstError, AstQuery, Language};

/// The matchers of a query: one in a given language, else one in each language in which the shape is valid.
pub(crate) struct Matchers {
    /// The only language, if one was given.
    wanted: Option<Language>,
    /// Languages for which the shape is not compiled yet, last ones first.
    left: Vec<Language>,
    valid: BTreeMap<Language, Compiled>,
    /// What is wrong with the shape in the other languages.
    invalid: Mutex<BTreeMap<Language, AstError>>,
}

/// What to do with a file.
pub(crate) enum Reading<'a> {
    /// Read it in this language.
    With(Language, &'a Compiled),
    /// Nothing: it is of another language, or of none that is known.
    Skipped,
    /// Nothing: the shape is not valid in its language.
    Invalid(Language),
}

impl Matchers {
    /// No matchers yet. Fails if a rule names a language that is not known.
    pub(crate) fn new(query: &AstQuery) -> Result<Self, AstError> {
        let wanted = match (&query.shape, query.language) {
            (Shape::Rule(yaml), None) => rule_language(yaml)?,
            (_, language) => language,
        };
        let mut left = wanted.map_or_else(|| Language::supported().collect(), |language| vec![language]);
        left.reverse();
        Ok(Self { wanted, left, valid: BTreeMap::new(), invalid: Mutex::default() })
    }

    /// Compiles the shape for one more language; false if there is none. In a language that was given it must
    /// be valid.
    pub(crate) fn compile_next(&mut self, shape: &Shape) -> Result<bool, AstError> {
        let Some(language) = self.left.pop() else { return Ok(false) };
        match Compiled::new(shape, language) {
            Ok(matcher) => drop(self.valid.insert(language, matcher)),
            Err(error) if self.wanted.is_some() => return Err(error),
            Err(error) => drop(lock(&self.invalid).insert(language, error)),
        }
        Ok(true)
    }

    /// Groups of texts of which a file must hold one whole group to have a match; `None`: any file may.
    pub(crate) fn groups(&self) -> Option<Vec<Vec<String>>> {
        Texts::alternatives(self.valid.values().map(Compiled::texts))
    }

    /// The matchers of all languages in which the shape is valid.
    pub(crate) fn valid(&self) -> impl Iterator<Item = &Compiled> {
        self.valid.values()
    }

    /// Whether there are languages in which the shape is not valid.
    pub(crate) fn has_invalid(&self) -> bool {
        !lock(&self.invalid).is_empty()
    }

    /// Whether one of the files is of a language in which the shape is valid.
    pub(crate) fn can_read_any(&self, files: &Candidates) -> bool {
        (0..files.len()).any(|at| matches!(self.reading(files, at), Reading::With(..)))
    }

    /// What is wrong with the shape in the language of the first file where something is.
    pub(crate) fn error_of_first(&self, files: &Candidates) -> Option<AstError> {
        (0..files.len()).find_map(|at| match self.reading(files, at) {
            Reading::Invalid(language) => self.error(language),
            _ => None,
        })
    }

    /// What is wrong with the shape in a language. Told once.
    pub(crate) fn error(&self, language: Language) -> Option<AstError> {
        lock(&self.invalid).remove(&language)
    }

    pub(crate) fn reading(&self, files: &Candidates, at: usize) -> Reading<'_> {
        let path = &*os_path(files.path(at));
        let language = match self.wanted {
            Some(wanted) => Some(wanted).filter(|it| files.root_is_file || it.can_read(path)),
            None => Language::from_path(path),
        };
        match language {
            None => Reading::Skipped,
            Some(language) => match self.valid.get(&language) {
                Some(matcher) => Reading::With(language, matcher),
                None => Reading::Invalid(language),
            },
        }
    }
}
