//! Which files a search sees: ripgrep's rules.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod tree;

use std::fs;
use std::time::{Duration, SystemTime};

use orchestrator_search::{FileQuery, GlobOrder, GlobQuery, PatternKind, SearchError};
use tree::{Tree, executor, glob, list_files, list_files_on};

fn names(query: &FileQuery) -> Vec<String> {
    let files = list_files(query).unwrap();
    (0..files.len()).map(|at| files.text(at).text).collect()
}

fn glob_error(glob: &str) -> (Option<usize>, &'static str) {
    let tree = Tree::new();
    let error = list_files(&tree.query().include([glob])).unwrap_err();
    let code = error.code();
    let SearchError::Pattern { kind: PatternKind::Glob, position, pattern, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(pattern, glob);
    (position, code)
}

#[test]
fn a_nested_gitignore_can_take_back_what_its_parent_ignores() {
    let tree = Tree::of(&[
        (".gitignore", "*.log\n!keep.log\n/out/\n"),
        ("sub/.gitignore", "!x.log\n*.gen\n"),
        ("a.log", ""),
        ("keep.log", ""),
        ("out/x.log", ""),
        ("sub/x.log", ""),
        ("sub/y.log", ""),
        ("sub/z.gen", ""),
    ])
    .git();
    assert_eq!(names(&tree.query()), ["keep.log", "sub/x.log"]);
}

#[test]
fn gitignore_counts_only_in_a_repository_and_ignore_counts_everywhere() {
    let tree = Tree::of(&[(".gitignore", "a\n"), (".ignore", "b\n"), (".rgignore", "c\n"), ("d", "")])
        .file("a", "")
        .file("b", "")
        .file("c", "");
    assert_eq!(names(&tree.query()), ["a", "d"]);
    let tree = tree.git().file(".git/info/exclude", "d\n");
    assert_eq!(names(&tree.query()), Vec::<String>::new());
    assert_eq!(names(&tree.query().no_ignore(true)), ["a", "b", "c", "d"]);
}

#[test]
fn hidden_files_are_seen_on_request_and_git_never() {
    let tree = Tree::of(&[(".env", ""), (".cfg/a", ""), ("b", ""), (".git/config", ""), ("m/.git", "")]);
    assert_eq!(names(&tree.query()), ["b"]);
    assert_eq!(names(&tree.query().hidden(true).no_ignore(true)), [".cfg/a", ".env", "b"]);
}

#[test]
fn the_orchestrator_folder_is_ordinary() {
    let tree =
        Tree::of(&[(".opencode/orchestrator/todo.md", ""), (".opencode/orchestrator/.gitignore", "*")]);
    assert_eq!(
        names(&tree.query().hidden(true)),
        [".opencode/orchestrator/.gitignore", ".opencode/orchestrator/todo.md"]
    );
    assert_eq!(names(&tree.git().query().hidden(true)), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_not_followed_below_the_root_but_a_root_may_be_one() {
    let tree = Tree::of(&[("real/a", "")]);
    std::os::unix::fs::symlink(tree.path().join("real"), tree.path().join("dir")).unwrap();
    std::os::unix::fs::symlink(tree.path().join("real/a"), tree.path().join("link")).unwrap();
    assert_eq!(names(&tree.query()), ["real/a"]);
    assert_eq!(names(&FileQuery::new(tree.path().join("dir"))), ["a"]);
    assert_eq!(names(&FileQuery::new(tree.path().join("link"))), ["link"]);
}

#[test]
fn globs_mean_what_they_mean_to_ripgrep() {
    let tree =
        Tree::of(&[("a.ts", ""), ("src/b.ts", ""), ("src/c.js", ""), ("src/deep/d.ts", ""), ("e1.md", "")])
            .file("src/deep/e2.md", "");
    let with = |globs: &[&str]| names(&tree.query().include(globs.iter().copied()));
    assert_eq!(with(&["*.ts"]), ["a.ts", "src/b.ts", "src/deep/d.ts"]);
    assert_eq!(with(&["src/*.ts"]), ["src/b.ts"]);
    assert_eq!(with(&["./src/*.ts"]), ["src/b.ts"]);
    assert_eq!(with(&["src/**/*.ts"]), ["src/b.ts", "src/deep/d.ts"]);
    assert_eq!(with(&["*.{js,md}"]), ["e1.md", "src/c.js", "src/deep/e2.md"]);
    assert_eq!(with(&["e[0-9].md"]), ["e1.md", "src/deep/e2.md"]);
    assert_eq!(with(&["*.ts", "!src/deep/**"]), ["a.ts", "src/b.ts"]);
    let excluding = names(&tree.query().include(["*.ts"]).exclude(["deep"]));
    assert_eq!(excluding, ["a.ts", "src/b.ts"]);
}

#[test]
fn a_bad_glob_is_reported_with_its_position() {
    assert_eq!(glob_error("src/[a-"), (Some(4), "ERR_PATTERN"));
    assert_eq!(glob_error("a{b,c"), (Some(1), "ERR_PATTERN"));
    assert_eq!(glob_error("ab}c"), (Some(2), "ERR_PATTERN"));
    assert_eq!(glob_error("ab[z-a]"), (Some(3), "ERR_PATTERN"));
    assert_eq!(glob_error(r"abc\"), (Some(3), "ERR_PATTERN"));
}

#[test]
fn files_come_in_component_order_whatever_the_threads() {
    let tree = Tree::of(&[("a-b", ""), ("a/b", ""), ("a.b", ""), ("a/c/d", ""), ("B", "")]);
    for threads in [1, 2, 8] {
        let files = list_files_on(&executor(threads), &tree.query()).unwrap();
        let names: Vec<_> = (0..files.len()).map(|at| files.text(at).text).collect();
        assert_eq!(names, ["B", "a/b", "a/c/d", "a-b", "a.b"]);
    }
}

#[test]
fn glob_gives_the_newest_first_and_counts_what_the_limit_cuts() {
    let tree = Tree::of(&[("old", ""), ("new", ""), ("mid", ""), ("mid2", "")]);
    for (name, age) in [("old", 300), ("mid", 200), ("mid2", 200), ("new", 100)] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - age);
        fs::File::options().write(true).open(tree.path().join(name)).unwrap().set_modified(time).unwrap();
    }
    let paths = |query: GlobQuery| {
        let found = glob(&query).unwrap();
        let paths: Vec<_> = found.files.into_iter().map(|file| file.path.text).collect();
        (paths.join(" "), found.total, found.left_out)
    };
    assert_eq!(paths(GlobQuery::new(tree.query())), ("new mid mid2 old".into(), 4, 0));
    assert_eq!(paths(GlobQuery::new(tree.query()).limit(3)), ("new mid mid2".into(), 4, 1));
    let by_name = GlobQuery::new(tree.query()).order(GlobOrder::Name).limit(1);
    assert_eq!(paths(by_name), ("mid".into(), 4, 3));
}

#[test]
fn a_missing_root_is_not_found() {
    let tree = Tree::new();
    let error = list_files(&FileQuery::new(tree.path().join("no"))).unwrap_err();
    assert_eq!(error.code(), "ERR_NOT_FOUND");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf8_keeps_its_bytes() {
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::new();
    fs::write(tree.path().join(std::ffi::OsStr::from_bytes(b"a\xffb")), "").unwrap();
    let list = list_files(&tree.query()).unwrap();
    assert_eq!(list.text(0).text, "a\u{fffd}b");
    assert_eq!(list.path(0), b"a\xffb");
}
