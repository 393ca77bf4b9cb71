//! The journal of a rewrite: which files are being replaced.
//!
//! It lies in the root while a rewrite is under way, locked by the process that is at it. The system takes the lock off
//! when that process ends, however it ends. So a journal that can be locked is of a process that was killed.
//!
//! A text: a first line, a line for each file, and the SHA-256 of all that. It is on disk before the first
//! file beside a target is; one that is cut short therefore needs nothing done.

use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use orchestrator_search::link_count;
use orchestrator_search::paths::{name_bytes, os_path};

use super::create_private;
use crate::AstError;
use crate::rewrite::hash;

/// The journal's name in the root of a rewrite.
const NAME: &str = ".opencode-rewrite-journal";
/// What the names of the files beside targets begin with. Hidden, so that searches do not see them.
const PREFIX: &str = ".opencode-rewrite-";
const FIRST_LINE: &str = "opencode-rewrite-journal 1";
/// A longer journal is none of ours.
const MAX_BYTES: u64 = 64 << 20;
/// Between two looks at whether another rewrite has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// A file that is being replaced.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    /// Its path below the root.
    pub(super) target: PathBuf,
    /// What tells the names of the files beside it from others.
    pub(super) stem: String,
    /// The SHA-256 of its old content.
    pub(super) old: [u8; 32],
    /// The SHA-256 of its new content.
    pub(super) new: [u8; 32],
}

impl Entry {
    /// The file with the new content, until it is renamed.
    pub(super) fn new_beside(&self, target: &Path) -> PathBuf {
        target.with_file_name(format!("{PREFIX}{}.new", self.stem))
    }

    /// The file with the old content. It is made after the other one.
    pub(super) fn backup_beside(&self, target: &Path) -> PathBuf {
        target.with_file_name(format!("{PREFIX}{}.old", self.stem))
    }

    fn line(&self) -> io::Result<String> {
        let path = name_bytes(self.target.as_os_str())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path is not valid Unicode"))?;
        Ok(format!("{} {} {} {}\n", hex(&self.old), hex(&self.new), self.stem, hex(path)))
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(' ');
        let mut next = || fields.next();
        let old = unhex(next()?)?.try_into().ok()?;
        let new = unhex(next()?)?.try_into().ok()?;
        let stem = next()?.to_owned();
        let target = os_path(&unhex(next()?)?).into_owned();
        let is_name = stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (next().is_none() && is_name).then_some(Self { target, stem, old, new })
    }
}

/// A journal that this process holds the lock of.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Puts down what is going to be replaced.
    pub(super) fn write(&mut self, entries: &[Entry]) -> io::Result<()> {
        let mut text = format!("{FIRST_LINE}\n");
        for entry in entries {
            text.push_str(&entry.line()?);
        }
        let sum = hex(&hash(text.as_bytes()));
        self.file.write_all(text.as_bytes())?;
        writeln!(self.file, "{sum}")?;
        self.file.sync_all()?;
        super::sync_directories(std::slice::from_ref(&self.path));
        Ok(())
    }

    /// What it says; nothing if it is not whole.
    pub(super) fn read(&mut self) -> io::Result<Vec<Entry>> {
        let mut text = Vec::new();
        self.file.rewind()?;
        (&self.file).take(MAX_BYTES).read_to_end(&mut text)?;
        Ok(String::from_utf8(text).ok().and_then(|text| parse(&text)).unwrap_or_default())
    }

    /// Removes it, while it is locked.
    pub(super) fn remove(self) {
        // One that cannot be removed describes files that are not there any more: it is recovered to no effect.
        let _ = fs::remove_file(&self.path);
        super::sync_directories(std::slice::from_ref(&self.path));
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Closing the file would do, but for a child process between its fork and its exec, which has it open as well.
        let _ = self.file.unlock();
    }
}

fn parse(text: &str) -> Option<Vec<Entry>> {
    let (body, sum) = text.strip_suffix('\n')?.rsplit_once('\n')?;
    let mut lines = body.lines();
    let whole = lines.next() == Some(FIRST_LINE) && sum == hex(&hash(format!("{body}\n").as_bytes()));
    if whole { lines.map(Entry::parse).collect() } else { None }
}

/// What there is of a journal.
pub(super) enum Existing {
    /// Nothing.
    None,
    /// That of a rewrite that is under way.
    InUse,
    /// What a killed process left.
    Left(Journal),
}

/// Looks for a journal in a root.
pub(super) fn existing(root: &Path) -> Result<Existing, AstError> {
    let path = root.join(NAME);
    open_existing(&path).map_err(|source| AstError::Io { path, source })
}

fn open_existing(path: &Path) -> io::Result<Existing> {
    let none_if_gone = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(Existing::None),
        _ => Err(error),
    };
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(io::Error::other("not a regular file")),
        Err(error) => return none_if_gone(error),
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return none_if_gone(error),
    };
    Ok(if lock(&file)? {
        Existing::Left(Journal { path: path.to_path_buf(), file })
    } else {
        Existing::InUse
    })
}

/// Locks a journal; false if another process has the lock, or had it and has removed the file.
fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(link_count(&file.metadata()?) > 0),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Makes the journal of a new rewrite, once no other is under way and what was left is dealt with.
pub(super) fn begin(
    root: &Path,
    patience: Duration,
    recover: impl Fn(Journal) -> Result<(), AstError>,
) -> Result<Journal, AstError> {
    let path = root.join(NAME);
    let failed = |source| AstError::Io { path: path.clone(), source };
    let begun = Instant::now();
    loop {
        match existing(root)? {
            Existing::Left(journal) => {
                recover(journal)?;
                continue;
            }
            Existing::None => match create_private(&path) {
                Ok(file) => {
                    // Somebody may have taken the new file for one that was left.
                    if lock(&file).map_err(failed)? {
                        return Ok(Journal { path, file });
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            },
            Existing::InUse => {}
        }
        if begun.elapsed() >= patience {
            let reason = "another rewrite is under way";
            return Err(failed(io::Error::new(io::ErrorKind::WouldBlock, reason)));
        }
        thread::sleep(PAUSE);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_read_as_it_was_written_and_a_cut_or_changed_one_says_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| create_private(&directory.path().join(name)).unwrap();
        let entries: Vec<_> = ["a.js", "sub dir/b\n\u{e9}.js"]
            .map(|path| Entry { target: path.into(), stem: "1-2-3".into(), old: [1; 32], new: [0xfe; 32] })
            .into();
        let mut journal = Journal { path: directory.path().join("whole"), file: file("whole") };
        journal.write(&entries).unwrap();
        assert_eq!(journal.read().unwrap(), entries);
        let whole = fs::read(directory.path().join("whole")).unwrap();
        for cut in 0..whole.len() {
            assert_eq!(parse(std::str::from_utf8(&whole[..cut]).unwrap()), None, "{cut}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(String::from_utf8(changed).ok().and_then(|text| parse(&text)), None, "{at}");
        }
        assert_eq!(Entry::parse(&format!("{0} {0} ../x 61", "00".repeat(32))), None);
    }
}
