use std::collections::BTreeSet;

use crate::filter::GramQuery;

/// No set of strings grows beyond this.
pub(crate) const MAX_STRINGS: usize = 32;
/// No set has more bytes than this.
const MAX_BYTES: usize = 4096;

/// A set of byte strings, with ASCII letters in lower case.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Strings(BTreeSet<Vec<u8>>);

impl Strings {
    /// The empty string: as a prefix or suffix it says nothing.
    pub(crate) fn empty_string() -> Self {
        Self([Vec::new()].into())
    }

    pub(crate) fn fits(&self) -> bool {
        self.0.len() <= MAX_STRINGS && self.0.iter().map(Vec::len).sum::<usize>() <= MAX_BYTES
    }

    pub(crate) fn union(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Each of these followed by each of the others; `None` if that would be too many.
    pub(crate) fn cross(&self, others: &Self) -> Option<Self> {
        if self.0.len() * others.0.len() > MAX_STRINGS {
            return None;
        }
        let joined = self.0.iter().flat_map(|first| {
            others.0.iter().map(move |second| [first.as_slice(), second.as_slice()].concat())
        });
        let joined = Self(joined.collect());
        joined.fits().then_some(joined)
    }

    /// What a file must hold if it holds one of these.
    pub(crate) fn query(&self) -> GramQuery {
        GramQuery::or(self.0.iter().map(|text| GramQuery::text(text)))
    }

    /// The first `len` bytes of each.
    pub(crate) fn heads(&self, len: usize) -> Self {
        Self(self.0.iter().map(|text| text[..text.len().min(len)].to_vec()).collect())
    }

    /// The last `len` bytes of each.
    pub(crate) fn tails(&self, len: usize) -> Self {
        Self(self.0.iter().map(|text| text[text.len().saturating_sub(len)..].to_vec()).collect())
    }
}

impl FromIterator<Vec<u8>> for Strings {
    fn from_iter<T: IntoIterator<Item = Vec<u8>>>(texts: T) -> Self {
        let folded = |mut text: Vec<u8>| {
            text.make_ascii_lowercase();
            text
        };
        Self(texts.into_iter().map(folded).collect())
    }
}
