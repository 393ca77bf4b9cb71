//! What a walk found.

use std::collections::HashMap;
use std::ops::Range;

use crate::Stamp;
use crate::files::FileFailure;
use crate::paths::joined;

/// What an entry is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// What the rules say of an entry of a directory that is walked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is searched, or walked.
    Visible,
    /// As visible, but its name begins with a dot and no rule names it.
    Hidden,
    /// An ignore file excludes it. Its own entries are not looked at.
    Ignored,
}

/// A regular file or a directory in a walked directory. Other things, links too, are passed over.
#[derive(Clone, Debug)]
pub struct WalkedEntry {
    pub(crate) name: Range<u32>,
    /// What it is.
    pub kind: EntryKind,
    /// What the rules say of it.
    pub verdict: Verdict,
    /// A file's stamp and number of names, where they were asked for and could be had.
    pub stat: Option<(Stamp, u64)>,
}

/// A directory that was walked.
#[derive(Clone, Debug)]
pub struct WalkedDirectory {
    /// Its path relative to the root, empty for the root itself.
    pub path: Box<[u8]>,
    /// Whether it, or a directory that it lies in, is hidden.
    pub hidden: bool,
    /// Whether it has an entry `.git`: it may be a repository with rules of its own.
    pub has_git: bool,
    /// Its entries, sorted by name.
    pub entries: Vec<WalkedEntry>,
    pub(crate) names: Vec<u8>,
}

impl WalkedDirectory {
    /// The name of one of its entries.
    #[must_use]
    pub fn name(&self, entry: &WalkedEntry) -> &[u8] {
        &self.names[entry.name.start as usize..entry.name.end as usize]
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The walked directories in path order.
    pub directories: Vec<WalkedDirectory>,
    /// Directories and ignore files that could not be read, in path order.
    pub failures: Vec<FileFailure>,
}

impl Walked {
    /// Visits every file in path order: its directory, its entry, and whether it counts as hidden.
    pub fn for_each_file(&self, mut visit: impl FnMut(&WalkedDirectory, &WalkedEntry, bool)) {
        let by_path: HashMap<&[u8], usize> =
            self.directories.iter().enumerate().map(|(at, directory)| (&*directory.path, at)).collect();
        // Directories whose parent was not walked: where the walk began.
        let mut stack: Vec<(usize, usize)> = self
            .directories
            .iter()
            .enumerate()
            .filter(|(_, one)| one.path.is_empty() || !by_path.contains_key(crate::paths::split(&one.path).0))
            .map(|(at, _)| (at, 0))
            .rev()
            .collect();
        while let Some((at, next)) = stack.pop() {
            let directory = &self.directories[at];
            let Some(entry) = directory.entries.get(next) else { continue };
            stack.push((at, next + 1));
            if entry.verdict == Verdict::Ignored {
                continue;
            }
            match entry.kind {
                EntryKind::File => {
                    visit(directory, entry, directory.hidden || entry.verdict == Verdict::Hidden);
                }
                EntryKind::Directory => {
                    let path = joined(&directory.path, directory.name(entry));
                    stack.extend(by_path.get(&*path).map(|&below| (below, 0)));
                }
            }
        }
    }
}
