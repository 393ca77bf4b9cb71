//! What a pattern matches, and how a match is described.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod tree;

use orchestrator_search::{CaseMode, FileQuery, GrepOutcome, GrepQuery, Match};
use tree::Tree;

fn places(outcome: &GrepOutcome) -> Vec<(u64, u64, u64, u64)> {
    outcome.matches.iter().map(|m| (m.line, m.column, m.byte_start, m.byte_end)).collect()
}

fn texts(outcome: &GrepOutcome) -> Vec<&str> {
    outcome.matches.iter().map(|m| m.text.text.as_str()).collect()
}

fn lines<'m>(
    context: impl Fn(&'m Match) -> &'m Vec<orchestrator_search::ContextLine>,
    m: &'m Match,
) -> Vec<u64> {
    context(m).iter().map(|line| line.line).collect()
}

fn same(query: GrepQuery) -> GrepQuery {
    query
}

#[test]
fn each_match_of_a_line_is_reported_with_byte_columns_and_offsets() {
    let tree = Tree::of(&[("a", "é foo foo\nfoo")]);
    let found = tree.grep("foo", same);
    assert_eq!(places(&found), [(1, 4, 3, 6), (1, 8, 7, 10), (2, 1, 11, 14)]);
    assert_eq!(texts(&found), ["é foo foo", "é foo foo", "foo"]);
    assert_eq!((found.files_searched, found.files_matched, found.total.count), (1, 1, 3));
}

#[test]
fn case_word_and_literal_are_those_of_ripgrep() {
    let tree = Tree::of(&[("a", "Foo foo food\na.b axb\n")]);
    let count = |pattern: &str, set: fn(GrepQuery) -> GrepQuery| tree.grep(pattern, set).matches.len();
    assert_eq!(count("foo", same), 2);
    assert_eq!(count("foo", |q| q.case(CaseMode::Insensitive)), 3);
    assert_eq!(count("foo", |q| q.case(CaseMode::Smart)), 3);
    assert_eq!(count("Foo", |q| q.case(CaseMode::Smart)), 1);
    assert_eq!(count("foo", |q| q.word(true)), 1);
    assert_eq!(count("a.b", same), 2);
    assert_eq!(count("a.b", |q| q.literal(true)), 1);
    assert_eq!(count("(", |q| q.literal(true)), 0);
}

#[test]
fn a_multi_line_match_gives_all_its_lines() {
    let tree = Tree::of(&[("a", "one\nfn f() {\n}\ntwo\n")]);
    let found = tree.grep(r"\{\s*\}\n", |q| q.multiline(true).context(1, 1));
    let m = &found.matches[0];
    assert_eq!((m.line, m.end_line, m.column, m.byte_start, m.byte_end), (2, 3, 8, 11, 15));
    assert_eq!(m.text.text, "fn f() {\n}");
    assert_eq!((lines(|m| &m.before, m), lines(|m| &m.after, m)), (vec![1], vec![4]));
}

#[test]
fn overlapping_contexts_repeat_lines_that_match_themselves() {
    let tree = Tree::of(&[("a", "1\n2 x\n3 x\n4\n5\n6 x\n")]);
    let found = tree.grep("x", |q| q.context(2, 1));
    let context: Vec<_> =
        found.matches.iter().map(|m| (lines(|m| &m.before, m), lines(|m| &m.after, m))).collect();
    assert_eq!(context, [(vec![1], vec![3]), (vec![1, 2], vec![4]), (vec![4, 5], vec![])]);
    assert_eq!(found.matches[1].before[1].text.text, "2 x");
}

#[test]
fn the_last_kept_match_still_gets_its_context() {
    let tree = Tree::of(&[("a", "x\nx\nx\n")]);
    let found = tree.grep("x", |q| q.context(0, 2).max_matches(1));
    assert_eq!(lines(|m| &m.after, &found.matches[0]), [2, 3]);
    assert_eq!(found.left_out(), 2);
}

