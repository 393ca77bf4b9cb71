use regex_syntax::hir::{Hir, HirKind, Repetition};

use super::class::members;
use super::strings::Strings;
use crate::filter::{GramQuery, Requirement};

/// Two bytes of a neighbour are enough for every gram across a seam.
const SEAM: usize = 2;
/// Copies of a counted repetition that are looked at one by one.
const MAX_COPIES: u32 = 8;
/// Copies beyond the least number that are looked at one by one.
const MAX_MORE: u32 = 3;

/// What is known of all matches of a part of a pattern.
#[derive(Clone, Debug)]
enum Known {
    /// Each match is one of these.
    Exact(Strings),
    /// Each match begins with one of `prefix`, ends with one of `suffix`, and a file that holds it
    /// satisfies `query`.
    ///
    /// The strings have no more than two bytes: what longer ones require is in `query` already. A part
    /// that matches the empty string has the empty string in both sets.
    Around { prefix: Strings, suffix: Strings, query: GramQuery },
}

impl Known {
    fn nothing() -> Self {
        Self::Around {
            prefix: Strings::empty_string(),
            suffix: Strings::empty_string(),
            query: GramQuery::All,
        }
    }

    fn empty_string() -> Self {
        Self::Exact(Strings::empty_string())
    }

    fn query(self) -> GramQuery {
        match self {
            Self::Exact(strings) => strings.query(),
            Self::Around { prefix, suffix, query } => GramQuery::and([query, prefix.query(), suffix.query()]),
        }
    }

    /// The same, less exactly.
    fn around(self) -> (Strings, Strings, GramQuery) {
        match self {
            Self::Exact(strings) => {
                (shortest(&strings, Strings::heads), shortest(&strings, Strings::tails), strings.query())
            }
            Self::Around { prefix, suffix, query } => (prefix, suffix, query),
        }
    }
}

/// At most two bytes of each string, and fewer if the set is too large.
fn shortest(strings: &Strings, cut: impl Fn(&Strings, usize) -> Strings) -> Strings {
    (0..=SEAM).rev().map(|len| cut(strings, len)).find(Strings::fits).unwrap_or_else(Strings::empty_string)
}

/// The walk over one pattern.
pub(crate) struct Analysis {
    multiline: bool,
    any_case: bool,
    exotic: bool,
}

impl Analysis {
    /// With `any_case`, grams are required in any case: right for every pattern, and far shorter where letters of both
    /// cases match.
    pub(crate) fn new(multiline: bool, any_case: bool) -> Self {
        Self { multiline, any_case, exotic: false }
    }

    pub(crate) fn requirement(mut self, hir: &Hir) -> Requirement {
        let query = self.known(hir).query();
        Requirement { query, exotic: self.exotic }
    }

    fn known(&mut self, hir: &Hir) -> Known {
        match hir.kind() {
            // Looking around takes no bytes; what it forbids is not known here.
            HirKind::Empty | HirKind::Look(_) => Known::empty_string(),
            HirKind::Literal(literal) => {
                let strings: Strings = [literal.0.to_vec()].into_iter().collect();
                Known::Exact(if self.any_case { strings.in_any_case() } else { strings })
            }
            HirKind::Class(class) => match members(class, self.multiline, self.any_case) {
                Some(members) => {
                    self.exotic |= members.exotic;
                    Known::Exact(members.strings)
                }
                None => Known::nothing(),
            },
            HirKind::Repetition(repetition) => self.repetition(repetition),
            HirKind::Capture(capture) => self.known(&capture.sub),
            HirKind::Concat(parts) => {
                parts.iter().fold(Known::empty_string(), |known, part| concat(known, self.known(part)))
            }
            HirKind::Alternation(branches) => {
                let branches = branches.iter().map(|branch| self.known(branch)).collect();
                alternation(branches)
            }
        }
    }

    fn repetition(&mut self, repetition: &Repetition) -> Known {
        let (min, max) = (repetition.min, repetition.max);
        if max == Some(0) {
            return Known::empty_string();
        }
        if min == 0 && max != Some(1) {
            return Known::nothing();
        }
        let part = self.known(&repetition.sub);
        if min == 0 {
            return alternation(vec![part, Known::empty_string()]);
        }
        let copies = min.min(MAX_COPIES);
        let repeated = (1..copies).fold(part.clone(), |known, _| concat(known, part.clone()));
        let more = max.map_or(u32::MAX, |max| max - copies);
        if more <= MAX_MORE {
            let option = alternation(vec![part, Known::empty_string()]);
            let exact = (0..more).fold(repeated.clone(), |known, _| concat(known, option.clone()));
            if more == 0 || matches!(exact, Known::Exact(_)) {
                return exact;
            }
        }
        // As more copies may stand between these, only the ends and the content are known.
        let (prefix, suffix, query) = repeated.around();
        Known::Around { prefix, suffix, query }
    }
}

fn concat(first: Known, second: Known) -> Known {
    if let (Known::Exact(first), Known::Exact(second)) = (&first, &second)
        && let Some(strings) = first.cross(second)
    {
        return Known::Exact(strings);
    }
    let ends = |known: &Known| match known {
        Known::Exact(strings) => Some(strings.clone()),
        Known::Around { .. } => None,
    };
    let (first_exact, second_exact) = (ends(&first), ends(&second));
    let (first_prefix, first_suffix, first_query) = first.around();
    let (second_prefix, second_suffix, second_query) = second.around();
    let prefix = first_exact.and_then(|exact| exact.cross(&second_prefix));
    let suffix = second_exact.and_then(|exact| first_suffix.cross(&exact));
    let query = GramQuery::and([
        first_query,
        second_query,
        seam(&first_suffix, &second_prefix),
        prefix.as_ref().map_or(GramQuery::All, Strings::query),
        suffix.as_ref().map_or(GramQuery::All, Strings::query),
    ]);
    Known::Around {
        prefix: prefix.map_or(first_prefix, |prefix| shortest(&prefix, Strings::heads)),
        suffix: suffix.map_or(second_suffix, |suffix| shortest(&suffix, Strings::tails)),
        query,
    }
}

/// The grams across the place where one part ends and the next begins.
fn seam(suffix: &Strings, prefix: &Strings) -> GramQuery {
    if let Some(joined) = suffix.cross(prefix) {
        return joined.query();
    }
    let parts = [suffix.tails(1).cross(prefix), suffix.cross(&prefix.heads(1))];
    GramQuery::and(parts.into_iter().flatten().map(|joined| joined.query()))
}

fn alternation(branches: Vec<Known>) -> Known {
    let mut exact = Strings::default();
    let mut all_exact = true;
    for branch in &branches {
        match branch {
            Known::Exact(strings) if all_exact => exact.union(strings.clone()),
            _ => all_exact = false,
        }
        if !exact.fits() {
            all_exact = false;
        }
    }
    if all_exact {
        return Known::Exact(exact);
    }
    let (mut prefixes, mut suffixes, mut queries) = (Strings::default(), Strings::default(), Vec::new());
    for branch in branches {
        let (prefix, suffix, query) = branch.around();
        prefixes.union(prefix);
        suffixes.union(suffix);
        queries.push(query);
    }
    Known::Around {
        prefix: shortest(&prefixes, Strings::heads),
        suffix: shortest(&suffixes, Strings::tails),
        query: GramQuery::or(queries),
    }
}
