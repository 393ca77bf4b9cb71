//! Limits, order, cancellation and errors.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod tree;

use std::thread;
use std::time::{Duration, Instant};

use orchestrator_search::{Cancel, FileQuery, GrepQuery, SearchError, Total, grep};
use tree::Tree;

fn many(files: usize, lines: usize) -> Tree {
    (0..files).fold(Tree::new(), |tree, n| tree.file(&format!("d{}/f{n:03}", n % 7), "foo\n".repeat(lines)))
}

fn position(pattern: &str) -> Option<usize> {
    let tree = Tree::new();
    match grep(&GrepQuery::new(pattern, tree.query()), &Cancel::new()) {
        Err(error @ SearchError::Pattern { position, .. }) => {
            assert_eq!(error.code(), "ERR_PATTERN");
            position
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cap_keeps_the_first_matches_in_path_order_and_counts_the_rest() {
    let tree = many(60, 3);
    let all = tree.grep("foo", |q| q);
    assert_eq!((all.matches.len(), all.left_out(), all.truncated()), (180, 0, false));
    for cap in [0, 1, 50, 179] {
        let some = tree.grep("foo", |q| q.max_matches(cap));
        assert_eq!(some.matches, all.matches[..cap]);
        assert_eq!(some.total, Total { count: 180, exact: true });
        assert_eq!((some.left_out(), some.truncated()), (180 - cap as u64, true));
        assert_eq!(some.files_matched, 60);
    }
}

#[test]
fn a_cap_per_file_leaves_out_and_counts_the_rest_of_each_file() {
    let found = many(10, 5).grep("foo", |q| q.max_per_file(2));
    assert_eq!((found.matches.len(), found.total.count, found.left_out()), (20, 50, 30));
}

#[test]
fn counting_may_stop_early_and_then_says_at_least() {
    let tree = many(60, 3);
    let all = tree.grep("foo", |q| q);
    let some = tree.grep("foo", |q| q.max_matches(10).count_up_to(30));
    assert_eq!(some.matches, all.matches[..10]);
    assert_eq!(some.total, Total { count: 30, exact: false });
    assert!(some.truncated());
    assert!(some.files_searched < 60);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let tree = many(40, 2);
    let run = |threads| {
        let query = GrepQuery::new("foo", tree.query().threads(threads)).max_matches(33);
        grep(&query, &Cancel::new()).unwrap().matches
    };
    let one = run(1);
    assert_eq!(one.len(), 33);
    assert_eq!((run(2), run(8)), (one.clone(), one));
}

#[test]
fn a_bad_pattern_is_reported_with_its_position() {
    assert_eq!(position("ab(c"), Some(2));
    assert_eq!(position("a**["), Some(3));
    assert_eq!(position(r"x\p{Nope}"), Some(1));
    assert_eq!(position("a{5,2}"), Some(1));
    assert_eq!(position(r"foo\nbar"), Some(3));
}

#[test]
fn a_cancelled_call_gives_no_outcome() {
    let tree = many(3, 1);
    let cancel = Cancel::new();
    cancel.clone().cancel();
    let error = grep(&GrepQuery::new("foo", tree.query()), &cancel).unwrap_err();
    assert_eq!(error.code(), "ERR_CANCELLED");
}

/// Far less than the searches below would take, and more than the stalls of a shared machine.
const SOON: Duration = Duration::from_secs(2);

/// How long a search that would run for long goes on after it was cancelled.
fn cancel_latency(query: &GrepQuery) -> Duration {
    let cancel = Cancel::new();
    let canceller = cancel.clone();
    let stopper = thread::spawn(move || {
        thread::sleep(Duration::from_millis(60));
        canceller.cancel();
        Instant::now()
    });
    let error = grep(query, &cancel).unwrap_err();
    let ended = Instant::now();
    assert!(matches!(error, SearchError::Cancelled));
    ended.saturating_duration_since(stopper.join().unwrap())
}

#[test]
fn cancelling_interrupts_a_big_file_at_once() {
    let tree = Tree::new().file("big", "some words and no hit\n".repeat(3_000_000));
    // Case-insensitive alternations without a literal prefix keep an unoptimised build busy.
    let query = GrepQuery::new(r"(?i)\b\w+zzz\w+q\b", tree.query());
    assert!(cancel_latency(&query) < SOON);
}

#[test]
fn cancelling_interrupts_a_multi_line_pattern_that_matches_nothing_everywhere() {
    // `^` is tried at each byte of the line, and each try looks for the line's end.
    let tree = Tree::new().file("big", "x".repeat(1 << 20));
    let query = GrepQuery::new("^", tree.query()).multiline(true);
    assert!(cancel_latency(&query) < SOON);
}

#[test]
fn a_file_needing_more_than_the_heap_limit_is_a_failure_and_not_an_error() {
    let tree = Tree::of(&[("b", "foo\n")]).file("a", "x".repeat(1 << 20));
    let found = tree.grep("foo", |q| q.heap_limit(1 << 18));
    assert_eq!(found.matches.len(), 1);
    assert_eq!(found.failures.iter().map(|f| f.path.text.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_reported_and_the_rest_is_searched() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::of(&[("a", "foo\n"), ("b", "foo\n")]);
    let locked = tree.path().join("a");
    std::fs::set_permissions(&locked, PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::File::open(&locked).is_ok() {
        // Root reads everything; the test above covers the same path with another cause.
        return;
    }
    let found = tree.grep("foo", |q| q);
    assert_eq!((found.matches.len(), found.files_searched, found.failures.len()), (1, 1, 1));
    assert_eq!(found.failures[0].kind, std::io::ErrorKind::PermissionDenied);
}

#[test]
fn a_missing_root_is_not_found() {
    let error = grep(&GrepQuery::new("a", FileQuery::new("/no/such/root")), &Cancel::new()).unwrap_err();
    assert_eq!(error.code(), "ERR_NOT_FOUND");
}
