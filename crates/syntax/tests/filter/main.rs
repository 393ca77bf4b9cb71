//! What rules files out never rules out a match: compared with ast-grep itself, which parses everything.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpus;
mod sources;
#[path = "../support/mod.rs"]
mod support;

use std::fmt::Write;
use std::sync::Arc;

use ast_grep_config::{DeserializeEnv, RuleCore, SerializableRuleCore, from_str};
use ast_grep_core::Pattern;
use ast_grep_language::SupportLang;
use corpus::Corpus;
use orchestrator_search::{Cancel, FileQuery, FileSource, NoIndex};
use orchestrator_syntax::{AstQuery, AstSearch};
use sources::{SOURCES, Seeded, files, pattern};
use support::{done, tree};

const PATTERNS: usize = 100;

#[test]
fn no_match_of_a_pattern_is_ruled_out_in_any_language() {
    let mut random = Seeded(1);
    let mut corpus = Corpus::new(files(&mut random, 2));
    for _ in 0..PATTERNS {
        let like = random.below(SOURCES.len());
        let text = pattern(&mut random, like);
        let compile =
            |language| Pattern::try_new(&text, language).ok().filter(|pattern| !pattern.has_error());
        let expected = corpus.reference(compile);
        corpus.compare(&AstQuery::pattern(&text, corpus.files()), &expected, false);
    }
    let ruled_out = corpus.ruled_out();
    assert!(corpus.matches > PATTERNS, "{}", corpus.matches);
    assert!(corpus.dropped < corpus.matches / 100, "{} of {}", corpus.dropped, corpus.matches);
    assert!(ruled_out > PATTERNS * corpus.source.files.len() / 3, "{ruled_out}");
}

fn quoted(text: &str) -> String {
    text.chars().fold("\"".to_owned(), |mut quoted, letter| {
        let _ = write!(quoted, "\\U{:08x}", u32::from(letter));
        quoted
    }) + "\""
}

/// A rule of nested parts, in the language of one of the sources.
fn rule(random: &mut Seeded, like: usize, depth: usize) -> String {
    let leaf = |random: &mut Seeded| {
        let text = pattern(random, like);
        // A nameless ellipsis behind a token that is not strict trips an assertion of ast-grep in debug builds.
        let text = text.replace("$$$C", "$$$").replace("$$$", "$$$C");
        match random.below(6) {
            0 => format!("{{ pattern: {{ context: {}, strictness: relaxed }} }}", quoted(&text)),
            1 => format!("{{ pattern: {{ context: {}, strictness: signature }} }}", quoted(&text)),
            _ => format!("{{ pattern: {} }}", quoted(&text)),
        }
    };
    if depth == 0 {
        return leaf(random);
    }
    let one = rule(random, like, depth - 1);
    let two = rule(random, like, depth - 1);
    match random.below(6) {
        0 => format!("{{ all: [{one}, {two}] }}"),
        1 | 2 => format!("{{ any: [{one}, {two}] }}"),
        3 => format!("{{ any: [{one}, {{ regex: e }}], not: {two} }}"),
        4 => format!("{{ all: [{one}], inside: {{ any: [{two}, {{ regex: a }}], stopBy: end }} }}"),
        _ => format!("{{ any: [{one}], has: {{ any: [{two}, {{ regex: a }}], stopBy: end }} }}"),
    }
}

#[test]
fn no_match_of_a_rule_is_ruled_out() {
    let mut random = Seeded(2);
    let mut corpus = Corpus::new(files(&mut random, 2));
    for round in 0..PATTERNS {
        let like = random.below(SOURCES.len());
        let yaml = format!("rule: {}", rule(&mut random, like, round % 3));
        let compile = |it: SupportLang| -> Option<RuleCore> {
            let rule: SerializableRuleCore = from_str(&yaml).unwrap();
            rule.get_matcher(DeserializeEnv::new(it)).ok()
        };
        let expected = corpus.reference(compile);
        corpus.compare(&AstQuery::rule(&yaml, corpus.files()), &expected, true);
    }
    assert_eq!(corpus.dropped, 0);
    assert!(corpus.matches > PATTERNS, "{}", corpus.matches);
}

#[test]
fn a_shape_that_is_valid_in_no_language_of_the_tree_is_an_error_though_no_file_holds_its_texts() {
    let only = |ext: &str| {
        let keep = |name: &&(&str, &str)| name.0.ends_with(ext);
        Corpus::new(SOURCES.iter().filter(keep).map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
    };
    let run = |corpus: &Corpus| {
        // Valid as YAML, which knows no brackets in a word.
        let query = AstQuery::pattern("unheard_of($A", corpus.files());
        let source = |source| done(AstSearch::new(query.clone(), source, Cancel::new())).map(|it| it.total);
        let codes: Vec<_> = [Arc::new(NoIndex) as Arc<dyn FileSource>, corpus.source.clone()]
            .map(|it| source(it).map_err(|error| error.code()))
            .into();
        assert_eq!(codes[0], codes[1]);
        codes[0]
    };
    assert_eq!(run(&only(".rs")), Err("ERR_PATTERN"));
    assert_eq!(run(&only(".yaml")), Ok(0));
}

#[test]
fn a_keyword_that_the_parser_made_up_is_none() {
    let dir = tree(&[("a.rb", "def f\n  g(1)\n"), ("b.rb", "def f\n  g(1)\nend\n")]);
    let query = AstQuery::pattern("def f\n  g(1)\nend", FileQuery::new(dir.path()));
    let outcome = done(AstSearch::new(query, Arc::new(NoIndex), Cancel::new())).unwrap();
    assert_eq!(outcome.matches.iter().map(|it| it.path.text.as_str()).collect::<Vec<_>>(), ["b.rb"]);
}

#[test]
fn keywords_that_a_match_can_do_without_rule_nothing_out() {
    for (file, source, pattern) in [
        // Behind an ellipsis they are passed over.
        ("a.ts", "import \"x\";\n", "import $$$A from \"x\""),
        // Their case does not count.
        ("a.php", "<?php FUNCTION f() { RETURN 1; }\n", "function f() { return 1; }"),
        ("a.html", "<!DOCTYPE html>\n", "<!doctype html>"),
        // Another spelling of the same token.
        ("a.c", "# define A 1\n", "#define A 1\n"),
    ] {
        let corpus = Corpus::new(vec![(file.to_owned(), source.to_owned())]);
        let query = AstQuery::pattern(pattern, corpus.files());
        for source in [Arc::new(NoIndex) as Arc<dyn FileSource>, corpus.source.clone()] {
            let outcome = done(AstSearch::new(query.clone(), source, Cancel::new())).unwrap();
            assert_eq!(outcome.total, 1, "{file}");
        }
    }
}
