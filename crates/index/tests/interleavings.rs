//! A search sees every write that returned before it began, in whatever order other searches and writes go on beside it.
//!
//! The searches' walks are held at each folder, before it is watched and before it is read, and go on one at a time,
//! as a seed says.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "tree/mod.rs"]
#[allow(dead_code, reason = "what other tests use of it")]
mod tree;

#[path = "interleavings/held.rs"]
mod held;
#[path = "interleavings/writes.rs"]
mod writes;

use std::fs;
use std::path::Path;
use std::sync::mpsc;

use held::{Begun, Held, names};
use orchestrator_index::resident::{IndexOptions, ResidentIndex};
use orchestrator_scheduler::executor::{Executor, ExecutorOptions};
use orchestrator_search::{Content, FileQuery, FileSource, GrepQuery};
use tree::Random;
use writes::Writes;

fn open(root: &Path) -> ResidentIndex {
    let executor = Executor::new(ExecutorOptions { threads: 2, ..ExecutorOptions::default() }).unwrap();
    let index = ResidentIndex::new(executor, IndexOptions::default());
    let (sender, receiver) = mpsc::channel();
    index.when_ready(root, move |status| sender.send(status).unwrap());
    receiver.recv().unwrap().unwrap();
    index
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Asks for all files, and leaves what has to be walked for later.
fn begin(index: &ResidentIndex, root: &Path) -> Begun {
    Held::begin(index, &FileQuery::new(root), Content::Any)
}

/// All files, by a search that nothing happens beside; it walks by itself if the index has nothing to say.
fn search(index: &ResidentIndex, root: &Path) -> Option<Vec<String>> {
    match begin(index, root) {
        Begun::Files(files) => Some(names(&files)),
        Begun::Walk(held) => held.end().as_ref().map(names),
        Begun::Unknown => None,
    }
}

#[test]
fn a_folder_that_went_during_a_walk_says_nothing_of_its_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "z", "");
    let index = open(root);
    write(root, "a/inside", "");
    let Begun::Walk(mut walk) = begin(&index, root) else { panic!("a new folder is walked") };
    walk.complete();
    fs::remove_dir_all(root.join("a")).unwrap();
    walk.end();
    assert!(index.status(root).unwrap().watched);
}

/// The three searches and writers of the one stale answer that was ever seen of the index.
#[test]
fn an_old_walk_does_not_take_files_from_the_answer_of_another_search() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "z", "");
    let index = open(root);
    write(root, "east/c/1.txt", "");
    fs::create_dir_all(root.join("north/a/b")).unwrap();
    let Begun::Walk(mut old) = begin(&index, root) else { panic!("new folders are walked") };
    old.complete();
    write(root, "north/a/b/3.md", "");
    search(&index, root);
    fs::remove_dir_all(root.join("east/c")).unwrap();
    write(root, "north/a/b/1.txt", "");
    write(root, "south/new/1.txt", "");
    let Begun::Walk(new) = begin(&index, root) else { panic!("a new folder is walked") };
    old.end();
    if let Some(files) = new.end() {
        assert_eq!(names(&files), ["north/a/b/1.txt", "north/a/b/3.md", "south/new/1.txt", "z"]);
    }
}

