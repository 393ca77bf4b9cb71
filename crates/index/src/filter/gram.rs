/// Three bytes of a line; or, where case is ignored, those and the same in other cases.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Gram {
    bytes: [u8; 3],
    any_case: bool,
}

impl Gram {
    /// `None` for three bytes that hold a line break, which no signature knows.
    #[must_use]
    pub fn new(bytes: [u8; 3]) -> Option<Self> {
        if bytes.contains(&b'\n') { None } else { Some(Self { bytes, any_case: false }) }
    }

    /// The gram in any case of its ASCII letters.
    #[must_use]
    pub fn in_any_case(bytes: [u8; 3]) -> Option<Self> {
        let any_case = bytes.iter().any(u8::is_ascii_alphabetic);
        Some(Self { bytes: Self::new(bytes)?.bytes.map(|byte| byte.to_ascii_lowercase()), any_case })
    }

    /// Its bytes, in lower case where case is ignored.
    #[must_use]
    pub fn bytes(self) -> [u8; 3] {
        self.bytes
    }

    /// The gram's bits in a signature of `2^width_log2` bits, of which one must be set: folding keeps the low bits of
    /// the hash. One bit where case matters, at most eight where not.
    pub(crate) fn bits(self, width_log2: u8) -> impl Iterator<Item = usize> {
        let varies = |at: usize| usize::from(self.any_case && self.bytes[at].is_ascii_alphabetic()) << at;
        let letters = varies(0) | varies(1) | varies(2);
        (0..8_usize).filter(move |upper| upper & !letters == 0).map(move |upper| {
            let mut bytes = self.bytes;
            for (at, byte) in bytes.iter_mut().enumerate().filter(|(at, _)| upper >> at & 1 == 1) {
                debug_assert!(letters >> at & 1 == 1);
                *byte = byte.to_ascii_uppercase();
            }
            usize::from(hash(bytes)) & ((1 << width_log2) - 1)
        })
    }
}

/// The grams of a text, one for each position that has one.
pub fn grams(text: &[u8]) -> impl Iterator<Item = Gram> + '_ {
    text.windows(3).filter_map(|window| Gram::new([window[0], window[1], window[2]]))
}

/// The same, in any case.
pub(crate) fn grams_in_any_case(text: &[u8]) -> impl Iterator<Item = Gram> + '_ {
    text.windows(3).filter_map(|window| Gram::in_any_case([window[0], window[1], window[2]]))
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
