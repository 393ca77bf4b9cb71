//! From a query to a matcher, with ripgrep's settings.

use grep_matcher::{ByteSet, LineMatchKind, LineTerminator, Match, Matcher, NoCaptures, NoError};
use grep_regex::{ErrorKind, RegexMatcher, RegexMatcherBuilder};
use regex_syntax::ParserBuilder;

use crate::{Cancel, CaseMode, GrepQuery, PatternKind, SearchError};

/// Compiles the query's pattern as `rg` with the same flags does.
pub(crate) fn compile(query: &GrepQuery) -> Result<RegexMatcher, SearchError> {
    let mut builder = RegexMatcherBuilder::new();
    builder
        .multi_line(true)
        .unicode(true)
        .octal(false)
        .fixed_strings(query.literal)
        .word(query.word)
        .case_insensitive(query.case == CaseMode::Insensitive)
        .case_smart(query.case == CaseMode::Smart)
        // A NUL ends the search of a file, so a pattern that needs one can never match.
        .ban_byte(Some(0));
    if !query.multiline {
        builder.line_terminator(Some(b'\n'));
    }
    builder.build(&query.pattern).map_err(|error| explain(query, &error))
}

/// A matcher that fails once the call is cancelled.
///
/// In multi-line mode the searcher holds a whole file and can try a pattern that matches nothing much
/// at each of its bytes; this is the only place where such a search can be stopped.
#[derive(Clone, Debug)]
pub(crate) struct CancellableMatcher {
    pub(crate) matcher: RegexMatcher,
    pub(crate) cancel: Cancel,
}

impl Matcher for CancellableMatcher {
    type Captures = NoCaptures;
    type Error = SearchError;

    fn find_at(&self, haystack: &[u8], at: usize) -> Result<Option<Match>, SearchError> {
        self.cancel.check()?;
        Ok(value(self.matcher.find_at(haystack, at)))
    }

    fn new_captures(&self) -> Result<NoCaptures, SearchError> {
        Ok(NoCaptures::new())
    }

    fn shortest_match_at(&self, haystack: &[u8], at: usize) -> Result<Option<usize>, SearchError> {
        self.cancel.check()?;
        Ok(value(self.matcher.shortest_match_at(haystack, at)))
    }

    fn non_matching_bytes(&self) -> Option<&ByteSet> {
        self.matcher.non_matching_bytes()
    }

    fn line_terminator(&self) -> Option<LineTerminator> {
        self.matcher.line_terminator()
    }

    fn find_candidate_line(&self, haystack: &[u8]) -> Result<Option<LineMatchKind>, SearchError> {
        self.cancel.check()?;
        Ok(value(self.matcher.find_candidate_line(haystack)))
    }
}

/// The regex matcher's error type has no values, but only its own crate can match on that.
fn value<T>(result: Result<Option<T>, NoError>) -> Option<T> {
    result.unwrap_or(None)
}

fn explain(query: &GrepQuery, error: &grep_regex::Error) -> SearchError {
    let (position, reason) = match error.kind() {
        ErrorKind::NotAllowed(_) => (
            line_break(&query.pattern),
            "a line break cannot match while lines are searched one by one; use multi-line mode".to_owned(),
        ),
        ErrorKind::Banned(_) => {
            (None, "a NUL byte cannot match: files that hold one are treated as binary".to_owned())
        }
        // `grep-regex` gives its parser's error as a drawing; parsing once more gives the span.
        _ if !query.literal => syntax_error(query).unwrap_or_else(|| (None, one_line(&error.to_string()))),
        _ => (None, one_line(&error.to_string())),
    };
    SearchError::Pattern { kind: PatternKind::Regex, pattern: query.pattern.clone(), position, reason }
}

fn syntax_error(query: &GrepQuery) -> Option<(Option<usize>, String)> {
    let parsed = ParserBuilder::new().multi_line(true).utf8(false).build().parse(&query.pattern);
    let (span, reason) = match parsed.err()? {
        regex_syntax::Error::Parse(error) => (*error.span(), error.kind().to_string()),
        regex_syntax::Error::Translate(error) => (*error.span(), error.kind().to_string()),
        other => return Some((None, one_line(&other.to_string()))),
    };
    Some((Some(span.start.offset), reason))
}

fn line_break(pattern: &str) -> Option<usize> {
    pattern.find('\n').or_else(|| pattern.find(r"\n"))
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}
