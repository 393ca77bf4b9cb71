//! The index as a file, so that the next start need not read the whole tree again.
//!
//! A saved index is a cache: whatever is wrong with the file, the answer is to build the index anew.

mod format;
mod read;
mod write;

use std::io;

use crate::Stamp;
use crate::filter::Signature;

pub use read::load;
pub use write::save;

/// All that is saved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SavedIndex {
    /// The folder that was indexed, as the system writes it.
    pub root: Vec<u8>,
    /// Its files, in any order.
    pub entries: Vec<SavedEntry>,
}

/// One file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SavedEntry {
    /// Relative to the root, with `/` between its parts.
    pub path: Vec<u8>,
    /// What the file was like when its signature was made.
    pub stamp: Stamp,
    /// `None` if it was [dropped](crate::filter::fit) for want of memory.
    pub signature: Option<Signature>,
}

/// Why there is no saved index to use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// There is no such file.
    #[error("there is no saved index")]
    NotFound,
    /// Another version of this program wrote it.
    #[error("the saved index has version {found}, not {}", format::VERSION)]
    Version {
        /// The version that it has.
        found: u32,
    },
    /// It is not an index, or was damaged.
    #[error("the saved index is damaged: {detail}")]
    Corrupt {
        /// What is wrong with it.
        detail: &'static str,
    },
    /// It could not be read.
    #[error("the saved index cannot be read: {0}")]
    Io(#[from] io::Error),
}
