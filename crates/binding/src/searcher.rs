//! The object that searches.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use orchestrator_index::resident::{IndexOptions, IndexState, IndexStatus, ResidentIndex};
use orchestrator_scheduler::executor::Executor;
use orchestrator_search::{FileSource, Glob, Grep, NoIndex};
use orchestrator_syntax::{AstRewrite, AstRewriteQuery, AstSearch, Outline, SyntaxErrors};

use crate::call::{BindingCancel, Deferred, call, executor};
use crate::failure::{Crossing, crossing};
use crate::lanes::number;
use crate::search::{
    BindingGlob, BindingGrep, glob_page, glob_query, grep_page, grep_query, pack_grep, small,
};
use crate::syntax::{
    BindingAstQuery, BindingRewrite, ast_query, ast_result, file_syntax, flat_symbols, rewrite_of,
};

/// What a searcher keeps of the trees that it searches.
#[napi(object)]
pub struct BindingIndexOptions {
    /// Most bytes of one root's index.
    pub max_bytes: Option<f64>,
    /// Most roots.
    pub max_roots: Option<u32>,
    /// Where indexes are saved.
    pub cache_directory: Option<String>,
    /// Whether changes are heard of.
    pub watch: bool,
}

/// What can be said of an index.
#[napi(object)]
pub struct BindingIndexStatus {
    /// The root.
    pub root: String,
    /// `building`, `ready` or `closed`.
    pub state: String,
    /// Files.
    pub files: u32,
    /// Files that have changed and are not read again yet.
    pub unread: u32,
    /// Memory in bytes.
    pub bytes: f64,
    /// Whether changes are heard of; else every search compares all stamps.
    pub watched: bool,
    /// How long the first build took, in milliseconds.
    pub build_ms: f64,
}

/// What the threads that search have done.
#[napi(object)]
pub struct BindingExecutorMetrics {
    /// Threads.
    pub threads: u32,
    /// Calls taken.
    pub submitted: f64,
    /// Calls ended.
    pub finished: f64,
    /// Calls that panicked.
    pub panicked: f64,
    /// Calls refused.
    pub refused: f64,
    /// Pieces of work done.
    pub steps: f64,
    /// Pieces stolen by another thread.
    pub steals: f64,
    /// Mean time from call to first piece, in milliseconds.
    pub mean_wait_ms: f64,
    /// Longest such time.
    pub max_wait_ms: f64,
}

/// Searches, and remembers what helps the next search.
#[napi]
pub struct BindingSearcher {
    executor: Executor,
    source: Arc<dyn FileSource>,
    index: Option<Arc<ResidentIndex>>,
}

#[napi]
impl BindingSearcher {
    /// A searcher; without options it keeps nothing.
    #[napi]
    pub fn create(index: Option<BindingIndexOptions>) -> Crossing<BindingSearcher> {
        crossing(executor().map(|executor| {
            let index =
                index.map(|options| Arc::new(ResidentIndex::new(executor.clone(), index_options(options))));
            let source: Arc<dyn FileSource> = match &index {
                Some(index) => Arc::clone(index) as _,
                None => Arc::new(NoIndex),
            };
            BindingSearcher { executor, source, index }
        }))
    }

