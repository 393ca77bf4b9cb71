//! The bytes of a saved index; all numbers are little-endian.
//!
//! | part | bytes |
//! |---|---|
//! | magic | 8 |
//! | version | 4 |
//! | length of the whole file | 8 |
//! | number of entries | 8 |
//! | root | 4 (its length), then the bytes |
//! | each entry: path | 4 (its length), then the bytes |
//! | stamp | 5 times 8: size, mtime, ctime, inode, device |
//! | signature | 1: 0 for none, else the binary logarithm of its width; 1: exotic; its words of 8 |
//! | CRC-32 of all before | 4 |
//!
//! CRC-32 and not a longer hash, since it is certain to notice every change within 32 bits in a row,
//! and is no slower than the disk; a forger is not kept out by either, so reading trusts nothing.

/// Not text, and damaged by anything that converts line ends.
pub(crate) const MAGIC: [u8; 8] = *b"\x89OIDX\r\n\x1A";
/// To be raised with each change of the format, of the hash of a gram, or of what a signature holds.
pub(crate) const VERSION: u32 = 1;
/// Magic, version, length.
pub(crate) const HEADER: usize = 20;
/// The checksum at the end.
pub(crate) const TRAILER: usize = 4;
/// An entry without path and words.
pub(crate) const ENTRY: usize = 4 + 40 + 2;
