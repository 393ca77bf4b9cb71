use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::format::{ENTRY, HEADER, MAGIC, TRAILER, VERSION};
use super::{LoadError, SavedEntry, SavedIndex};
use crate::Stamp;
use crate::filter::{MAX_WIDTH_LOG2, MIN_WIDTH_LOG2, Signature};

/// Reads a saved index. No file makes it panic, or take more than a few times the file's length.
pub fn load(path: &Path) -> Result<SavedIndex, LoadError> {
    let missing = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => LoadError::NotFound,
        _ => LoadError::Io(error),
    };
    // A pipe or a device would never end.
    if !fs::metadata(path).map_err(missing)?.is_file() {
        return Err(corrupt("not a file"));
    }
    parse(&fs::read(path).map_err(missing)?)
}

fn parse(bytes: &[u8]) -> Result<SavedIndex, LoadError> {
    let mut header = Reader { rest: bytes };
    if header.array()? != MAGIC {
        return Err(corrupt("another kind of file"));
    }
    let version = header.u32()?;
    if version != VERSION {
        return Err(LoadError::Version { found: version });
    }
    if header.u64()? != bytes.len() as u64 || bytes.len() < HEADER + TRAILER {
        return Err(corrupt("the wrong length"));
    }
    let (checked, checksum) = bytes.split_at(bytes.len() - TRAILER);
    if checksum != crc32fast::hash(checked).to_le_bytes() {
        return Err(corrupt("a wrong checksum"));
    }
    let mut reader = Reader { rest: &checked[HEADER..] };
    let count = reader.u64()?;
    let root = reader.string()?;
    // A number that the rest of the file cannot hold is refused before memory is taken for it.
    let count = usize::try_from(count).ok().filter(|count| *count <= reader.rest.len() / ENTRY);
    let count = count.ok_or(corrupt("too many entries"))?;
    let entries = (0..count).map(|_| reader.entry()).collect::<Result<_, _>>()?;
    if !reader.rest.is_empty() {
        return Err(corrupt("more after the last entry"));
    }
    Ok(SavedIndex { root, entries })
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], LoadError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(corrupt("cut off"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], LoadError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(corrupt("cut off"))?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, LoadError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, LoadError> {
        self.array().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, LoadError> {
        self.array().map(i64::from_le_bytes)
    }

    fn string(&mut self) -> Result<Vec<u8>, LoadError> {
        let len = self.u32()?;
        let len = usize::try_from(len).map_err(|_| corrupt("cut off"))?;
        self.take(len).map(<[u8]>::to_vec)
    }

    fn entry(&mut self) -> Result<SavedEntry, LoadError> {
        let path = self.string()?;
        let stamp = Stamp {
            size: self.u64()?,
            mtime_ns: self.i64()?,
            ctime_ns: self.i64()?,
            inode: self.u64()?,
            device: self.u64()?,
        };
        Ok(SavedEntry { path, stamp, signature: self.signature()? })
    }

    fn signature(&mut self) -> Result<Option<Signature>, LoadError> {
        let [width_log2, exotic] = self.array()?;
        match (width_log2, exotic) {
            (0, 0) => Ok(None),
            (MIN_WIDTH_LOG2..=MAX_WIDTH_LOG2, 0 | 1) => {
                let (words, _) = self.take((1 << width_log2) / 8)?.as_chunks::<8>();
                let bits = words.iter().copied().map(u64::from_le_bytes).collect();
                Ok(Signature::from_parts(width_log2, exotic == 1, bits))
            }
            _ => Err(corrupt("no such signature")),
        }
    }
}

fn corrupt(detail: &'static str) -> LoadError {
    LoadError::Corrupt { detail }
}
