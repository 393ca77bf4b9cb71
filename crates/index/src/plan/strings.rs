use std::collections::BTreeSet;

use crate::filter::GramQuery;

/// No set of strings grows beyond this.
pub(crate) const MAX_STRINGS: usize = 32;
/// No set has more bytes than this.
const MAX_BYTES: usize = 4096;

/// A set of byte strings; where case is ignored, with ASCII letters in lower case.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Strings {
    texts: BTreeSet<Vec<u8>>,
    any_case: bool,
}

impl Strings {
    /// The empty string: as a prefix or suffix it says nothing.
    pub(crate) fn empty_string() -> Self {
        Self { texts: [Vec::new()].into(), any_case: false }
    }

    pub(crate) fn fits(&self) -> bool {
        self.texts.len() <= MAX_STRINGS && self.texts.iter().map(Vec::len).sum::<usize>() <= MAX_BYTES
    }

    pub(crate) fn union(&mut self, other: Self) {
        self.texts.extend(other.texts);
        self.any_case |= other.any_case;
    }

    /// Each of these followed by each of the others; `None` if that would be too many.
    pub(crate) fn cross(&self, others: &Self) -> Option<Self> {
        if self.texts.len() * others.texts.len() > MAX_STRINGS {
            return None;
        }
        let joined = self.texts.iter().flat_map(|first| {
            others.texts.iter().map(move |second| [first.as_slice(), second.as_slice()].concat())
        });
        let joined = Self { texts: joined.collect(), any_case: self.any_case || others.any_case };
        joined.fits().then_some(joined)
    }

    /// What a file must hold if it holds one of these.
    pub(crate) fn query(&self) -> GramQuery {
        GramQuery::or(self.texts.iter().map(|text| {
            if self.any_case { GramQuery::text_in_any_case(text) } else { GramQuery::text(text) }
        }))
    }

    /// The first `len` bytes of each.
    pub(crate) fn heads(&self, len: usize) -> Self {
        self.map(|text| &text[..text.len().min(len)])
    }

    /// The last `len` bytes of each.
    pub(crate) fn tails(&self, len: usize) -> Self {
        self.map(|text| &text[text.len().saturating_sub(len)..])
    }

    fn map(&self, part: impl Fn(&[u8]) -> &[u8]) -> Self {
        let texts = self.texts.iter().map(|text| part(text).to_vec()).collect();
        Self { texts, any_case: self.any_case }
    }

    /// The same where case is ignored.
    pub(crate) fn in_any_case(self) -> Self {
        let lower = |text: Vec<u8>| text.to_ascii_lowercase();
        Self { texts: self.texts.into_iter().map(lower).collect(), any_case: true }
    }
}

impl FromIterator<Vec<u8>> for Strings {
    fn from_iter<T: IntoIterator<Item = Vec<u8>>>(texts: T) -> Self {
        Self { texts: texts.into_iter().collect(), any_case: false }
    }
}
