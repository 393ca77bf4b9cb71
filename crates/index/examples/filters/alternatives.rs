//! The filters that are compared.

use std::collections::HashMap;

use orchestrator_index::filter::{Bitmap, Columns, Gram, GramQuery, Signature, Signer, grams};

type Trigram = [u8; 3];

/// The trigrams of a text that hold no line break.
fn trigrams(text: &[u8]) -> impl Iterator<Item = Trigram> + '_ {
    text.windows(3).filter(|window| !window.contains(&b'\n')).map(|window| [window[0], window[1], window[2]])
}

/// One filter over all files.
pub(crate) trait Filter {
    fn bytes(&self) -> usize;
    /// Sets every file that may hold `text`, as it is written.
    fn candidates(&self, text: &[u8], out: &mut Bitmap);
}

/// (a) A bitmap over the files for each pair of bytes that occurs.
pub(crate) struct Bigrams(HashMap<[u8; 2], Bitmap>, usize);

pub(crate) fn bigrams(files: &[Vec<u8>]) -> Bigrams {
    let mut columns: Vec<Option<Bitmap>> = vec![None; 1 << 16];
    for (ordinal, file) in files.iter().enumerate() {
        for pair in file.windows(2).filter(|pair| !pair.contains(&b'\n')) {
            let column = &mut columns[usize::from(u16::from_le_bytes([pair[0], pair[1]]))];
            column.get_or_insert_with(|| Bitmap::new(files.len())).set(ordinal);
        }
    }
    let named = (0..=u16::MAX).zip(columns).filter_map(|(pair, column)| Some((pair.to_le_bytes(), column?)));
    Bigrams(named.collect(), files.len())
}

impl Filter for Bigrams {
    fn bytes(&self) -> usize {
        self.0.len() * self.1.div_ceil(8)
    }

    fn candidates(&self, text: &[u8], out: &mut Bitmap) {
        out.fill();
        for pair in text.windows(2) {
            match self.0.get(pair) {
                Some(column) => out.and(column),
                None => out.clear_all(),
            }
        }
    }
}

/// (b) The files of each gram, ascending, as differences of seven bits a byte.
#[derive(Default)]
pub(crate) struct Postings(HashMap<Trigram, (u32, Vec<u8>)>);

pub(crate) fn postings(files: &[Vec<u8>]) -> Postings {
    let mut lists = Postings::default();
    let mut latest = vec![u32::MAX; 1 << 24];
    for (ordinal, file) in (0..).zip(files) {
        for gram in trigrams(file) {
            let [a, b, c] = gram;
            let seen = &mut latest[u32::from_le_bytes([a, b, c, 0]) as usize];
            if *seen == ordinal {
                continue;
            }
            *seen = ordinal;
            let (previous, list) = lists.0.entry(gram).or_default();
            let mut gap = ordinal - *previous;
            *previous = ordinal;
            while gap >= 0x80 {
                list.push(gap.to_le_bytes()[0] | 0x80);
                gap >>= 7;
            }
            list.push(gap.to_le_bytes()[0]);
        }
    }
    lists.0.values_mut().for_each(|(_, list)| list.shrink_to_fit());
    lists
}

impl Filter for Postings {
    /// The lists, and a gram and an offset for each.
    fn bytes(&self) -> usize {
        self.0.values().map(|(_, list)| list.len() + 8).sum()
    }

    fn candidates(&self, text: &[u8], out: &mut Bitmap) {
        let lists: Option<Vec<_>> = trigrams(text).map(|gram| self.0.get(&gram)).collect();
        let Some(mut lists) = lists else { return };
        lists.sort_by_key(|(_, list)| list.len());
        for (index, (_, list)) in lists.into_iter().enumerate() {
            let mut here = Bitmap::new(out.len());
            let (mut file, mut gap, mut shift) = (0, 0, 0);
            for byte in list {
                gap |= usize::from(byte & 0x7F) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    file += gap;
                    here.set(file);
                    (gap, shift) = (0, 0);
                }
            }
            if index == 0 { out.or(&here) } else { out.and(&here) }
        }
    }
}

/// (c) A Bloom filter for each file, of blocks of a cache line, with three bits in one block.
pub(crate) struct Blocked(Vec<Vec<[u64; 8]>>);

/// The block and the bits of a gram, out of one hash of 64 bits.
fn place([a, b, c]: Trigram) -> (u64, [u64; 8]) {
    let mut hash = u64::from(u32::from_le_bytes([a, b, c, 1])).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mut bits = [0; 8];
    for shift in [0, 9, 18] {
        let bit = hash >> shift & 511;
        bits[usize::try_from(bit / 64).unwrap()] |= 1 << (bit % 64);
    }
    (hash >> 32, bits)
}

/// Each as large as the file's signature, but at least a block.
pub(crate) fn blocked(files: &[Vec<u8>], rows: &[Signature]) -> Blocked {
    let row = |(file, row): (&Vec<u8>, &Signature)| {
        let mut blocks = vec![[0; 8]; row.bytes().div_ceil(64)];
        for (block, bits) in trigrams(file).map(place) {
            let block = usize::try_from((block * blocks.len() as u64) >> 32).unwrap();
            blocks[block].iter_mut().zip(bits).for_each(|(word, bits)| *word |= bits);
        }
        blocks
    };
    Blocked(files.iter().zip(rows).map(row).collect())
}

impl Filter for Blocked {
    fn bytes(&self) -> usize {
        self.0.iter().map(|blocks| blocks.len() * 64).sum()
    }

    fn candidates(&self, text: &[u8], out: &mut Bitmap) {
        let places: Vec<_> = trigrams(text).map(place).collect();
        for (ordinal, blocks) in self.0.iter().enumerate() {
            let holds = |(block, bits): &(u64, [u64; 8])| {
                let block = &blocks[usize::try_from((block * blocks.len() as u64) >> 32).unwrap()];
                block.iter().zip(bits).all(|(word, bits)| word & bits == *bits)
            };
            if places.iter().all(holds) {
                out.set(ordinal);
            }
        }
    }
}

/// (d) Columns of folded signatures, with one bit for a gram or two.
pub(crate) struct Sliced(pub(crate) Columns, pub(crate) bool);

/// Another gram with an unrelated hash, for the second bit.
fn second([a, b, c]: Trigram) -> Trigram {
    [c ^ 0x80, a ^ 0x80, b ^ 0x80]
}

pub(crate) fn sign(files: &[Vec<u8>], max_density: f64, twice: bool) -> Vec<Signature> {
    let mut signer = Signer::new();
    let row = |file: &Vec<u8>| {
        signer.feed(file);
        if twice {
            let more = trigrams(file).map(second).flat_map(|gram| [b"\n".as_slice(), &gram].concat());
            signer.feed(&more.collect::<Vec<_>>());
        }
        signer.finish(max_density)
    };
    files.iter().map(row).collect()
}

impl Filter for Sliced {
    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn candidates(&self, text: &[u8], out: &mut Bitmap) {
        let more = trigrams(text).map(second).filter_map(Gram::new).filter(|_| self.1);
        self.0.candidates(&GramQuery::and(grams(text).chain(more).map(GramQuery::Gram)).into(), out);
    }
}
