use super::gram::Gram;
use super::query::Requirement;

/// The narrowest signature has 64 bits.
pub const MIN_WIDTH_LOG2: u8 = 6;
/// The widest signature has 65,536 bits.
pub const MAX_WIDTH_LOG2: u8 = 16;

/// Which grams a file may hold: a Bloom filter with one hash function.
///
/// The default is the signature of a file without grams.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    width_log2: u8,
    exotic: bool,
    bits: Box<[u64]>,
}

impl Default for Signature {
    fn default() -> Self {
        Self { width_log2: MIN_WIDTH_LOG2, exotic: false, bits: Box::new([0]) }
    }
}

impl Signature {
    /// A signature that any file may have: it accepts every requirement except an impossible one.
    #[must_use]
    pub fn saturated() -> Self {
        Self { width_log2: MIN_WIDTH_LOG2, exotic: true, bits: Box::new([u64::MAX]) }
    }

    /// From its parts; `None` unless `bits` has exactly `2^width_log2` bits, of a width that exists.
    #[must_use]
    pub fn from_parts(width_log2: u8, exotic: bool, bits: Box<[u64]>) -> Option<Self> {
        let exists = (MIN_WIDTH_LOG2..=MAX_WIDTH_LOG2).contains(&width_log2);
        (exists && bits.len() == words(width_log2)).then_some(Self { width_log2, exotic, bits })
    }

    /// The binary logarithm of the number of bits.
    #[must_use]
    pub fn width_log2(&self) -> u8 {
        self.width_log2
    }

    /// Whether the file holds U+017F or U+212A, which match `s` and `k` when case is ignored.
    #[must_use]
    pub fn exotic(&self) -> bool {
        self.exotic
    }

    /// The bits: a gram's is its hash modulo the width.
    #[must_use]
    pub fn bits(&self) -> &[u64] {
        &self.bits
    }

    /// Memory for the bits.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bits.len() * 8
    }

    /// Share of the bits that are set, which is the probability of a false positive for one gram.
    #[must_use]
    pub fn density(&self) -> f64 {
        density(&self.bits)
    }

    /// False only if the file does not hold the gram.
    #[must_use]
    pub fn may_contain(&self, gram: Gram) -> bool {
        gram.bits(self.width_log2).any(|bit| self.bits[bit / 64] >> (bit % 64) & 1 == 1)
    }

    /// False only if the file cannot match.
    #[must_use]
    pub fn accepts(&self, requirement: &Requirement) -> bool {
        (requirement.exotic && self.exotic) || requirement.query.accepts(&|gram| self.may_contain(gram))
    }

    /// Makes it `2^width_log2` bits wide; nothing happens if it is no wider already.
    pub fn fold_to(&mut self, width_log2: u8) {
        let width_log2 = width_log2.max(MIN_WIDTH_LOG2);
        if width_log2 >= self.width_log2 {
            return;
        }
        let mut bits = std::mem::take(&mut self.bits).into_vec();
        while bits.len() > words(width_log2) {
            fold_half(&mut bits);
        }
        self.bits = bits.into_boxed_slice();
        self.width_log2 = width_log2;
    }

    /// The narrowest width at which the share of set bits is no more than `max_density`; its own
    /// width if there is none.
    #[must_use]
    pub fn width_at(&self, max_density: f64) -> u8 {
        let mut bits = self.bits.to_vec();
        narrowest(&mut bits, max_density)
    }
}

/// Words of 64 bits in a signature.
pub(crate) const fn words(width_log2: u8) -> usize {
    1 << (width_log2 - MIN_WIDTH_LOG2)
}

/// Lays the upper half over the lower one.
pub(crate) fn fold_half(bits: &mut Vec<u64>) {
    let half = bits.len() / 2;
    let (lower, upper) = bits.split_at_mut(half);
    lower.iter_mut().zip(upper).for_each(|(low, high)| *low |= *high);
    bits.truncate(half);
}

/// The binary logarithm of the narrowest width within `max_density`; destroys `bits`.
pub(crate) fn narrowest(bits: &mut Vec<u64>, max_density: f64) -> u8 {
    let mut width_log2 = MIN_WIDTH_LOG2 + u8::try_from(bits.len().trailing_zeros()).unwrap_or(0);
    while bits.len() > 1 {
        fold_half(bits);
        if density(bits) > max_density {
            break;
        }
        width_log2 -= 1;
    }
    width_log2
}

#[expect(clippy::cast_precision_loss, reason = "no signature has 2^52 bits")]
pub(crate) fn density(bits: &[u64]) -> f64 {
    let set: usize = bits.iter().map(|word| word.count_ones() as usize).sum();
    set as f64 / (bits.len() * 64) as f64
}
