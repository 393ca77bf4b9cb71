//! A small filter for each file, and the search through the filters of a whole tree.
//!
//! A file's [`Signature`] is a Bloom filter (Bloom 1970) of its [grams](Gram) with one hash function. It
//! is collected at 65,536 bits and then *folded*: the upper half is laid over the lower one as long
//! as few enough bits are set. So a small file has a small signature, and each has about the same
//! share of false positives. The signatures of a tree are kept as [`Columns`]: one bitmap over all
//! files for each bit of a signature, so that a query reads only the few bits that it asks about
//! (bit-sliced signatures; folding and ranks as in BitFunnel, Goodwin et al., SIGIR 2017).

mod bitmap;
mod class;
mod columns;
mod fit;
mod gram;
mod query;
mod signature;
mod signer;
mod transpose;

pub use bitmap::Bitmap;
pub use columns::Columns;
pub use fit::fit;
pub use gram::{Gram, grams};
pub use query::{GramQuery, Requirement};
pub use signature::{MAX_WIDTH_LOG2, MIN_WIDTH_LOG2, Signature};
pub use signer::{DEFAULT_MAX_DENSITY, Signer};
