//! Structural rewriting: what a preview shows, and that applying it is all or nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use orchestrator_search::{Cancel, FileQuery, NoIndex};
use orchestrator_syntax::{AstError, AstQuery, AstRewrite, AstRewriteQuery, Preview, apply};
use support::{done, tree};
use tempfile::TempDir;

fn ast_rewrite(query: AstRewriteQuery) -> Result<Preview, AstError> {
    done(AstRewrite::new(query, Arc::new(NoIndex), Cancel::new()))
}

fn rewrite(root: &Path, pattern: &str, replacement: &str) -> Result<Preview, AstError> {
    let query = AstQuery::pattern(pattern, FileQuery::new(root));
    ast_rewrite(AstRewriteQuery::new(query, replacement, root))
}

fn content(dir: &TempDir, name: &str) -> String {
    fs::read_to_string(dir.path().join(name)).unwrap()
}

#[test]
fn a_preview_shows_a_diff_and_writes_nothing() {
    let dir = tree(&[("a.js", "one();\nvar a = 1;\nthree();\n"), ("b.js", "none();\n")]);
    let preview = rewrite(dir.path(), "var $A = $B", "let $A = $B").unwrap();
    let [edit] = &preview.files[..] else { panic!() };
    assert_eq!((edit.path.text.as_str(), edit.edits, edit.breaks_syntax), ("a.js", 1, false));
    let expected = "--- a/a.js\n+++ b/a.js\n@@ -1,3 +1,3 @@\n one();\n-var a = 1;\n+let a = 1;\n three();\n";
    assert_eq!(edit.diff, expected);
    assert_eq!(content(&dir, "a.js"), "one();\nvar a = 1;\nthree();\n");
    let applied = apply(&preview).unwrap();
    assert_eq!((applied.files.len(), applied.edits), (1, 1));
    assert_eq!(content(&dir, "a.js"), "one();\nlet a = 1;\nthree();\n");
}

#[test]
fn the_outermost_of_nested_matches_is_replaced_and_the_others_are_counted() {
    let dir = tree(&[("a.js", "f(f(1)); f(2)\n")]);
    let preview = rewrite(dir.path(), "f($A)", "g($A)").unwrap();
    assert_eq!((preview.files[0].edits, preview.files[0].nested), (2, 1));
    apply(&preview).unwrap();
    assert_eq!(content(&dir, "a.js"), "g(f(1)); g(2)\n");
}

#[test]
fn line_ends_and_the_rest_of_the_file_are_kept() {
    let dir = tree(&[("a.js", "\u{feff}a();\r\nif (x) {\r\n  old(1)\r\n}")]);
    apply(&rewrite(dir.path(), "old($A)", "one($A)\ntwo()").unwrap()).unwrap();
    assert_eq!(content(&dir, "a.js"), "\u{feff}a();\r\nif (x) {\r\n  one(1)\r\n  two()\r\n}");
}

#[cfg(unix)]
#[test]
fn permissions_are_kept() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tree(&[("a.sh", "#!/bin/sh\necho old\n")]);
    let path = dir.path().join("a.sh");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o751)).unwrap();
    apply(&rewrite(dir.path(), "echo old", "echo new").unwrap()).unwrap();
    assert_eq!(content(&dir, "a.sh"), "#!/bin/sh\necho new\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o751);
}

#[test]
fn a_file_that_changed_since_the_preview_stops_the_whole_rewrite() {
    let dir = tree(&[("a.js", "old(1)\n"), ("b.js", "old(2)\n"), ("c.js", "old(3)\n")]);
    let preview = rewrite(dir.path(), "old($A)", "neu($A)").unwrap();
    fs::write(dir.path().join("b.js"), "old(22)\n").unwrap();
    fs::remove_file(dir.path().join("c.js")).unwrap();
    let error = apply(&preview).unwrap_err();
    assert_eq!(error.code(), "ERR_STALE");
    let AstError::Stale { paths } = error else { unreachable!() };
    assert_eq!(paths.len(), 2);
    assert_eq!((content(&dir, "a.js"), content(&dir, "b.js")), ("old(1)\n".into(), "old(22)\n".into()));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn a_rewrite_that_breaks_the_syntax_says_so() {
    let dir = tree(&[("a.js", "f(1)\n")]);
    assert!(rewrite(dir.path(), "f($A)", "f($A").unwrap().files[0].breaks_syntax);
}

#[test]
fn an_unbound_variable_in_the_replacement_is_an_error_and_not_a_deletion() {
    let dir = tree(&[("a.js", "f(1)\n")]);
    let error = rewrite(dir.path(), "f($A)", "g($A, $B)").unwrap_err();
    assert!(matches!(error, AstError::Pattern { position: Some(6), .. }), "{error:?}");
    assert!(rewrite(dir.path(), "f($A)", "g($A, $lower, '$1')").is_ok());
}

#[test]
fn a_path_outside_of_the_root_is_refused() {
    let (dir, other) = (TempDir::new().unwrap(), tree(&[("a.js", "f(1)\n")]));
    let query = AstQuery::pattern("f($A)", FileQuery::new(dir.path().join("..")));
    let error = ast_rewrite(AstRewriteQuery::new(query, "g", dir.path())).unwrap_err();
    assert_eq!(error.code(), "ERR_OUTSIDE_ROOT");
    let query = AstQuery::pattern("f($A)", FileQuery::new(other.path().join("a.js")));
    let error = ast_rewrite(AstRewriteQuery::new(query, "g", dir.path())).unwrap_err();
    assert_eq!(error.code(), "ERR_OUTSIDE_ROOT");
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_that_leaves_the_root_is_refused_before_and_after_the_preview() {
    let (dir, other) = (TempDir::new().unwrap(), tree(&[("a.js", "f(1)\n")]));
    let link = dir.path().join("sub");
    std::os::unix::fs::symlink(other.path(), &link).unwrap();
    let query = AstQuery::pattern("f($A)", FileQuery::new(&link));
    let error = ast_rewrite(AstRewriteQuery::new(query, "g", dir.path())).unwrap_err();
    assert_eq!(error.code(), "ERR_OUTSIDE_ROOT");

    fs::remove_file(&link).unwrap();
    fs::create_dir(&link).unwrap();
    fs::write(link.join("a.js"), "f(1)\n").unwrap();
    let preview = rewrite(dir.path(), "f($A)", "g($A)").unwrap();
    fs::remove_dir_all(&link).unwrap();
    std::os::unix::fs::symlink(other.path(), &link).unwrap();
    assert_eq!(apply(&preview).unwrap_err().code(), "ERR_OUTSIDE_ROOT");
    assert_eq!(content(&other, "a.js"), "f(1)\n");
}

#[test]
fn a_language_of_the_tree_in_which_a_pattern_has_no_variables_does_not_matter_while_it_has_no_match() {
    let dir = tree(&[("a.js", "f(1)\n"), ("b.yaml", "a: b\n")]);
    apply(&rewrite(dir.path(), "f($A)", "g($A)").unwrap()).unwrap();
    assert_eq!(content(&dir, "a.js"), "g(1)\n");
}
