//! The resident index gives what a walk gives, whatever happens to the tree.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod tree;

use std::fs;
use std::sync::Arc;
use std::sync::mpsc;

use orchestrator_index::resident::{IndexOptions, IndexState, IndexStatus, ResidentIndex};
use orchestrator_scheduler::executor::{Executor, ExecutorOptions};
use orchestrator_search::{
    Cancel, FileQuery, FileSource, Glob, GlobQuery, Grep, GrepOutcome, GrepQuery, NoIndex, run,
};
use tree::{Changes, Random};

struct Stage {
    executor: Executor,
    index: Arc<ResidentIndex>,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new(options: IndexOptions) -> Self {
        let executor = Executor::new(ExecutorOptions { threads: 2, ..ExecutorOptions::default() }).unwrap();
        let index = Arc::new(ResidentIndex::new(executor.clone(), options));
        Self { executor, index, folder: tempfile::tempdir().unwrap() }
    }

    fn ready(&self) -> IndexStatus {
        let (sender, receiver) = mpsc::channel();
        self.index.when_ready(self.folder.path(), move |status| sender.send(status).unwrap());
        receiver.recv().unwrap().unwrap()
    }

    fn grep(&self, source: Arc<dyn FileSource>, query: &GrepQuery) -> GrepOutcome {
        run(&self.executor, Grep::new(query.clone(), source, Cancel::new())).unwrap()
    }

    /// Searches with and without the index and compares.
    fn compare(&self, query: &GrepQuery, history: &str) {
        let with = self.grep(Arc::clone(&self.index) as _, query);
        let without = self.grep(Arc::new(NoIndex), query);
        assert_eq!(with.matches, without.matches, "{query:?}\n{history}");
        assert_eq!(with.failures, without.failures, "{query:?}\n{history}");
        assert_eq!(with.none_selected, without.none_selected, "{query:?}\n{history}");
    }

    fn compare_glob(&self, query: &GlobQuery, history: &str) {
        let answer = |source: Arc<dyn FileSource>| {
            run(&self.executor, Glob::new(query.clone(), source, Cancel::new())).unwrap()
        };
        let (with, without) = (answer(Arc::clone(&self.index) as _), answer(Arc::new(NoIndex)));
        assert_eq!(with.files, without.files, "{query:?}\n{history}");
    }
}

fn grep_query(random: &mut Random, folder: &std::path::Path) -> GrepQuery {
    let patterns = [
        "alpha",
        "beta.*gamma",
        "(?i)ALPHA",
        "delta|omega",
        r"\bzeta\w+",
        "x",
        "absent_word",
        "^alpha",
        "[ab]lpha",
    ];
    let sub = ["", "", "", "src", "src/deep", "docs", "build", ".hidden"];
    let root = folder.join(random.pick(&sub));
    let mut files = FileQuery::new(if root.is_dir() { root } else { folder.to_path_buf() });
    if random.chance(4) {
        let globs = ["*.ts", "*.log", "src/**", "**/*.md", "build", "*", "deep/*", ".hidden", "!*.ts"];
        files = files.include([*random.pick(&globs)]);
    }
    if random.chance(5) {
        files = files.exclude([*random.pick(&["*.md", "deep", "src/a*", "build"])]);
    }
    files = files.hidden(random.chance(3)).no_ignore(random.chance(10));
    GrepQuery::new(*random.pick(&patterns), files).multiline(random.chance(6)).max_matches(10_000)
}

fn soak(options: IndexOptions, seed: u64, rounds: usize) {
    let stage = Stage::new(options);
    let mut random = Random(seed);
    let mut changes = Changes::new(stage.folder.path());
    for _ in 0..30 {
        changes.make_one(&mut random);
    }
    stage.ready();
    changes.outside_links = false;
    for round in 0..rounds {
        for _ in 0..random.below(4) {
            changes.make_one(&mut random);
        }
        if random.chance(8) {
            stage.ready();
        }
        let history = format!("seed {seed} round {round}\n{}", changes.tail());
        stage.compare(&grep_query(&mut random, stage.folder.path()), &history);
        if random.chance(4) {
            let files = grep_query(&mut random, stage.folder.path()).files().clone();
            stage.compare_glob(&GlobQuery::new(files), &history);
        }
    }
    assert_ne!(stage.ready().state, IndexState::Closed);
}

