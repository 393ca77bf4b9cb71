//! A resident search index: which files of a tree can hold a match at all.
//!
//! A search reads every file of a tree, and most of them hold nothing of what it looks for. The
//! index keeps a small [filter](filter) for each file and [derives](plan) from a pattern what a file
//! must hold; only files that pass are read. The filter may let a file through in vain, but it never
//! keeps back a file that has a match.

#![forbid(unsafe_code)]

pub mod filter;
pub mod plan;
pub mod resident;
pub mod saved;

pub use orchestrator_search::Stamp;
