/// Three bytes of a line, with ASCII letters in lower case.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Gram([u8; 3]);

impl Gram {
    /// Folds ASCII letters; `None` for three bytes that hold a line break, which no signature knows.
    #[must_use]
    pub fn new(bytes: [u8; 3]) -> Option<Self> {
        if bytes.contains(&b'\n') { None } else { Some(Self(bytes.map(|byte| byte.to_ascii_lowercase()))) }
    }

    /// The folded bytes.
    #[must_use]
    pub fn bytes(self) -> [u8; 3] {
        self.0
    }

    /// The gram's bit in a signature of `2^width_log2` bits: folding keeps the low bits of the hash.
    pub(crate) fn bit(self, width_log2: u8) -> usize {
        usize::from(hash(self.0)) & ((1 << width_log2) - 1)
    }
}

/// The grams of a text, one for each position that has one.
pub fn grams(text: &[u8]) -> impl Iterator<Item = Gram> + '_ {
    text.windows(3).filter_map(|window| Gram::new([window[0], window[1], window[2]]))
}

/// From 24 bits to 16, with a multiplier for each byte (Carter and Wegman 1979): in 16 bits throughout, as
/// any processor's vectors multiply those, and all of the result is used. The lowest bits of a product
/// depend on the lowest bits of a byte alone, and folding keeps just those, so the upper half is laid
/// over the lower; that loses nothing, as it can be undone.
#[inline]
pub(crate) const fn hash([first, second, third]: [u8; 3]) -> u16 {
    let first = (first as u16).wrapping_mul(0x9E37);
    let second = (second as u16).wrapping_mul(0x79B1);
    let third = (third as u16).wrapping_mul(0x85EB);
    let sum = first.wrapping_add(second).wrapping_add(third);
    sum ^ (sum >> 8)
}
