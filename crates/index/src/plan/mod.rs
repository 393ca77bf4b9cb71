//! From a pattern to the grams that a matching file must hold.
//!
//! The analysis is that of Russ Cox, "Regular Expression Matching with a Trigram Index" (2012): for each
//! part of a pattern, which strings it matches exactly, or else what its matches begin with, end with
//! and contain.

mod analysis;
mod class;
mod strings;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

use crate::filter::{GramQuery, Requirement};
use analysis::Analysis;

/// How a pattern is meant.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PlanOptions {
    /// The pattern is a text, not a regular expression.
    pub literal: bool,
    /// Case is ignored. Smart case may say so whatever the pattern: the plan is then merely weaker.
    pub case_insensitive: bool,
    /// A match may reach across lines.
    pub multiline: bool,
}

/// What a file must be like to hold a match of `pattern`, as `orchestrator-search` compiles it.
///
/// Only looking around (as for whole words) may be added to the pattern. One that does not parse
/// requires nothing: the search explains what is wrong with it.
#[must_use]
pub fn required(pattern: &str, options: PlanOptions) -> Requirement {
    if options.literal && !options.case_insensitive {
        return GramQuery::text(pattern.as_bytes()).into();
    }
    match parsed(pattern, options) {
        Some(hir) => {
            let any_case = options.case_insensitive || (!options.literal && ignores_case_inside(pattern));
            Analysis::new(options.multiline, any_case).requirement(&hir)
        }
        None => GramQuery::All.into(),
    }
}

/// Whether a group sets the flag `i`, as `(?i)` and `(?s-i:…)` do; also true of some that do not.
fn ignores_case_inside(pattern: &str) -> bool {
    pattern.match_indices("(?").any(|(at, _)| {
        let rest = &pattern[at + 2..];
        let flags = &rest[..rest.find([')', ':', '<', '=']).unwrap_or(rest.len())];
        flags.contains('i')
    })
}

/// The length in bytes of the longest text that matches `pattern`; `None` if there is none, or it is not known.
#[must_use]
pub fn longest_match(pattern: &str, options: PlanOptions) -> Option<usize> {
    if options.literal && !options.case_insensitive {
        return Some(pattern.len());
    }
    parsed(pattern, options)?.properties().maximum_len()
}

fn parsed(pattern: &str, options: PlanOptions) -> Option<Hir> {
    // In a group, as `grep-regex` has it: `a)(b` is a valid pattern there.
    let text = if options.literal { regex_syntax::escape(pattern) } else { format!("(?:{pattern})") };
    ParserBuilder::new()
        .utf8(false)
        .unicode(true)
        .multi_line(true)
        .octal(false)
        .case_insensitive(options.case_insensitive)
        .build()
        .parse(&text)
        .ok()
}

/// All grams of all texts: what a structural search for code with these words in it requires.
#[must_use]
pub fn literals(texts: &[&str]) -> GramQuery {
    GramQuery::and(texts.iter().map(|text| GramQuery::text(text.as_bytes())))
}
