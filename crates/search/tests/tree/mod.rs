//! A directory made for one test, and calls that wait for their answers.

#![allow(dead_code, reason = "each test crate uses its own part of this module")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use orchestrator_scheduler::executor::{Executor, ExecutorOptions};
use orchestrator_search::{
    Cancel, Candidates, FileQuery, Glob, GlobOutcome, GlobQuery, Grep, GrepOutcome, GrepQuery, ListFiles,
    NoIndex, SearchError, run,
};
use tempfile::TempDir;

/// An executor with so many threads.
pub fn executor(threads: usize) -> Executor {
    Executor::new(ExecutorOptions { threads, ..ExecutorOptions::default() }).unwrap()
}

pub fn grep(query: &GrepQuery, cancel: &Cancel) -> Result<GrepOutcome, SearchError> {
    grep_on(&executor(2), query, cancel)
}

pub fn grep_on(executor: &Executor, query: &GrepQuery, cancel: &Cancel) -> Result<GrepOutcome, SearchError> {
    run(executor, Grep::new(query.clone(), Arc::new(NoIndex), cancel.clone()))
}

pub fn glob(query: &GlobQuery) -> Result<GlobOutcome, SearchError> {
    run(&executor(2), Glob::new(query.clone(), Arc::new(NoIndex), Cancel::new()))
}

pub fn list_files(query: &FileQuery) -> Result<Candidates, SearchError> {
    list_files_on(&executor(2), query)
}

pub fn list_files_on(executor: &Executor, query: &FileQuery) -> Result<Candidates, SearchError> {
    run(executor, ListFiles::new(query.clone(), Arc::new(NoIndex), Cancel::new()))
}

/// A temporary tree of files.
pub struct Tree(TempDir);

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
