//! Structural search: patterns, rules, meta variables, limits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::time::Instant;

use orchestrator_search::{Cancel, FileQuery, NoIndex, run};
use orchestrator_syntax::{AstError, AstMatch, AstOutcome, AstQuery, AstSearch, Capture, Language};
use support::{ast_search, executor, tree};
use tempfile::TempDir;

fn search(query: &AstQuery) -> AstOutcome {
    ast_search(query, &Cancel::new()).unwrap()
}

fn one(found: &AstMatch, name: &str) -> String {
    match &found.variables[name] {
        Capture::One(snippet) => snippet.text.clone(),
        Capture::Transformed(text) => text.clone(),
        Capture::Many(snippets) => snippets.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join("|"),
    }
}

fn pattern_error(pattern: &str, language: Language) -> (Option<usize>, String) {
    let dir = TempDir::new().unwrap();
    let query = AstQuery::pattern(pattern, FileQuery::new(dir.path())).language(language);
    match ast_search(&query, &Cancel::new()) {
        Err(error @ AstError::Pattern { .. }) => {
            assert_eq!(error.code(), "ERR_PATTERN");
            let AstError::Pattern { position, reason, .. } = error else { unreachable!() };
            (position, reason)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pattern_finds_code_whatever_its_layout_and_binds_variables() {
    let dir = tree(&[("a.ts", "// log(1)\nlog( a ,\n  b.c );\nlog('x', f(y), 3);\n")]);
    let found = search(&AstQuery::pattern("log($A, $$$REST)", FileQuery::new(dir.path())));
    assert_eq!((found.total, found.files_matched), (2, 1));
    let [first, second] = &found.matches[..] else { panic!() };
    assert_eq!((first.path.text.as_str(), first.language), ("a.ts", Language::TypeScript));
    let span = first.span;
    assert_eq!((span.line, span.column, span.end_line, span.end_column), (2, 1, 3, 8));
    assert_eq!((span.byte_start, span.byte_end), (10, 26));
    assert_eq!(first.text, "log( a ,\n  b.c )");
    assert_eq!((one(first, "A"), one(first, "REST")), ("a".into(), "b.c".into()));
    assert_eq!((one(second, "A"), one(second, "REST")), ("'x'".into(), "f(y)|,|3".into()));
}

#[test]
fn a_repeated_variable_stands_for_the_same_code() {
    let dir = tree(&[("a.py", "a == a\na == b\n")]);
    let found = search(&AstQuery::pattern("$X == $X", FileQuery::new(dir.path())));
    assert_eq!(found.matches.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["a == a"]);
}

#[test]
fn a_pattern_works_in_languages_whose_identifiers_have_no_dollar() {
    for (file, source, pattern) in [
        ("a.rs", "fn f() { g(1, 2); }", "g($$$A)"),
        ("a.go", "package a\nfunc f() { g(1) }", "func f() { $$$A }"),
        ("a.c", "int f(void) { return g(1); }", "return $A;"),
        ("a.php", "<?php g(1);", "g($A)"),
        ("a.rb", "g(1)", "g($A)"),
        ("a.java", "class A { void f() { g(1); } }", "g($A)"),
        ("a.kt", "fun f() { g(1) }", "g($A)"),
        ("a.swift", "func f() { g(1) }", "g($A)"),
        ("a.cs", "class A { void F() { g(1); } }", "g($A)"),
        ("a.css", "a { color: red; }", "a { $$$A }"),
        ("a.sh", "echo hello", "echo $A"),
    ] {
        let dir = tree(&[(file, source)]);
        let found = search(&AstQuery::pattern(pattern, FileQuery::new(dir.path())));
        assert_eq!(found.total, 1, "{file}");
    }
}

#[test]
fn a_rule_can_relate_constrain_and_transform() {
    let dir = tree(&[("a.ts", "function f() { log(1); log('x') }\nlog(2)\n")]);
    let rule = "
language: ts
rule:
  pattern: log($A)
  inside: { kind: function_declaration, stopBy: end }
constraints:
  A: { kind: number }
transform:
  B: { replace: { source: $A, replace: '^', by: 'n' } }
";
    let found = search(&AstQuery::rule(rule, FileQuery::new(dir.path())));
    assert_eq!(found.total, 1);
    assert_eq!((one(&found.matches[0], "A"), one(&found.matches[0], "B")), ("1".into(), "n1".into()));
}

#[test]
fn the_language_narrows_the_files_and_without_it_each_file_has_its_own() {
    let dir = tree(&[("a.ts", "f(1)"), ("b.py", "f(1)"), ("c.txt", "f(1)"), ("d/e.js", "f(1)")]);
    let files = || FileQuery::new(dir.path());
    let all = search(&AstQuery::pattern("f($A)", files()));
    assert_eq!((all.total, all.files_searched, all.files_skipped), (3, 3, 1));
    let python = search(&AstQuery::pattern("f($A)", files()).language(Language::Python));
    assert_eq!((python.total, python.files_skipped), (1, 3));
    let file = FileQuery::new(dir.path().join("c.txt"));
    assert_eq!(search(&AstQuery::pattern("f($A)", file).language(Language::Python)).total, 1);
}

#[test]
fn ignore_rules_and_globs_are_those_of_the_text_search() {
    let dir = tree(&[(".ignore", "out"), ("out/a.ts", "f(1)"), ("x/a.ts", "f(1)"), ("y/a.ts", "f(1)")]);
    let files = FileQuery::new(dir.path()).include(["x/**"]);
    assert_eq!(search(&AstQuery::pattern("f($A)", files)).total, 1);
}

#[test]
fn a_cap_keeps_the_first_matches_in_path_order_and_counts_the_rest() {
    let files: Vec<_> = (0..300).map(|n| (format!("f{n:03}.js"), "f(1); f(2)")).collect();
    let files: Vec<_> = files.iter().map(|(path, content)| (path.as_str(), *content)).collect();
    let dir = tree(&files);
    let query = AstQuery::pattern("f($A)", FileQuery::new(dir.path()));
    let some = search(&query.clone().max_matches(5));
    let all = run(&executor(1), AstSearch::new(query, Arc::new(NoIndex), Cancel::new())).unwrap();
    assert_eq!(some.matches, all.matches[..5]);
    assert_eq!((some.total, some.left_out, all.total, all.left_out), (600, 595, 600, 0));
}

#[test]
fn a_bad_pattern_is_reported_with_its_position_or_problem() {
    assert_eq!(pattern_error("", Language::Rust).0, None);
    assert_eq!(pattern_error("$$$A", Language::TypeScript).0, None);
    let (position, reason) = pattern_error("f($A) ]", Language::TypeScript);
    assert!(position.is_some() || reason.contains("Multiple"), "{position:?} {reason}");
}

#[test]
fn a_bad_rule_says_what_is_wrong_with_it() {
    let dir = TempDir::new().unwrap();
    for (rule, problem) in [
        ("rule: { kind: no_such_kind }", "no_such_kind"),
        ("rule: [", ""),
        ("rule: { pattern: a }\nlanguage: cobol", "cobol"),
    ] {
        let query = AstQuery::rule(rule, FileQuery::new(dir.path()));
        let query = if rule.contains("cobol") { query } else { query.language(Language::TypeScript) };
        let error = ast_search(&query, &Cancel::new()).unwrap_err();
        assert!(["ERR_PATTERN", "ERR_LANGUAGE"].contains(&error.code()));
        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn a_rule_that_is_no_yaml_or_no_rule_says_where() {
    let dir = TempDir::new().unwrap();
    for (rule, at) in [
        ("rule:\n  pattern: a\n  patern: b\n", "patern"),
        ("# \u{e4}\u{1f600}\nrule: { kind: a, knd: b }\n", "knd"),
        ("rule:\n  pattern: 'open\n", "'open"),
        ("rule: { any: [{ pattern: a }, 1] }\n", "1]"),
    ] {
        let query = AstQuery::rule(rule, FileQuery::new(dir.path())).language(Language::TypeScript);
        let Err(AstError::Pattern { position: Some(position), reason, .. }) =
            ast_search(&query, &Cancel::new())
        else {
            panic!("{rule}")
        };
        assert_eq!(rule.find(at), Some(position), "{rule}: {reason}");
    }
}

#[test]
fn code_nested_ever_so_deep_does_not_use_up_the_stack() {
    let source = |depth: usize| format!("f({0}, {0});\n", "[".repeat(depth) + "1" + &"]".repeat(depth));
    let dir = tree(&[("a.js", source(1_990)), ("b.js", source(100_000))]);
    let search = |query: AstQuery| {
        let found = ast_search(&query.max_matches(1), &Cancel::new()).unwrap();
        (found.files_matched, found.failures.len())
    };
    let files = || FileQuery::new(dir.path());
    assert_eq!(search(AstQuery::pattern("f($A, $B)", files())), (2, 0));
    assert_eq!(search(AstQuery::pattern("f($A, $A)", files())), (1, 1));
    assert_eq!(search(AstQuery::pattern("f($$$A, $$$A)", files())).1, 1);
    let has =
        "rule: { kind: program, has: { pattern: f, stopBy: { kind: no } } }".replace("no }", "number }");
    assert_eq!(search(AstQuery::rule(has, files()).language(Language::JavaScript)), (1, 1));
}

#[test]
fn a_missing_root_and_a_cancelled_call_are_errors() {
    let query = AstQuery::pattern("a", FileQuery::new("/no/such/root"));
    assert_eq!(ast_search(&query, &Cancel::new()).unwrap_err().code(), "ERR_NOT_FOUND");
    let (dir, cancel) = (tree(&[("a.js", "a")]), Cancel::new());
    cancel.cancel();
    let query = AstQuery::pattern("a", FileQuery::new(dir.path()));
    assert_eq!(ast_search(&query, &cancel).unwrap_err().code(), "ERR_CANCELLED");
}

#[test]
fn a_call_that_is_cancelled_stops_inside_a_file() {
    let source = "f(a, [1, 2, 3], { b: 'c' });\n".repeat(100_000);
    let dir = tree(&[("a.js", source)]);
    let query = AstQuery::pattern("f($A, $B)", FileQuery::new(dir.path()));
    let begun = Instant::now();
    ast_search(&query, &Cancel::new()).unwrap();
    let whole = begun.elapsed();
    let cancel = Cancel::new();
    let other = std::thread::spawn({
        let cancel = cancel.clone();
        move || {
            std::thread::sleep(whole / 10);
            cancel.cancel();
        }
    });
    let begun = Instant::now();
    assert_eq!(ast_search(&query, &cancel).unwrap_err().code(), "ERR_CANCELLED");
    let cancelled = begun.elapsed();
    other.join().unwrap();
    assert!(cancelled < whole / 2, "{cancelled:?} of {whole:?}");
}