fn seeds() -> std::ops::Range<u64> {
    let count = std::env::var("RESIDENT_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    0..count
}

#[test]
fn a_search_sees_every_write_that_returned_before_it() {
    for seed in seeds() {
        soak(IndexOptions::default(), seed, 60);
    }
}

#[test]
fn writers_at_the_same_time_each_see_their_writes() {
    let stage = Stage::new(IndexOptions::default());
    for at in 0..100 {
        fs::write(stage.folder.path().join(format!("f{at}")), "filler\n").unwrap();
    }
    stage.ready();
    let (stage, steps) = (&stage, 120);
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            scope.spawn(move || {
                let mut random = Random(writer);
                let mut there = std::collections::BTreeMap::<std::path::PathBuf, String>::new();
                for step in 0..steps {
                    let folder =
                        stage.folder.path().join(format!("w{writer}")).join(*random.pick(&["a", "a/b", "c"]));
                    if random.chance(3) {
                        let _ = fs::remove_dir_all(&folder);
                        there.retain(|path, _| !path.starts_with(&folder));
                    }
                    fs::create_dir_all(&folder).unwrap();
                    let path = folder.join(format!("file{}", random.below(3)));
                    let token = format!("token_{writer}_{step}_");
                    fs::write(&path, &token).unwrap();
                    there.insert(path, token);
                    for (path, token) in &there {
                        let query = GrepQuery::new(token.clone(), FileQuery::new(stage.folder.path()));
                        let found = stage.grep(Arc::clone(&stage.index) as _, &query);
                        assert_eq!(found.matches.len(), 1, "{token} in {} at step {step}", path.display());
                    }
                }
            });
        }
    });
}

#[test]
fn without_a_watcher_stamps_are_compared() {
    for seed in seeds() {
        soak(IndexOptions { watch: false, ..IndexOptions::default() }, 1000 + seed, 30);
    }
}

#[test]
fn rules_that_change_where_nobody_watches_are_seen() {
    for watch in [true, false] {
        let stage = Stage::new(IndexOptions { watch, ..IndexOptions::default() });
        let above = stage.folder.path().to_path_buf();
        let tree = above.join("tree");
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join("a.ts"), "alpha\n").unwrap();
        fs::write(tree.join(".rgignore"), "*\n").unwrap();
        fs::hard_link(tree.join(".rgignore"), above.join("second name")).unwrap();
        let (sender, receiver) = mpsc::channel();
        stage.index.when_ready(&tree, move |status| sender.send(status).unwrap());
        receiver.recv().unwrap().unwrap();
        let query = GrepQuery::new("alpha", FileQuery::new(&tree));
        let found = || stage.grep(Arc::clone(&stage.index) as _, &query).matches.len();
        assert_eq!(found(), 0);
        fs::write(above.join("second name"), "# nothing\n").unwrap();
        assert_eq!(found(), 1, "through a second name; watched: {watch}");
        fs::write(above.join(".ignore"), "*.ts\n").unwrap();
        assert_eq!(found(), 0, "above the tree; watched: {watch}");
        fs::remove_file(above.join(".ignore")).unwrap();
        assert_eq!(found(), 1, "above the tree; watched: {watch}");
    }
}

#[test]
fn what_is_ruled_out_is_not_read() {
    let stage = Stage::new(IndexOptions::default());
    for at in 0..200 {
        fs::write(stage.folder.path().join(format!("f{at}")), format!("common line\nunique_{at}_word\n"))
            .unwrap();
    }
    let status = stage.ready();
    assert_eq!((status.files, status.unread, status.state), (200, 0, IndexState::Ready));
    let found = stage.grep(
        Arc::clone(&stage.index) as _,
        &GrepQuery::new("unique_77_word", FileQuery::new(stage.folder.path())),
    );
    assert_eq!(found.matches.len(), 1);
    assert!(found.files_searched < 20, "{} files were read", found.files_searched);
}

#[test]
fn an_index_is_saved_and_taken_up_again() {
    let cache = tempfile::tempdir().unwrap();
    let options =
        IndexOptions { cache_directory: Some(cache.path().to_path_buf()), ..IndexOptions::default() };
    let stage = Stage::new(options.clone());
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(100);
    for at in 0..300 {
        let path = stage.folder.path().join(format!("f{at}"));
        fs::write(&path, format!("word_{at}\n")).unwrap();
        fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }
    // Files that have just changed are not saved: their stamps prove nothing yet.
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    stage.ready();
    stage.index.close();
    let saved = fs::read_dir(cache.path()).unwrap().next().unwrap().unwrap().path();
    let again = ResidentIndex::new(stage.executor.clone(), options);
    let kept = orchestrator_index::saved::load(&saved).unwrap();
    assert_eq!(kept.entries.len(), 300);
    fs::write(stage.folder.path().join("f7"), "changed_7\n").unwrap();
    let stage = Stage { index: Arc::new(again), ..stage };
    stage.ready();
    stage.compare(&GrepQuery::new("changed_7", FileQuery::new(stage.folder.path())), "");
    stage.compare(&GrepQuery::new("word_8", FileQuery::new(stage.folder.path())), "");
}
