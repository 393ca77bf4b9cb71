//! One broken and one whole file per language, and what is not checked.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::{Path, PathBuf};

use orchestrator_search::Cancel;
use orchestrator_syntax::{
    FileSyntax, Language, MAX_ERRORS_PER_FILE, SyntaxCheck, SyntaxError, SyntaxErrorKind, SyntaxErrors,
    Unchecked, syntax_errors_in,
};
use support::{done, tree};

/// A file name, a whole content and a broken one.
const FILES: &[(&str, &str, &str)] = &[
    ("a.sh", "for f in *; do\n  echo \"$f\"\ndone\n", "for f in *; do\n  echo (\n"),
    ("a.c", "int main(void) { return 0; }\n", "int main(void) { return 0;\n"),
    ("a.cpp", "template <class T> struct A { T f() const; };\n", "struct A { int f( ; };\n"),
    ("a.cs", "class A { int B { get; set; } }\n", "class A { int B { get; set; }\n"),
    ("a.css", "a > b { color: red; }\n", "a { color: red; \n b { }\n"),
    ("a.go", "package a\n\nfunc f() (int, error) { return 1, nil }\n", "package a\n\nfunc f( {\n}\n"),
    ("a.html", "<!DOCTYPE html><p>a<br></p>\n", "<div><b></div>\n</span>\n"),
    ("A.java", "class A { int f() { return 1; } }\n", "class A { int f() { return 1 } }\n"),
    ("a.js", "export const f = async (a) => a?.b ?? 1;\n", "function f( { return 1 }\n"),
    ("a.json", "{\"a\": [1, null]}\n", "{\"a\": [1, }\n"),
    ("a.kt", "class A(val b: Int) { fun c() = b }\n", "class A { fun c( = }\n"),
    (
        "a.php",
        "<p><?php echo 1; ?></p>\n<?php function f(int $a): int { return $a; }\n",
        "<?php function f( { }\n",
    ),
    ("a.py", "def f(a: int) -> int:\n    return a\n", "def f(:\n    return a\n"),
    ("a.rb", "class A\n  def b = 1\nend\n", "class A\n  def b(\nend\n"),
    ("a.rs", "fn f<T: Copy>(t: T) -> T { t }\n", "fn f( -> { }\n"),
    ("a.swift", "struct A { var b: Int { 1 } }\n", "struct A { var b: Int { \n"),
    ("a.tsx", "const a = <A b={1}>{x}</A>;\n", "const a = <A b={1}>;\n"),
    ("a.ts", "type A<T> = { [K in keyof T]?: T[K] };\n", "const a: = 1 +;\n"),
    ("a.yaml", "a:\n  - b: 1\n    c: |\n      d\n", "a: [1, 2\nb: }\n"),
];

fn check(path: &str, source: &str) -> FileSyntax {
    syntax_errors_in(Path::new(path), source, &Cancel::new()).unwrap()
}

fn errors(file: &FileSyntax) -> &[SyntaxError] {
    match &file.check {
        SyntaxCheck::Parsed { errors, .. } => errors,
        SyntaxCheck::Unchecked(reason) => panic!("{reason:?}"),
    }
}

#[test]
fn every_language_tells_whole_files_from_broken_ones() {
    let mut seen = Vec::new();
    for (path, whole, broken) in FILES {
        let checked = check(path, whole);
        assert!(checked.is_whole(), "{path}: {checked:?}");
        let checked = check(path, broken);
        assert!(!errors(&checked).is_empty(), "{path}: {broken}");
        seen.push(checked.language.unwrap());
    }
    assert_eq!(seen, Language::supported().collect::<Vec<_>>());
}

#[test]
fn an_error_says_where_and_what() {
    let file = check("a.json", "{\n  \"a\": 1,\n  ]\n}\n");
    let [error] = errors(&file) else { panic!("{file:?}") };
    assert_eq!(error.kind, SyntaxErrorKind::Error);
    assert_eq!((error.span.line, error.text.contains([',', ']'])), (2, true), "{error:?}");
    let file = check("a.c", "int f(void) {\n  return 1\n}\n");
    let [error] = errors(&file) else { panic!("{file:?}") };
    assert_eq!((error.kind, error.text.as_str()), (SyntaxErrorKind::Missing, ";"));
    assert_eq!((error.span.line, error.span.column), (2, 11));
}

#[test]
fn many_errors_are_cut_and_counted() {
    let source = "int f(void) { return 1 }\n".repeat(MAX_ERRORS_PER_FILE + 5);
    let SyntaxCheck::Parsed { errors, left_out } = check("a.c", &source).check else { panic!() };
    assert_eq!((errors.len(), left_out), (MAX_ERRORS_PER_FILE, 5));
}

#[test]
fn a_file_that_is_not_checked_is_not_called_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str, content: &[u8]| -> PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let paths = [
        path("Makefile", b"a:"),
        path("a.py", b"a = '\xff'"),
        dir.path().join("gone.py"),
        path("b.py", b"a = 1\n"),
    ];
    let files = done(SyntaxErrors::new(paths.to_vec(), Cancel::new())).unwrap();
    assert_eq!(files[0].check, SyntaxCheck::Unchecked(Unchecked::UnknownLanguage));
    assert_eq!(files[1].check, SyntaxCheck::Unchecked(Unchecked::NotUtf8));
    assert!(matches!(&files[2].check, SyntaxCheck::Unchecked(Unchecked::Unreadable { .. })));
    assert_eq!(files.iter().map(FileSyntax::is_whole).collect::<Vec<_>>(), [false, false, false, true]);
}

#[test]
fn a_header_is_read_as_c_or_as_the_cplusplus_that_it_is() {
    assert_eq!(check("a.h", "int f(void);\n").language, Some(Language::C));
    let file = check("a.h", "namespace a { class B { public: int c() const; }; }\n");
    assert!(file.is_whole(), "{file:?}");
    assert_eq!(file.language, Some(Language::Cpp));
}

#[test]
fn configuration_files_may_have_comments_and_trailing_commas() {
    let source = "{\n  // comment\n  \"a\": [1, 2,],\n}\n";
    assert!(check("tsconfig.json", source).is_whole());
    assert!(check("a.jsonc", source).is_whole());
    assert!(!check("package.json", source).is_whole());
}

#[test]
fn a_cancelled_check_stops_inside_a_file() {
    let cancel = Cancel::new();
    cancel.cancel();
    let error = syntax_errors_in(Path::new("a.rs"), &"fn f() {}\n".repeat(10_000), &cancel).unwrap_err();
    assert_eq!(error.code(), "ERR_CANCELLED");
}

#[test]
fn many_files_are_checked_by_several_workers_and_come_back_in_the_order_given() {
    let files: Vec<_> = (0..200).map(|n| (format!("{n}.py"), "def f(:\n".repeat(n % 3))).collect();
    let dir = tree(&files.iter().map(|(path, content)| (path.as_str(), content)).collect::<Vec<_>>());
    let paths: Vec<_> = files.iter().rev().map(|(path, _)| dir.path().join(path)).collect();
    let checked = done(SyntaxErrors::new(paths.clone(), Cancel::new())).unwrap();
    assert_eq!(checked.iter().map(|file| &file.path).collect::<Vec<_>>(), paths.iter().collect::<Vec<_>>());
    for (file, (path, content)) in checked.iter().zip(files.iter().rev()) {
        assert_eq!(file.is_whole(), content.is_empty(), "{path}");
    }
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(done(SyntaxErrors::new(paths, cancel)).unwrap_err().code(), "ERR_CANCELLED");
}
