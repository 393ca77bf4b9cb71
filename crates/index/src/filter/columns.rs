use super::bitmap::Bitmap;
use super::class::Class;
use super::query::Requirement;
use super::signature::{MAX_WIDTH_LOG2, MIN_WIDTH_LOG2, Signature};

/// The signatures of many files, by columns; immutable.
///
/// A file is known by its *ordinal*, its place in what the columns were built from. A query costs a
/// linear read of one bit per file for each gram, stopping where no file is left.
#[derive(Debug)]
pub struct Columns {
    /// Ascending by width; no class is empty.
    classes: Vec<Class>,
    /// Files without a signature.
    unsigned: Bitmap,
}

impl Columns {
    /// From the signatures of files in the order of their ordinals. A file without one is always a
    /// candidate.
    ///
    /// # Panics
    ///
    /// From 2^32 files on.
    #[must_use]
    pub fn build<'a>(signatures: impl IntoIterator<Item = Option<&'a Signature>>) -> Self {
        let signatures: Vec<_> = signatures.into_iter().collect();
        assert!(u32::try_from(signatures.len()).is_ok(), "more than 2^32 files");
        let mut unsigned = Bitmap::new(signatures.len());
        for (ordinal, _) in signatures.iter().enumerate().filter(|(_, signature)| signature.is_none()) {
            unsigned.set(ordinal);
        }
        let classes = (MIN_WIDTH_LOG2..=MAX_WIDTH_LOG2).filter_map(|width| Class::build(width, &signatures));
        Self { classes: classes.collect(), unsigned }
    }

    /// How many files there are, with and without a signature.
    #[must_use]
    pub fn len(&self) -> usize {
        self.unsigned.len()
    }

    /// Whether there are no files.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory for the signatures and what finds them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.classes.iter().map(Class::bytes).sum::<usize>() + self.len().div_ceil(8)
    }

    /// Sets the ordinal of every file that may match, and leaves the other bits of `out` as they are.
    ///
    /// # Panics
    ///
    /// If `out` is not as long as there are files.
    pub fn candidates(&self, requirement: &Requirement, out: &mut Bitmap) {
        out.or(&self.unsigned);
        for class in &self.classes {
            class.candidates(&requirement.query, requirement.exotic, |ordinal| out.set(ordinal));
        }
    }

    /// The signature that the columns were built from; `None` if the file has none or does not exist.
    ///
    /// Touches one cache line for each bit: use [`signatures`](Self::signatures) for all.
    #[must_use]
    pub fn signature(&self, ordinal: usize) -> Option<Signature> {
        let ordinal = u32::try_from(ordinal).ok()?;
        self.classes.iter().find_map(|class| {
            class.files().binary_search(&ordinal).ok().map(|position| class.signature(position))
        })
    }

    /// All signatures, in the order of the ordinals.
    #[must_use]
    pub fn signatures(&self) -> Vec<Option<Signature>> {
        let mut all = vec![None; self.len()];
        for class in &self.classes {
            for (file, signature) in class.files().iter().zip(class.signatures()) {
                all[*file as usize] = Some(signature);
            }
        }
        all
    }
}
