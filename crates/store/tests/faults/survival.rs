//! What of a file is on the disk after a power cut.

use crate::support::Seeded;

/// A disk writes a sector whole or not at all, and in any order.
const SECTOR: u64 = 512;

/// What survives a crash of what had not been synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survivors {
    /// Nothing: a power cut at its worst.
    Nothing,
    /// Any sectors, whatever their order was: a power cut as they are.
    Some {
        /// Decides which.
        seed: u64,
    },
    /// Everything: not the machine stops, but the process.
    Everything,
}

/// A change of a file that has not been synced.
#[derive(Debug, Clone)]
pub enum Pending {
    Write { offset: u64, bytes: Vec<u8> },
    Truncate { size: u64 },
}

impl Pending {
    pub fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => overwrite(content, *offset, bytes),
            Self::Truncate { size } => content.resize(index(*size), 0),
        }
    }

    /// Applies a random part of the change.
    fn apply_some(&self, content: &mut Vec<u8>, random: &mut Seeded, percent: usize) {
        match self {
            Self::Write { offset, bytes } => {
                let (mut at, mut rest) = (*offset, bytes.as_slice());
                while !rest.is_empty() {
                    let (sector, after) = rest.split_at(rest.len().min(index(SECTOR - at % SECTOR)));
                    if random.below(100) < percent {
                        overwrite(content, at, sector);
                    }
                    at += sector.len() as u64;
                    rest = after;
                }
            }
            Self::Truncate { .. } if random.below(100) < percent => self.apply(content),
            Self::Truncate { .. } => {}
        }
    }
}

/// Chooses what survives one crash.
pub struct Choice {
    survivors: Survivors,
    random: Seeded,
    /// How much survives: from "hardly anything" to "nearly everything".
    percent: usize,
}

impl Choice {
    pub fn new(survivors: Survivors) -> Self {
        let mut random = Seeded(if let Survivors::Some { seed } = survivors { seed } else { 0 });
        let percent = [10, 50, 90, 99][random.below(4)];
        Self { survivors, random, percent }
    }

    /// Whether an unsynced change of a folder (a name that came, went or changed) survives.
    pub fn keeps_name(&mut self) -> bool {
        match self.survivors {
            Survivors::Nothing => false,
            Survivors::Some { .. } => self.random.below(100) < self.percent,
            Survivors::Everything => true,
        }
    }

    /// The content of a file after the crash.
    pub fn content(&mut self, synced: &[u8], pending: &[Pending]) -> Vec<u8> {
        let mut content = synced.to_vec();
        for change in pending {
            match self.survivors {
                Survivors::Nothing => {}
                Survivors::Some { .. } => change.apply_some(&mut content, &mut self.random, self.percent),
                Survivors::Everything => change.apply(&mut content),
            }
        }
        content
    }
}

/// A gap before `offset` reads as zeros, as in a sparse file.
fn overwrite(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let start = index(offset);
    let end = start + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[start..end].copy_from_slice(bytes);
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

#[test]
fn a_write_is_torn_at_sectors_and_only_there() {
    let synced = vec![1; 3_000];
    let write = Pending::Write { offset: 700, bytes: vec![2; 2_000] };
    let mut torn = 0;
    for seed in 0..200 {
        let content = Choice::new(Survivors::Some { seed }).content(&synced, std::slice::from_ref(&write));
        assert!(content[..700].iter().chain(&content[2_700..]).all(|byte| *byte == 1));
        for sector in [700..1_024, 1_024..1_536, 1_536..2_048, 2_048..2_560, 2_560..2_700] {
            assert!(content[sector.clone()].iter().all(|byte| *byte == content[sector.start]));
        }
        torn += u32::from(content.contains(&2) && content[700..2_700].contains(&1));
    }
    assert!(torn > 50, "{torn} of 200");
}
