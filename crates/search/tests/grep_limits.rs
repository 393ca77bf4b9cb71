//! Limits, order, cancellation and errors.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod tree;

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use orchestrator_search::{Cancel, FileOrder, FileQuery, GrepMode, GrepQuery, SearchError, Total};
use tree::{Tree, executor, grep, grep_on};

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
fn a_cap_per_file_counts_the_matches_of_all_pages() {
    let tree = many(5, 5);
    let whole = tree.grep("foo", |q| q.max_per_file(3));
    assert_eq!(whole.matches.len(), 15);
    for size in 1..=16 {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = tree.grep("foo", |q| {
                let q = q.max_per_file(3).max_matches(size);
                match &cursor {
                    Some(cursor) => q.cursor(cursor),
                    None => q,
                }
            });
            found.extend(page.matches);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(found, whole.matches, "pages of {size}");
    }
}

#[test]
fn counting_may_stop_early_and_then_says_at_least() {
    let tree = many(60, 3);
    let all = tree.grep("foo", |q| q);
    // One worker: with two, one that stalls in the first file lets the other read all that follow.
    let query = GrepQuery::new("foo", tree.query()).max_matches(10).count_up_to(30);
    let some = grep_on(&executor(1), &query, &Cancel::new()).unwrap();
    assert_eq!(some.matches, all.matches[..10]);
    assert_eq!(some.total, Total { count: 30, exact: false });
    assert!(some.truncated());
    assert!(some.files_searched < 60);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let tree = many(40, 2);
    let run = |threads| {
        let query = GrepQuery::new("foo", tree.query()).max_matches(33);
        grep_on(&executor(threads), &query, &Cancel::new()).unwrap().matches
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
    // No text that has to be there lets the search skip ahead.
    let query = GrepQuery::new(r"\b\w+\d\w+\b", tree.query());
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

/// All pages of an answer, one after the other.
fn pages(tree: &Tree, query: &GrepQuery) -> Vec<orchestrator_search::GrepOutcome> {
    let mut pages = vec![grep(query, &Cancel::new()).unwrap()];
    while let Some(cursor) = pages.last().unwrap().cursor.clone() {
        pages.push(grep(&query.clone().cursor(cursor), &Cancel::new()).unwrap());
        assert!(pages.len() < 1000, "pages do not end in {}", tree.path().display());
    }
    pages
}

#[test]
fn pages_put_together_are_the_whole_answer() {
    let tree = many(23, 7);
    let whole = tree.grep("foo", |q| q);
    for order in [FileOrder::Path, FileOrder::Relevance] {
        for size in [1, 4, 7, 10, 160, 161, 200] {
            for count_up_to in [None, Some(1), Some(20)] {
                let mut query = GrepQuery::new("foo", tree.query()).max_matches(size).order(order);
                if let Some(count) = count_up_to {
                    query = query.count_up_to(count);
                }
                let pages = pages(&tree, &query);
                let mut left = whole.matches.len() as u64;
                for page in &pages {
                    assert!(page.matches.len() == size || page.cursor.is_none());
                    assert!(if page.total.exact {
                        page.total.count == left
                    } else {
                        page.total.count <= left
                    });
                    left -= page.matches.len() as u64;
                }
                let mut all: Vec<_> = pages.into_iter().flat_map(|page| page.matches).collect();
                if order == FileOrder::Relevance {
                    all.sort_by(|a, b| (&a.path, a.byte_start).cmp(&(&b.path, b.byte_start)));
                    let mut whole = whole.matches.clone();
                    whole.sort_by(|a, b| (&a.path, a.byte_start).cmp(&(&b.path, b.byte_start)));
                    assert_eq!(all, whole);
                } else {
                    assert_eq!(all, whole.matches, "{size} {count_up_to:?}");
                }
            }
        }
    }
}

#[test]
fn files_and_counts_are_given_page_by_page_too() {
    let tree = many(9, 3);
    for (mode, count) in [(GrepMode::Files, 1), (GrepMode::Counts, 3)] {
        for size in [1, 2, 9, 10] {
            let pages = pages(&tree, &GrepQuery::new("foo", tree.query()).mode(mode).max_matches(size));
            let files: Vec<_> = pages.iter().flat_map(|page| &page.files).collect();
            assert_eq!(files.len(), 9);
            assert!(files.iter().all(|file| file.count == count));
            assert!(files.is_sorted_by(|a, b| {
                orchestrator_search::paths::compare(a.path.as_bytes(), b.path.as_bytes()).is_lt()
            }));
            assert_eq!(pages[0].total, Total { count: 9 * count, exact: true });
            assert!(pages.iter().all(|page| page.matches.is_empty()));
        }
    }
}

#[test]
fn a_cap_of_each_file_leaves_the_rest_of_it_out_of_later_pages() {
    let tree = many(5, 6);
    let pages = pages(&tree, &GrepQuery::new("foo", tree.query()).max_per_file(2).max_matches(2));
    assert_eq!(pages.iter().map(|page| page.matches.len()).sum::<usize>(), 10);
    let whole = tree.grep("foo", |q| q.max_per_file(2));
    assert_eq!((whole.matches.len(), whole.cursor), (10, None), "nothing is behind it");
}

#[test]
fn counts_of_files_are_whole_although_counting_may_stop() {
    let found = many(1, 42).grep("foo", |q| q.mode(GrepMode::Counts).count_up_to(1));
    assert_eq!(found.files[0].count, 42);
}

#[test]
fn a_page_continues_inside_a_file_with_a_byte_order_mark() {
    let tree = Tree::of(&[("a", "\u{feff}foo foofoo\nfoo")]);
    let pages = pages(&tree, &GrepQuery::new("foo", tree.query()).max_matches(1));
    let starts: Vec<_> = pages.iter().flat_map(|page| &page.matches).map(|found| found.byte_start).collect();
    assert_eq!(starts, [3, 7, 10, 14]);
}

#[test]
fn relevance_puts_new_files_first_and_generated_ones_last() {
    let tree = Tree::of(&[("a", "foo"), ("b", "foo"), ("dist/c", "foo"), ("d.min.js", "foo"), ("e", "foo")]);
    for (path, age) in [("a", 30), ("b", 10), ("dist/c", 1), ("d.min.js", 2), ("e", 20)] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - age);
        let file = std::fs::File::options().write(true).open(tree.path().join(path)).unwrap();
        file.set_modified(time).unwrap();
    }
    let found = tree.grep("foo", |q| q.order(FileOrder::Relevance));
    let paths: Vec<_> = found.matches.iter().map(|found| found.path.text.as_str()).collect();
    assert_eq!(paths, ["b", "e", "a", "dist/c", "d.min.js"]);
}

#[test]
fn a_cursor_of_another_question_is_refused() {
    let tree = many(2, 2);
    for cursor in ["nonsense", "r-5@1:a"] {
        let query = GrepQuery::new("foo", tree.query()).cursor(cursor);
        assert_eq!(grep(&query, &Cancel::new()).unwrap_err().code(), "ERR_CURSOR");
    }
}
