/// A few bytes of a line, of which a signature knows whether the file may hold them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Gram {
    /// A trigram.
    Three([u8; 3]),
    /// A trigram in any case of its ASCII letters; here in lower case.
    ThreeInAnyCase([u8; 3]),
    /// The bytes around the joint of a compound name: three before and three from the joint on.
    ///
    /// The trigrams of `createTextRange` stand in many files that speak of texts and ranges; `ate|Tex` and `ext|Ran`
    /// together do in few.
    Joint([u8; JOINT]),
}

/// Bytes of a joint.
pub(crate) const JOINT: usize = 6;
/// Of these, how many stand before it.
const BEFORE_JOINT: usize = 3;

impl Gram {
    /// The trigram; `None` for three bytes that hold a line break, which no signature knows.
    #[must_use]
    pub fn new(bytes: [u8; 3]) -> Option<Self> {
        if bytes.contains(&b'\n') { None } else { Some(Self::Three(bytes)) }
    }

    /// The trigram in any case of its ASCII letters.
    #[must_use]
    pub fn in_any_case(bytes: [u8; 3]) -> Option<Self> {
        if bytes.iter().any(u8::is_ascii_alphabetic) && !bytes.contains(&b'\n') {
            Some(Self::ThreeInAnyCase(bytes.map(|byte| byte.to_ascii_lowercase())))
        } else {
            Self::new(bytes)
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Three(bytes) | Self::ThreeInAnyCase(bytes) => bytes,
            Self::Joint(bytes) => bytes,
        }
    }

    /// The gram's bits in a signature of `2^width_log2` bits, of which one must be set: folding keeps the low bits of
    /// the hash. One bit where case matters, at most eight where not.
    pub(crate) fn bits(self, width_log2: u8) -> impl Iterator<Item = usize> {
        let (bytes, letters) = match self {
            Self::ThreeInAnyCase(bytes) => {
                let letter = |at: usize| usize::from(bytes[at].is_ascii_alphabetic()) << at;
                (bytes, letter(0) | letter(1) | letter(2))
            }
            Self::Three(bytes) => (bytes, 0),
            Self::Joint(_) => ([0; 3], 0),
        };
        let hashed = move |upper: usize| {
            if let Self::Joint(bytes) = self {
                return hash_joint(bytes);
            }
            let mut cased = bytes;
            for (at, byte) in cased.iter_mut().enumerate().filter(|(at, _)| upper >> at & 1 == 1) {
                debug_assert!(letters >> at & 1 == 1, "only letters have cases");
                *byte = byte.to_ascii_uppercase();
            }
            hash(cased)
        };
        let mask = (1 << width_log2) - 1;
        (0..8_usize)
            .filter(move |upper| upper & !letters == 0)
            .map(move |upper| usize::from(hashed(upper)) & mask)
    }
}

/// The grams of a text: a trigram for each position that has one, and its joints.
pub fn grams(text: &[u8]) -> impl Iterator<Item = Gram> + '_ {
    let trigrams = text.windows(3).filter_map(|window| Gram::new([window[0], window[1], window[2]]));
    trigrams.chain(text.windows(JOINT).filter_map(joint).map(Gram::Joint))
}

/// The trigrams of a text, in any case. Its joints depend on case.
pub(crate) fn grams_in_any_case(text: &[u8]) -> impl Iterator<Item = Gram> + '_ {
    text.windows(3).filter_map(|window| Gram::in_any_case([window[0], window[1], window[2]]))
}

/// The window, if there is a joint in its middle: a lower-case letter or a digit before a capital or an underscore.
#[inline]
pub(crate) fn joint(window: &[u8]) -> Option<[u8; JOINT]> {
    let (before, after) = (window[BEFORE_JOINT - 1], window[BEFORE_JOINT]);
    if !is_joint(before, after) {
        return None;
    }
    let bytes: [u8; JOINT] = window.try_into().ok()?;
    if bytes.contains(&b'\n') { None } else { Some(bytes) }
}

#[inline]
pub(crate) const fn is_joint(before: u8, after: u8) -> bool {
    (before.is_ascii_lowercase() || before.is_ascii_digit()) && (after.is_ascii_uppercase() || after == b'_')
}

/// FNV-1a, folded to 16 bits.
pub(crate) fn hash_joint(bytes: [u8; JOINT]) -> u16 {
    let hash =
        bytes.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [a, b, c, d] = hash.to_le_bytes();
    u16::from_le_bytes([a ^ c, b ^ d])
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
