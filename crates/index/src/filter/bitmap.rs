use std::ops::Range;

/// A set of numbers below a fixed length, one bit each.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bitmap {
    /// Bits from `len` on are zero.
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// The empty set of numbers below `len`.
    #[must_use]
    pub fn new(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// All numbers below `len`.
    #[must_use]
    pub fn ones(len: usize) -> Self {
        let mut bitmap = Self::new(len);
        bitmap.fill();
        bitmap
    }

    /// How many numbers it could hold.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// How many it holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Adds `index`. Panics from `len` on, as do [`clear`](Self::clear) and [`get`](Self::get).
    pub fn set(&mut self, index: usize) {
        self.check(index);
        self.words[index / 64] |= 1 << (index % 64);
    }

    /// Takes `index` out.
    pub fn clear(&mut self, index: usize) {
        self.check(index);
        self.words[index / 64] &= !(1 << (index % 64));
    }

    /// Whether it holds `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> bool {
        self.check(index);
        self.words[index / 64] >> (index % 64) & 1 == 1
    }

    /// Makes it hold everything.
    pub fn fill(&mut self) {
        self.words.fill(u64::MAX);
        if let Some(last) = self.words.last_mut() {
            *last >>= (64 - self.len % 64) % 64;
        }
    }

    /// Makes it hold nothing.
    pub fn clear_all(&mut self) {
        self.words.fill(0);
    }

    /// Takes a range out.
    ///
    /// # Panics
    ///
    /// If it ends beyond `len`.
    pub fn clear_range(&mut self, range: Range<usize>) {
        assert!(range.end <= self.len, "range {range:?} of a bitmap of {}", self.len);
        if range.is_empty() {
            return;
        }
        let (first, last) = (range.start / 64, (range.end - 1) / 64);
        let low = u64::MAX << (range.start % 64);
        let high = u64::MAX >> (63 - (range.end - 1) % 64);
        if first == last {
            self.words[first] &= !(low & high);
        } else {
            self.words[first] &= !low;
            self.words[first + 1..last].fill(0);
            self.words[last] &= !high;
        }
    }

    /// Keeps what both hold.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    pub fn and(&mut self, other: &Self) {
        assert_eq!(self.len, other.len);
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= theirs);
    }

    /// Takes out what the other holds.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    pub fn and_not(&mut self, other: &Self) {
        assert_eq!(self.len, other.len);
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    /// Adds what the other holds.
    ///
    /// # Panics
    ///
    /// If the lengths differ.
    pub fn or(&mut self, other: &Self) {
        assert_eq!(self.len, other.len);
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// What it holds, ascending.
    pub fn iter_ones(&self) -> impl Iterator<Item = usize> + '_ {
        self.iter_ones_from(0)
    }

    /// What it holds from `start` on, ascending.
    pub fn iter_ones_from(&self, start: usize) -> impl Iterator<Item = usize> + '_ {
        let first = (start / 64).min(self.words.len());
        let mut rest = self.words[first..].iter();
        let mut word = rest.next().map_or(0, |word| word & (u64::MAX << (start % 64)));
        let mut base = first * 64;
        std::iter::from_fn(move || {
            while word == 0 {
                word = *rest.next()?;
                base += 64;
            }
            let index = base + word.trailing_zeros() as usize;
            word &= word - 1;
            Some(index)
        })
    }

    fn check(&self, index: usize) {
        assert!(index < self.len, "{index} in a bitmap of {}", self.len);
    }
}
