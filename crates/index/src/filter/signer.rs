use super::gram::hash;
use super::signature::{MAX_WIDTH_LOG2, Signature, fold_half, narrowest, words};

/// The share of set bits up to which a signature is folded, by the measurements of `examples/filters`:
/// at 0.4, texts of four letters pass more than twice as often; below, memory buys less and less.
pub const DEFAULT_MAX_DENSITY: f64 = 0.25;

/// Bytes that are hashed at a time: enough for vector instructions, few enough for registers and L1.
const BLOCK: usize = 256;
const BASE_WORDS: usize = words(MAX_WIDTH_LOG2);

/// Collects the signature of one file after another.
#[derive(Debug)]
pub struct Signer {
    /// The signature at its full width, which stays in the first level of the cache.
    base: Box<[u64; BASE_WORDS]>,
    /// The last two bytes. A line break stands for "nothing yet": no gram reaches across it.
    carry: [u8; 2],
    /// The first two bytes, for the byte order mark.
    head: [u8; 2],
    fed: u64,
    exotic: bool,
}

impl Default for Signer {
    fn default() -> Self {
        Self::new()
    }
}

impl Signer {
    /// Ready for a first file.
    #[must_use]
    pub fn new() -> Self {
        Self { base: Box::new([0; _]), carry: [b'\n'; 2], head: [0; 2], fed: 0, exotic: false }
    }

    /// The next bytes of the file; how they are cut into chunks makes no difference.
    pub fn feed(&mut self, chunk: &[u8]) {
        for (index, byte) in (self.fed..2).zip(chunk) {
            self.head[usize::from(index == 1)] = *byte;
        }
        self.fed += chunk.len() as u64;
        let mut text = [b'\n'; BLOCK + 2];
        let (mut bits, mut whole) = ([0; BLOCK], [false; BLOCK]);
        for block in chunk.chunks(BLOCK) {
            text[..2].copy_from_slice(&self.carry);
            text[2..2 + block.len()].copy_from_slice(block);
            text[2 + block.len()..].fill(b'\n');
            self.exotic |= is_exotic(&text);
            hash_all(&text, &mut bits, &mut whole);
            for (bit, whole) in bits.iter().zip(whole).take(block.len()) {
                // Adding nothing costs less than a branch.
                self.base[usize::from(bit / 64)] |= u64::from(whole) << (bit % 64);
            }
            self.carry = [text[block.len()], text[block.len() + 1]];
        }
    }

    /// The signature of what was fed, folded to the narrowest width at which no more than the share
    /// `max_density` of the bits is set. The signer is then ready for another file.
    ///
    /// A search sees a file in UTF-16 as UTF-8, so its bytes say nothing: it gets
    /// [`Signature::saturated`].
    #[must_use]
    pub fn finish(&mut self, max_density: f64) -> Signature {
        let signature = if self.fed >= 2 && matches!(self.head, [0xFF, 0xFE] | [0xFE, 0xFF]) {
            Signature::saturated()
        } else {
            self.folded(max_density)
        };
        self.base.fill(0);
        (self.carry, self.head, self.fed, self.exotic) = ([b'\n'; 2], [0; 2], 0, false);
        signature
    }

    fn folded(&self, max_density: f64) -> Signature {
        let mut bits = self.base.to_vec();
        let width_log2 = narrowest(&mut bits, max_density);
        bits.clear();
        bits.extend_from_slice(&*self.base);
        while bits.len() > words(width_log2) {
            fold_half(&mut bits);
        }
        Signature::from_parts(width_log2, self.exotic, bits.into_boxed_slice()).unwrap_or_default()
    }
}

/// The bit of each gram of a block, and whether it is one: without a line break.
#[expect(clippy::needless_bitwise_bool, reason = "branches would keep the compiler from using vectors")]
fn hash_all(text: &[u8; BLOCK + 2], bits: &mut [u16; BLOCK], whole: &mut [bool; BLOCK]) {
    for (index, bit) in bits.iter_mut().enumerate() {
        *bit = hash([text[index], text[index + 1], text[index + 2]]);
    }
    for (index, whole) in whole.iter_mut().enumerate() {
        *whole = (text[index] != b'\n') & (text[index + 1] != b'\n') & (text[index + 2] != b'\n');
    }
}

#[expect(clippy::needless_bitwise_bool, reason = "branches would keep the compiler from using vectors")]
/// Whether U+017F (C5 BF) or U+212A (E2 84 AA) ends in the block.
fn is_exotic(text: &[u8; BLOCK + 2]) -> bool {
    let mut found = false;
    for index in 0..BLOCK {
        let [first, second, third] = [text[index], text[index + 1], text[index + 2]];
        found |= (second == 0xC5) & (third == 0xBF);
        found |= (first == 0xE2) & (second == 0x84) & (third == 0xAA);
    }
    found
}
