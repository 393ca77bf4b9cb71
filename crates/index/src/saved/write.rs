use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::format::{ENTRY, HEADER, MAGIC, TRAILER, VERSION};
use super::{SavedEntry, SavedIndex};
use crate::filter::Signature;

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 20;

/// Writes the index beside `path`, waits until it is on the disk, and puts it in place of `path`: who
/// reads finds the old index or the new one, also after a loss of power.
pub fn save(path: &Path, index: &SavedIndex) -> io::Result<()> {
    let temporary = beside(path);
    let result = write(&temporary, index).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // The error that led here says more than one of the removal.
        drop(fs::remove_file(&temporary));
    }
    result?;
    sync_folder(path)
}

/// A name that no other save of this or another process uses.
fn beside(path: &Path) -> PathBuf {
    static SAVES: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(format!(".{}-{}.tmp", std::process::id(), SAVES.fetch_add(1, Ordering::Relaxed)));
    path.with_file_name(name)
}

/// The new name is on the disk only when its folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Folders cannot be opened here, and the system takes care of it.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn write(path: &Path, index: &SavedIndex) -> io::Result<()> {
    let mut out = Out {
        file: File::create(path)?,
        buffer: Vec::with_capacity(2 * BUFFER),
        crc: crc32fast::Hasher::new(),
    };
    out.buffer.extend(MAGIC);
    out.buffer.extend(VERSION.to_le_bytes());
    out.buffer.extend(length(index).to_le_bytes());
    out.buffer.extend((index.entries.len() as u64).to_le_bytes());
    out.string(&index.root)?;
    for entry in &index.entries {
        out.entry(entry)?;
        if out.buffer.len() >= BUFFER {
            out.flush()?;
        }
    }
    out.flush()?;
    let checksum = out.crc.finalize();
    out.file.write_all(&checksum.to_le_bytes())?;
    out.file.sync_all()
}

fn length(index: &SavedIndex) -> u64 {
    let entry =
        |entry: &SavedEntry| ENTRY + entry.path.len() + entry.signature.as_ref().map_or(0, Signature::bytes);
    let entries: usize = index.entries.iter().map(entry).sum();
    (HEADER + 8 + 4 + index.root.len() + entries + TRAILER) as u64
}

struct Out {
    file: File,
    buffer: Vec<u8>,
    crc: crc32fast::Hasher,
}

impl Out {
    fn flush(&mut self) -> io::Result<()> {
        self.crc.update(&self.buffer);
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn string(&mut self, text: &[u8]) -> io::Result<()> {
        let len = u32::try_from(text.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.buffer.extend(len.to_le_bytes());
        self.buffer.extend(text);
        Ok(())
    }

    fn entry(&mut self, entry: &SavedEntry) -> io::Result<()> {
        self.string(&entry.path)?;
        let stamp = &entry.stamp;
        self.buffer.extend(stamp.size.to_le_bytes());
        self.buffer.extend(stamp.mtime_ns.to_le_bytes());
        self.buffer.extend(stamp.ctime_ns.to_le_bytes());
        self.buffer.extend(stamp.inode.to_le_bytes());
        self.buffer.extend(stamp.device.to_le_bytes());
        match &entry.signature {
            None => self.buffer.extend([0, 0]),
            Some(signature) => {
                self.buffer.extend([signature.width_log2(), u8::from(signature.exotic())]);
                signature.bits().iter().for_each(|word| self.buffer.extend(word.to_le_bytes()));
            }
        }
        Ok(())
    }
}
