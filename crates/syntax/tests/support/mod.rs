//! What the tests share: a tree of files, and an executor to work on it.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::sync::{Arc, LazyLock};

use orchestrator_scheduler::executor::{Executor, ExecutorOptions};
use orchestrator_search::{Cancel, NoIndex, Work, run};
use orchestrator_syntax::{AstError, AstOutcome, AstQuery, AstSearch};
use tempfile::TempDir;

static EXECUTOR: LazyLock<Executor> = LazyLock::new(|| executor(4));

pub fn executor(threads: usize) -> Executor {
    Executor::new(ExecutorOptions { threads, ..ExecutorOptions::default() }).unwrap()
}

/// Runs a call on an executor that the tests of a binary share.
pub fn done<W: Work>(work: W) -> Result<W::Output, W::Error> {
    run(&EXECUTOR, work)
}

pub fn ast_search(query: &AstQuery, cancel: &Cancel) -> Result<AstOutcome, AstError> {
    done(AstSearch::new(query.clone(), Arc::new(NoIndex), cancel.clone()))
}

pub fn tree<C: AsRef<[u8]>>(files: &[(&str, C)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, content) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}
