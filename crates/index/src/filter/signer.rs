use super::gram::{JOINT, hash, hash_joint, is_joint, joint};
use super::signature::{MAX_WIDTH_LOG2, Signature, fold_half, narrowest, words};

/// The share of set bits up to which a signature is folded, by the measurements of `examples/filters`:
/// at 0.4, texts of four letters pass more than twice as often; below, memory buys less and less.
pub const DEFAULT_MAX_DENSITY: f64 = 0.25;

/// Bytes that are hashed at a time: enough for vector instructions, few enough for registers and L1.
const BLOCK: usize = 256;
/// Bytes of the text before a block that its grams can begin with.
const CARRY: usize = JOINT - 1;
const BASE_WORDS: usize = words(MAX_WIDTH_LOG2);

/// Collects the signature of one file after another.
#[derive(Debug)]
pub struct Signer {
    /// The signature at its full width, which stays in the first level of the cache.
    base: Box<[u64; BASE_WORDS]>,
    /// The last bytes. A line break stands for "nothing yet": no gram reaches across it.
    carry: [u8; CARRY],
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
        Self { base: Box::new([0; _]), carry: [b'\n'; CARRY], head: [0; 2], fed: 0, exotic: false }
    }

    /// The next bytes of the file; how they are cut into chunks makes no difference.
    pub fn feed(&mut self, chunk: &[u8]) {
        for (index, byte) in (self.fed..2).zip(chunk) {
            self.head[usize::from(index == 1)] = *byte;
        }
        self.fed += chunk.len() as u64;
        let mut text = [b'\n'; BLOCK + CARRY];
        let (mut bits, mut whole, mut joints) = ([0; BLOCK], [false; BLOCK], [false; BLOCK]);
        for block in chunk.chunks(BLOCK) {
            text[..CARRY].copy_from_slice(&self.carry);
            text[CARRY..CARRY + block.len()].copy_from_slice(block);
            text[CARRY + block.len()..].fill(b'\n');
            self.exotic |= is_exotic(&text);
            hash_all(&text, &mut bits, &mut whole);
            for (bit, whole) in bits.iter().zip(whole).take(block.len()) {
                // Adding nothing costs less than a branch.
                self.base[usize::from(bit / 64)] |= u64::from(whole) << (bit % 64);
            }
            find_joints(&text, &mut joints);
            for (at, _) in joints.iter().enumerate().filter(|(_, joint)| **joint) {
                if let Some(bytes) = joint(&text[at..at + JOINT]) {
                    let bit = hash_joint(bytes);
                    self.base[usize::from(bit / 64)] |= 1 << (bit % 64);
                }
            }
            self.carry.copy_from_slice(&text[block.len()..block.len() + CARRY]);
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
        (self.carry, self.head, self.fed, self.exotic) = ([b'\n'; CARRY], [0; 2], 0, false);
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

/// Bytes before a block of which its trigrams know nothing.
const SKIPPED: usize = CARRY - 2;

/// The bit of each trigram that ends in a block, and whether it is one: without a line break.
#[expect(clippy::needless_bitwise_bool, reason = "branches would keep the compiler from using vectors")]
fn hash_all(text: &[u8; BLOCK + CARRY], bits: &mut [u16; BLOCK], whole: &mut [bool; BLOCK]) {
    let text = &text[SKIPPED..];
    for (index, bit) in bits.iter_mut().enumerate() {
        *bit = hash([text[index], text[index + 1], text[index + 2]]);
    }
    for (index, whole) in whole.iter_mut().enumerate() {
        *whole = (text[index] != b'\n') & (text[index + 1] != b'\n') & (text[index + 2] != b'\n');
    }
}

/// Where six bytes that end in a block may have a joint in their middle; those behind its end have none.
fn find_joints(text: &[u8; BLOCK + CARRY], joints: &mut [bool; BLOCK]) {
    let (before, after) = (&text[JOINT / 2 - 1..], &text[JOINT / 2..]);
    for (index, joint) in joints.iter_mut().enumerate() {
        *joint = is_joint(before[index], after[index]);
    }
}

/// Whether U+017F (C5 BF) or U+212A (E2 84 AA) ends in the block.
#[expect(clippy::needless_bitwise_bool, reason = "branches would keep the compiler from using vectors")]
fn is_exotic(text: &[u8; BLOCK + CARRY]) -> bool {
    let text = &text[SKIPPED..];
    let mut found = false;
    for index in 0..BLOCK {
        let [first, second, third] = [text[index], text[index + 1], text[index + 2]];
        found |= (second == 0xC5) & (third == 0xBF);
        found |= (first == 0xE2) & (second == 0x84) & (third == 0xAA);
    }
    found
}
