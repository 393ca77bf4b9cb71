//! A file being read by a search.

use std::fs::File;
use std::io::{self, Read};

use crate::Cancel;

/// A file that stops giving bytes once the call is cancelled, and remembers its byte order mark.
///
/// Read, never mapped: a mapped file that another process truncates kills the whole host.
pub(crate) struct Source<'a> {
    file: File,
    cancel: &'a Cancel,
    head: [u8; 3],
    head_len: usize,
}

/// What the byte order mark says about a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Encoding {
    /// No mark: bytes are searched as they are.
    Plain,
    /// UTF-8 with a mark, which the search does not see: its offsets are 3 short.
    Utf8Bom,
    /// UTF-16, which the search sees as UTF-8.
    Utf16,
}

impl Encoding {
    /// The encoding of a file that begins with these bytes.
    pub(crate) fn of(head: &[u8]) -> Self {
        match head {
            [0xEF, 0xBB, 0xBF, ..] => Self::Utf8Bom,
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Self::Utf16,
            _ => Self::Plain,
        }
    }
}

impl<'a> Source<'a> {
    pub(crate) fn new(file: File, cancel: &'a Cancel) -> Self {
        Self { file, cancel, head: [0; 3], head_len: 0 }
    }

    /// The file's encoding; meaningful once it was read.
    pub(crate) fn encoding(&self) -> Encoding {
        Encoding::of(&self.head[..self.head_len])
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let read = self.file.read(buffer)?;
        let wanted = (self.head.len() - self.head_len).min(read);
        self.head[self.head_len..self.head_len + wanted].copy_from_slice(&buffer[..wanted]);
        self.head_len += wanted;
        Ok(read)
    }
}