    /// Searches file contents.
    #[napi(ts_return_type = "Promise<BindingGrepPage | BindingFailure>")]
    pub fn grep<'env>(
        &self,
        env: &'env Env,
        query: BindingGrep,
        cancel: &BindingCancel,
    ) -> napi::Result<Object<'env>> {
        let work = grep_query(query).map(|query| Grep::new(query, self.source(), cancel.signal()));
        call(env, &self.executor, work, pack_grep, grep_page)
    }

    /// Finds files by name.
    #[napi(ts_return_type = "Promise<BindingGlobPage | BindingFailure>")]
    pub fn glob<'env>(
        &self,
        env: &'env Env,
        query: BindingGlob,
        cancel: &BindingCancel,
    ) -> napi::Result<Object<'env>> {
        let work = glob_query(query).map(|query| Glob::new(query, self.source(), cancel.signal()));
        call(env, &self.executor, work, glob_page, |page| page)
    }

    /// Finds code of a shape.
    #[napi(ts_return_type = "Promise<BindingAstResult | BindingFailure>")]
    pub fn ast_search<'env>(
        &self,
        env: &'env Env,
        query: BindingAstQuery,
        cancel: &BindingCancel,
    ) -> napi::Result<Object<'env>> {
        let work = ast_query(query).map(|query| AstSearch::new(query, self.source(), cancel.signal()));
        call(env, &self.executor, work, ast_result, |result| result)
    }

    /// Previews a structural replacement below `root`.
    #[napi(ts_return_type = "Promise<BindingRewrite | BindingFailure>")]
    pub fn ast_rewrite<'env>(
        &self,
        env: &'env Env,
        query: BindingAstQuery,
        replacement: String,
        root: String,
        cancel: &BindingCancel,
    ) -> napi::Result<Object<'env>> {
        let work = ast_query(query).map(|query| {
            AstRewrite::new(AstRewriteQuery::new(query, replacement, root), self.source(), cancel.signal())
        });
        call(env, &self.executor, work, rewrite_of, BindingRewrite::new)
    }

    /// The symbols that a file declares.
    #[napi(ts_return_type = "Promise<BindingSymbol[] | BindingFailure>")]
    pub fn outline<'env>(
        &self,
        env: &'env Env,
        path: String,
        cancel: &BindingCancel,
    ) -> napi::Result<Object<'env>> {
        let work = Ok(Outline::new(path, cancel.signal()));
        call(env, &self.executor, work, |symbols| flat_symbols(&symbols), |flat| flat)
    }

    /// Where files do not parse. Paths are relative to `root`.
    #[napi(ts_return_type = "Promise<BindingFileSyntax[] | BindingFailure>")]
    pub fn syntax_errors<'env>(
        &self,
        env: &'env Env,
        root: String,
        paths: Vec<String>,
        cancel: &BindingCancel,
    ) -> napi::Result<Object<'env>> {
        let root = PathBuf::from(root);
        let absolute = paths.iter().map(|path| root.join(path)).collect();
        let work = Ok(SyntaxErrors::new(absolute, cancel.signal()));
        let named =
            move |checked: Vec<_>| checked.into_iter().zip(paths).map(file_syntax).collect::<Vec<_>>();
        call(env, &self.executor, work, named, |files| files)
    }

    /// What is known of the index of the root that a path lies in.
    #[napi]
    #[must_use]
    pub fn index_status(&self, path: String) -> Option<BindingIndexStatus> {
        self.index.as_ref()?.status(Path::new(&path)).map(index_status)
    }

    /// Builds the index that a path lies in; resolves when all of its files are read, with nothing where there is none.
    #[napi(ts_return_type = "Promise<BindingIndexStatus | null | BindingFailure>")]
    pub fn index_ready<'env>(&self, env: &'env Env, path: String) -> napi::Result<Object<'env>> {
        let (deferred, promise) = Deferred::new(env)?;
        let ready = move |status: Option<IndexStatus>| {
            deferred.settle(Ok(status), |status| status.map(index_status));
        };
        match &self.index {
            Some(index) => index.when_ready(Path::new(&path), ready),
            None => ready(None),
        }
        Ok(promise)
    }

    /// Forgets all indexes. Later searches walk.
    #[napi]
    pub fn close(&self) {
        if let Some(index) = &self.index {
            index.close();
        }
    }

    /// A reading of the threads that all searchers of this process share.
    #[napi]
    #[must_use]
    pub fn metrics(&self) -> BindingExecutorMetrics {
        let metrics = self.executor.metrics();
        let milliseconds = |time: std::time::Duration| time.as_secs_f64() * 1e3;
        BindingExecutorMetrics {
            threads: small(self.executor.threads()),
            submitted: number(metrics.submitted),
            finished: number(metrics.finished),
            panicked: number(metrics.panicked),
            refused: number(metrics.refused),
            steps: number(metrics.steps),
            steals: number(metrics.steals),
            mean_wait_ms: milliseconds(metrics.queue_wait.mean),
            max_wait_ms: milliseconds(metrics.queue_wait.max),
        }
    }

    fn source(&self) -> Arc<dyn FileSource> {
        Arc::clone(&self.source)
    }
}

impl Drop for BindingSearcher {
    fn drop(&mut self) {
        self.close();
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn index_options(options: BindingIndexOptions) -> IndexOptions {
    let mut built = IndexOptions {
        cache_directory: options.cache_directory.map(PathBuf::from),
        watch: options.watch,
        ..IndexOptions::default()
    };
    if let Some(bytes) = options.max_bytes {
        built.max_bytes = bytes.max(0.0) as usize;
    }
    if let Some(roots) = options.max_roots {
        built.max_roots = roots as usize;
    }
    built
}

fn index_status(status: IndexStatus) -> BindingIndexStatus {
    BindingIndexStatus {
        root: status.root.to_string_lossy().into_owned(),
        state: match status.state {
            IndexState::Building => "building",
            IndexState::Ready => "ready",
            IndexState::Closed => "closed",
        }
        .to_owned(),
        files: small(status.files),
        unread: small(status.unread),
        bytes: number(status.bytes as u64),
        watched: status.watched,
        build_ms: number(status.build_ms),
    }
}
