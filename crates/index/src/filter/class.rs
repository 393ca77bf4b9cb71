use super::query::GramQuery;
use super::signature::{Signature, words};
use super::transpose::transpose;

/// Words of 64 columns that are transposed for all files before the next: the eight words of a row are
/// one cache line, and the pieces of their 512 columns stay in L1.
const STRIP: usize = 8;

/// The signatures of one width, by columns: column `c` has a bit for each file.
#[derive(Debug)]
pub(crate) struct Class {
    width_log2: u8,
    /// The files' ordinals, ascending.
    files: Box<[u32]>,
    /// A column more: which files are exotic.
    exotic: Box<[u8]>,
    /// `2^width_log2` columns of `stride` bytes. Bytes and not words, as a class of few files would
    /// else be mostly padding; the compiler makes vectors of them all the same.
    columns: Box<[u8]>,
    stride: usize,
}

impl Class {
    /// Takes the files that have signatures of this width; `None` if there are none.
    pub(crate) fn build(width_log2: u8, signatures: &[Option<&Signature>]) -> Option<Self> {
        let (files, rows): (Vec<u32>, Vec<&Signature>) = (0..)
            .zip(signatures)
            .filter_map(|(ordinal, signature)| Some((ordinal, (*signature)?)))
            .filter(|(_, signature)| signature.width_log2() == width_log2)
            .unzip();
        if files.is_empty() {
            return None;
        }
        let stride = files.len().div_ceil(8);
        let mut exotic = vec![0; stride];
        for (position, _) in rows.iter().enumerate().filter(|(_, row)| row.exotic()) {
            exotic[position / 8] |= 1 << (position % 8);
        }
        let mut columns = vec![0; stride << width_log2];
        for strip in (0..words(width_log2)).step_by(STRIP) {
            let strip = strip..words(width_log2).min(strip + STRIP);
            for (group, rows) in rows.chunks(64).enumerate() {
                let bytes = group * 8..stride.min(group * 8 + 8);
                for word in strip.clone() {
                    let mut block = [0; 64];
                    block.iter_mut().zip(rows).for_each(|(line, row)| *line = row.bits()[word]);
                    transpose(&mut block);
                    for (bit, line) in block.iter().enumerate() {
                        let column = &mut columns[(word * 64 + bit) * stride..][bytes.clone()];
                        column.copy_from_slice(&line.to_le_bytes()[..column.len()]);
                    }
                }
            }
        }
        let (files, exotic, columns) = (files.into(), exotic.into(), columns.into());
        Some(Self { width_log2, files, exotic, columns, stride })
    }

    /// The ordinals of the files.
    pub(crate) fn files(&self) -> &[u32] {
        &self.files
    }

    /// Memory for columns and ordinals.
    pub(crate) fn bytes(&self) -> usize {
        self.columns.len() + self.exotic.len() + size_of_val(&*self.files)
    }

    /// Calls `found` with the ordinal of each file that may match, ascending.
    pub(crate) fn candidates(&self, query: &GramQuery, exotic: bool, mut found: impl FnMut(usize)) {
        let mut accepted = vec![0xFF; self.stride];
        let any = self.narrow(query, &mut accepted);
        if exotic {
            or(&mut accepted, &self.exotic);
        } else if !any {
            return;
        }
        for (byte, bits) in accepted.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            let files = &self.files[byte * 8..self.files.len().min(byte * 8 + 8)];
            for (_, file) in files.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1) {
                found(*file as usize);
            }
        }
    }

    /// Takes the files out of `accepted` that cannot match; whether any are left.
    fn narrow(&self, query: &GramQuery, accepted: &mut [u8]) -> bool {
        match query {
            GramQuery::All => true,
            GramQuery::Never => {
                accepted.fill(0);
                false
            }
            GramQuery::Gram(gram) => {
                let mut bits = gram.bits(self.width_log2);
                let Some(first) = bits.next() else { return false };
                let Some(second) = bits.next() else { return and(accepted, self.column(first)) };
                let mut union = self.column(first).to_vec();
                std::iter::once(second).chain(bits).for_each(|bit| or(&mut union, self.column(bit)));
                and(accepted, &union)
            }
            GramQuery::And(terms) => terms.iter().all(|term| self.narrow(term, accepted)),
            GramQuery::Or(branches) => {
                let mut union = vec![0; self.stride];
                let mut part = vec![0; self.stride];
                for branch in branches {
                    part.copy_from_slice(accepted);
                    if self.narrow(branch, &mut part) {
                        or(&mut union, &part);
                    }
                }
                and(accepted, &union)
            }
        }
    }

    fn column(&self, bit: usize) -> &[u8] {
        &self.columns[bit * self.stride..][..self.stride]
    }

    /// The signature of the file at `position`, read bit by bit.
    pub(crate) fn signature(&self, position: usize) -> Signature {
        let (byte, shift) = (position / 8, position % 8);
        let bit = |column: usize| u64::from(self.columns[column * self.stride + byte] >> shift & 1);
        let word = |word: usize| (0..64).fold(0, |bits, column| bits | bit(word * 64 + column) << column);
        let bits = (0..words(self.width_log2)).map(word).collect();
        let exotic = self.exotic[byte] >> shift & 1 == 1;
        Signature::from_parts(self.width_log2, exotic, bits).unwrap_or_default()
    }

    /// All signatures, in the order of [`files`](Self::files).
    pub(crate) fn signatures(&self) -> Vec<Signature> {
        let width = words(self.width_log2);
        let mut rows = vec![vec![0; width].into_boxed_slice(); self.files.len()];
        for strip in (0..width).step_by(STRIP) {
            let strip = strip..width.min(strip + STRIP);
            for (group, rows) in rows.chunks_mut(64).enumerate() {
                let bytes = group * 8..self.stride.min(group * 8 + 8);
                for word in strip.clone() {
                    let mut block = [0; 64];
                    for (bit, line) in block.iter_mut().enumerate() {
                        let column = &self.columns[(word * 64 + bit) * self.stride..][bytes.clone()];
                        let mut padded = [0; 8];
                        padded[..column.len()].copy_from_slice(column);
                        *line = u64::from_le_bytes(padded);
                    }
                    transpose(&mut block);
                    rows.iter_mut().zip(block).for_each(|(row, line)| row[word] = line);
                }
            }
        }
        let exotic = |position: usize| self.exotic[position / 8] >> (position % 8) & 1 == 1;
        let signature = |(position, bits)| Signature::from_parts(self.width_log2, exotic(position), bits);
        rows.into_iter().enumerate().map(|row| signature(row).unwrap_or_default()).collect()
    }
}

/// Whether any bits are left.
fn and(accepted: &mut [u8], column: &[u8]) -> bool {
    let mut any = 0;
    for (mine, theirs) in accepted.iter_mut().zip(column) {
        *mine &= theirs;
        any |= *mine;
    }
    any != 0
}

fn or(accepted: &mut [u8], column: &[u8]) {
    accepted.iter_mut().zip(column).for_each(|(mine, theirs)| *mine |= theirs);
}
