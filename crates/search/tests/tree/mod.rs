//! A directory made for one test.

use std::fs;
use std::path::Path;

use orchestrator_search::{Cancel, FileQuery, GrepOutcome, GrepQuery, grep};
use tempfile::TempDir;

/// A temporary tree of files.
pub struct Tree(TempDir);

#[allow(dead_code, reason = "each test crate uses its own part of this module")]
impl Tree {
    /// An empty tree outside any git repository.
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A tree with these files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        files.iter().fold(Self::new(), |tree, (path, content)| tree.file(path, content))
    }

    /// Adds a file, and the directories above it.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Makes the tree a git repository as far as ignore rules are concerned.
    pub fn git(self) -> Self {
        fs::create_dir_all(self.path().join(".git/info")).unwrap();
        self
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn query(&self) -> FileQuery {
        FileQuery::new(self.path())
    }

    /// Greps the whole tree.
    pub fn grep(&self, pattern: &str, set: impl FnOnce(GrepQuery) -> GrepQuery) -> GrepOutcome {
        grep(&set(GrepQuery::new(pattern, self.query())), &Cancel::new()).unwrap()
    }
}