#[test]
fn crlf_ends_lines_and_is_not_part_of_their_text() {
    let tree = Tree::of(&[("a", "foo\r\nbar foo\r\n")]);
    let found = tree.grep("foo", same);
    assert_eq!(texts(&found), ["foo", "bar foo"]);
    assert_eq!(places(&found), [(1, 1, 0, 3), (2, 5, 9, 12)]);
    // As with ripgrep without --crlf, `$` stands before the `\n` only.
    assert_eq!(tree.grep("foo$", same).matches.len(), 0);
}

#[test]
fn utf16_with_a_mark_is_searched_as_utf8() {
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend("é foo\n".encode_utf16().flat_map(u16::to_le_bytes));
    let found = Tree::new().file("a", bytes).grep("foo", same);
    assert_eq!(texts(&found), ["é foo"]);
    assert_eq!(places(&found), [(1, 4, 3, 6)]);
    assert!(found.matches[0].transcoded);
}

#[test]
fn a_utf8_mark_counts_in_offsets_but_not_in_columns() {
    let found = Tree::of(&[("a", "\u{feff}foo")]).grep("^foo", same);
    assert_eq!(places(&found), [(1, 1, 3, 6)]);
}

#[test]
fn invalid_utf8_is_searched_and_its_bytes_are_kept() {
    let found = Tree::new().file("a", b"\xff foo \xfe\n").grep("foo", same);
    assert_eq!(places(&found), [(1, 3, 2, 5)]);
    assert_eq!(texts(&found), ["\u{fffd} foo \u{fffd}"]);
    assert_eq!(found.matches[0].text.as_bytes(), b"\xff foo \xfe");
}

#[test]
fn a_binary_file_is_given_up_and_counted_unless_it_was_named() {
    let tree = Tree::new().file("a", b"foo\n\0foo\n");
    let found = tree.grep("foo", same);
    assert_eq!((found.matches.len(), found.skipped_binary), (0, 1));
    let named = GrepQuery::new("foo", FileQuery::new(tree.path().join("a")));
    let found = tree::grep(&named, &orchestrator_search::Cancel::new()).unwrap();
    assert_eq!((found.matches.len(), found.skipped_binary), (2, 0));
    assert_eq!(found.matches[0].path.text, "a");
}

#[test]
fn an_empty_file_matches_nothing() {
    let found = Tree::of(&[("a", "")]).grep("^", same);
    assert_eq!((found.matches.len(), found.files_searched), (0, 1));
}

#[test]
fn a_minified_line_is_clipped_around_the_match_with_its_true_column() {
    let line = format!("{}needle{}", "x".repeat(50_000), "y".repeat(50_000));
    let tree = Tree::of(&[("a.js", &line)]);
    let found = tree.grep("needle", |q| q.max_line_bytes(100));
    let m = &found.matches[0];
    assert_eq!((m.column, m.text_column, m.clipped, m.text.text.len()), (50_001, 49_954, true, 100));
    assert_eq!(&m.text.text[47..53], "needle");
    assert!(!tree.grep("needle", |q| q.max_line_bytes(200_000)).matches[0].clipped);
}

#[test]
fn a_line_with_very_many_matches_takes_linear_time() {
    // Once took minutes: the rest of the line was scanned anew for each match.
    let tree = Tree::of(&[("a.js", &"var foo=1;".repeat(100_000))]);
    let found = tree.grep("foo", |q| q.max_matches(usize::MAX));
    assert_eq!(found.matches.len(), 100_000);
}

#[test]
fn a_long_context_line_is_clipped_and_says_so() {
    let tree = Tree::of(&[("a", &format!("{}\nfoo\n", "x".repeat(500)))]);
    let found = tree.grep("foo", |q| q.context(1, 0).max_line_bytes(10));
    assert_eq!((found.matches[0].before[0].text.text.len(), found.matches[0].before[0].clipped), (10, true));
}