#[test]
fn what_lay_in_a_folder_that_was_moved_away_during_a_walk_is_gone() {
    let (folder, aside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = folder.path();
    write(root, "a/z", "");
    let index = open(root);
    write(root, "a/b/inside", "");
    let Begun::Walk(mut walk) = begin(&index, root) else { panic!("a new folder is walked") };
    walk.complete();
    fs::rename(root.join("a"), aside.path().join("a")).unwrap();
    assert_eq!(search(&index, root).unwrap_or_default(), [""; 0]);
    walk.end();
    for _ in 0..3 {
        assert_eq!(search(&index, root).unwrap_or_default(), [""; 0]);
    }
}

/// The rules of folders above are looked at; so is everything when they change, and by older walks too.
#[test]
fn what_is_looked_at_because_of_a_rule_is_told_to_older_walks() {
    let folder = tempfile::tempdir().unwrap();
    let root = &folder.path().join("root");
    write(root, "z", "");
    let index = open(root);
    fs::create_dir(root.join("a")).unwrap();
    let Begun::Walk(mut old) = begin(&index, root) else { panic!("a new folder is walked") };
    old.complete();
    write(root, "a/new", "");
    fs::write(folder.path().join(".ignore"), "# nothing\n").unwrap();
    assert_eq!(search(&index, root).unwrap(), ["a/new", "z"]);
    old.end();
    for _ in 0..3 {
        if let Some(files) = search(&index, root) {
            assert_eq!(files, ["a/new", "z"]);
        }
    }
}

/// A folder's rules are kept once they are read. Here that happens before the folder is watched.
#[test]
fn rules_that_come_into_a_new_folder_before_it_is_watched_count() {
    let (folder, aside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = folder.path();
    write(root, "a/1", "");
    let index = open(root);
    write(root, "a/2", "");
    fs::rename(root.join("a"), aside.path().join("a")).unwrap();
    write(root, "a/2", "");
    write(root, "a/3.md", "");
    let Begun::Walk(walk) = begin(&index, root) else { panic!("a folder in another's place is walked") };
    write(root, "a/.ignore", "*.md\n");
    walk.end();
    for _ in 0..2 {
        assert_eq!(search(&index, root).unwrap(), ["a/2"]);
    }
}

#[test]
fn a_tree_that_was_put_in_the_place_of_another_is_not_taken_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let above = folder.path().join("above");
    let root = &above.join("root");
    write(root, "old", "");
    write(&folder.path().join("other"), "root/new", "");
    let index = open(root);
    assert_eq!(search(&index, root).unwrap(), ["old"]);
    fs::rename(&above, folder.path().join("elsewhere")).unwrap();
    fs::rename(folder.path().join("other"), &above).unwrap();
    assert_eq!(search(&index, root).unwrap_or_else(|| vec!["new".to_owned()]), ["new"]);
}

/// A search under way: when it began, and whose text it looks for.
struct Search {
    held: Held,
    began: usize,
    wanted: Option<String>,
}

struct Play {
    index: ResidentIndex,
    writes: Writes,
    searches: Vec<Search>,
    log: Vec<String>,
    answers: usize,
}

impl Play {
    fn check(&mut self, files: &orchestrator_search::Candidates, began: usize, wanted: Option<&String>) {
        self.answers += 1;
        let found = names(files);
        let (should, known) = match wanted {
            Some(path) => (vec![path.clone()], None),
            None => (self.writes.files(), Some(&found)),
        };
        let missed: Vec<&String> = should
            .iter()
            .filter(|path| self.writes.unchanged_since(path, began) && !found.contains(path))
            .collect();
        let gone: Vec<&String> = known
            .into_iter()
            .flatten()
            .filter(|path| self.writes.unchanged_since(path, began) && !should.contains(path))
            .collect();
        assert!(
            missed.is_empty() && gone.is_empty(),
            "{}: missed {missed:?}, gone {gone:?}\n{}",
            self.log[0],
            self.log.iter().rev().take(60).rev().cloned().collect::<Vec<_>>().join("\n")
        );
    }

    fn begin(&mut self, random: &mut Random) {
        let files = self.writes.files();
        let wanted = (!files.is_empty() && random.chance(2)).then(|| random.pick(&files).clone());
        let began = self.writes.count();
        let query = FileQuery::new(self.writes.root());
        let answer = match &wanted {
            Some(path) => {
                let text = self.writes.text(path);
                Held::begin(&self.index, &query, Content::Grep(&GrepQuery::new(text, query.clone())))
            }
            None => Held::begin(&self.index, &query, Content::Any),
        };
        match answer {
            Begun::Files(files) => {
                self.log.push(format!("search for {wanted:?} at once"));
                self.check(&files, began, wanted.as_ref());
            }
            Begun::Walk(held) => {
                self.log.push(format!("begin {}: {:?}, for {wanted:?}", held.number(), held.start()));
                self.searches.push(Search { held, began, wanted });
            }
            Begun::Unknown => {
                self.log.push("unknown".to_owned());
                self.index.walked(self.writes.root());
            }
        }
    }

    fn go_on(&mut self, at: usize) {
        let search = &mut self.searches[at];
        if !search.held.is_complete() {
            let place = search.held.go_on();
            self.log.push(format!("{} {place}", search.held.number()));
            return;
        }
        let Search { held, began, wanted } = self.searches.swap_remove(at);
        self.log.push(format!("end {}", held.number()));
        if let Some(files) = held.end() {
            self.check(&files, began, wanted.as_ref());
        }
    }

    fn end_all(&mut self, random: &mut Random) {
        while !self.searches.is_empty() {
            self.go_on(random.below(self.searches.len()));
        }
    }
}

fn play(seed: u64, steps: usize) {
    let mut random = Random(seed);
    let writes = Writes::new();
    let index = open(writes.root());
    let mut play =
        Play { index, writes, searches: Vec::new(), log: vec![format!("seed {seed}")], answers: 0 };
    for _ in 0..steps {
        match random.below(16) {
            0..=5 => {
                let what = play.writes.make_one(&mut random);
                play.log.push(what);
            }
            6 | 7 if play.searches.len() < 6 => play.begin(&mut random),
            15 if random.chance(8) => play.end_all(&mut random),
            _ if play.searches.is_empty() => play.begin(&mut random),
            _ => play.go_on(random.below(play.searches.len())),
        }
    }
    play.end_all(&mut random);
    let status = play.index.status(play.writes.root()).unwrap();
    assert!(status.watched, "seed {seed}: the watcher was given up");
    // Where nothing happens any more, answers come from the index again.
    let answers = play.answers;
    for _ in 0..6 {
        play.begin(&mut random);
        play.end_all(&mut random);
    }
    assert!(play.answers > answers + 2, "seed {seed}: {} answers", play.answers - answers);
}

#[test]
fn every_interleaving_of_searches_and_writes_sees_the_writes() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("INTERLEAVING_SEED").unwrap_or(0);
    for seed in first..first + number("INTERLEAVINGS").unwrap_or(40) {
        play(seed, 300);
    }
}
