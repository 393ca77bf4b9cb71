use super::gram::{Gram, grams, grams_in_any_case};

/// Which grams a file must hold to be able to match.
///
/// Build with [`and`](Self::and) and [`or`](Self::or), which keep it small.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum GramQuery {
    /// Nothing is known: every file is a candidate.
    All,
    /// Nothing can match.
    Never,
    /// The file must hold this gram.
    Gram(Gram),
    /// All of these must hold.
    And(Vec<GramQuery>),
    /// One of these must hold.
    Or(Vec<GramQuery>),
}

/// More terms than this do not make a conjunction more selective in practice; dropping some is safe.
const MAX_TERMS: usize = 256;
/// More branches than this cost more than they save.
const MAX_BRANCHES: usize = 1024;

impl GramQuery {
    /// All grams of `text`; [`GramQuery::All`] if it has none.
    #[must_use]
    pub fn text(text: &[u8]) -> Self {
        Self::and(grams(text).map(Self::Gram))
    }

    /// The same where case is ignored.
    #[must_use]
    pub fn text_in_any_case(text: &[u8]) -> Self {
        Self::and(grams_in_any_case(text).map(Self::Gram))
    }

    /// The conjunction: flat, sorted, without duplicates.
    #[must_use]
    pub fn and(terms: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for term in terms {
            match term {
                Self::All => {}
                Self::Never => return Self::Never,
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        absorb(&mut flat);
        flat.truncate(MAX_TERMS);
        match flat.len() {
            0 => Self::All,
            1 => flat.swap_remove(0),
            _ => Self::And(flat),
        }
    }

    /// The disjunction: flat, sorted, without duplicates, and with what all branches ask taken out.
    #[must_use]
    pub fn or(branches: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for branch in branches {
            match branch {
                Self::All => return Self::All,
                Self::Never => {}
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        if flat.len() > MAX_BRANCHES {
            return Self::All;
        }
        match flat.len() {
            0 => Self::Never,
            1 => flat.swap_remove(0),
            _ => factor(flat),
        }
    }

    fn terms(&self) -> &[Self] {
        match self {
            Self::And(terms) => terms,
            other => std::slice::from_ref(other),
        }
    }

    /// Whether `holds` is true of enough grams.
    pub(crate) fn accepts(&self, holds: &impl Fn(Gram) -> bool) -> bool {
        match self {
            Self::All => true,
            Self::Never => false,
            Self::Gram(gram) => holds(*gram),
            Self::And(terms) => terms.iter().all(|term| term.accepts(holds)),
            Self::Or(branches) => branches.iter().any(|branch| branch.accepts(holds)),
        }
    }
}

/// `a ∧ (a ∨ b) = a`: drops each disjunction that another term of the sorted conjunction implies.
fn absorb(terms: &mut Vec<GramQuery>) {
    let grams = terms.partition_point(|term| matches!(term, GramQuery::Gram(_)));
    let (known, rest) = terms.split_at(grams);
    let keep: Vec<bool> = rest
        .iter()
        .map(|term| match term {
            GramQuery::Or(branches) => !branches
                .iter()
                .any(|branch| branch.terms().iter().all(|inner| known.binary_search(inner).is_ok())),
            _ => true,
        })
        .collect();
    let mut keep = std::iter::repeat_n(true, grams).chain(keep);
    terms.retain(|_| keep.next().unwrap_or(true));
}

/// `(a ∧ b) ∨ (a ∧ c) = a ∧ (b ∨ c)`, and so also `a ∨ (a ∧ b) = a`.
fn factor(branches: Vec<GramQuery>) -> GramQuery {
    let mut common = branches[0].terms().to_vec();
    for branch in &branches[1..] {
        common.retain(|term| branch.terms().binary_search(term).is_ok());
    }
    if common.is_empty() {
        return GramQuery::Or(branches);
    }
    let rest = branches.iter().map(|branch| {
        let own = branch.terms().iter().filter(|term| common.binary_search(term).is_err());
        GramQuery::and(own.cloned())
    });
    let rest = GramQuery::or(rest.collect::<Vec<_>>());
    GramQuery::and(common.into_iter().chain([rest]))
}

/// What a file must be like to be able to match a pattern.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requirement {
    /// The grams that it must hold.
    pub query: GramQuery,
    /// Files whose [`Signature::exotic`](super::Signature::exotic) is set are candidates whatever their
    /// grams: `query` leaves out that U+017F matches `s`, and U+212A `k`, when case is ignored.
    pub exotic: bool,
}

impl From<GramQuery> for Requirement {
    fn from(query: GramQuery) -> Self {
        Self { query, exotic: false }
    }
}
