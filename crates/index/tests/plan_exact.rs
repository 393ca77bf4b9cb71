//! What the plan makes of patterns, by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use orchestrator_index::filter::{Gram, GramQuery, Requirement};
use orchestrator_index::plan::{PlanOptions, literals, required};

/// `(abc & bcd & (xyz | zyx))`.
fn show(query: &GramQuery) -> String {
    let join = |terms: &[GramQuery], with: &str| {
        format!("({})", terms.iter().map(show).collect::<Vec<_>>().join(with))
    };
    match query {
        GramQuery::All => "ALL".to_owned(),
        GramQuery::Never => "NEVER".to_owned(),
        GramQuery::Gram(gram) => String::from_utf8_lossy(gram.bytes()).into_owned(),
        GramQuery::And(terms) => join(terms, " & "),
        GramQuery::Or(branches) => join(branches, " | "),
    }
}

fn plan(pattern: &str) -> String {
    show(&required(pattern, PlanOptions::default()).query)
}

#[test]
fn texts_require_all_their_grams() {
    assert_eq!(plan("hello"), "(ell & hel & llo)");
    assert_eq!(plan("Hello"), "(Hel & ell & llo)");
    assert_eq!(plan("é1"), plan("(?-u:\\xC3\\xA9)1"));
    assert_eq!(plan(r"\bword\b"), "(ord & wor)");
    assert_eq!(plan("^(a)(b)(c)$"), "abc");
    let long: String = ('a'..='z').collect();
    let GramQuery::And(terms) = required(&long, PlanOptions::default()).query else { panic!() };
    assert_eq!(terms.len(), 24);
}

#[test]
fn the_joints_of_compound_names_are_required_too() {
    assert_eq!(plan("getName"), "(Nam & ame & etN & get & tNa & getNam)");
    assert_eq!(plan("get_it"), "(_it & et_ & get & t_i & get_it)");
    assert_eq!(plan("etNames"), "(Nam & ame & etN & mes & tNa)", "too little stands before it");
    assert_eq!(plan("(?i)getName"), "(ame & etn & get & nam & tna)", "joints depend on case");
}

#[test]
fn what_may_be_empty_or_short_requires_nothing() {
    for pattern in
        ["", "x*", "(foo)*", "(foo)?", "ab", "a.c", ".", r"\w+", "foo|", "foo|x*", "(?i)ſ", "[a-z]{9}", "^$"]
    {
        assert_eq!(plan(pattern), "ALL", "{pattern}");
    }
}

#[test]
fn what_cannot_match_is_known() {
    assert_eq!(plan("[a&&b]"), "NEVER");
    assert_eq!(plan("abc[a&&b]|xyz"), "xyz");
    assert_eq!(plan("abc.*[a&&b]"), "NEVER");
}

#[test]
fn a_pattern_that_does_not_parse_requires_nothing() {
    for pattern in ["(", "[", r"\", "a{2,1}", "(?<n>"] {
        assert_eq!(plan(pattern), "ALL", "{pattern}");
    }
    assert_eq!(plan("abc)(?:def"), plan("abcdef"), "grep-regex puts a group around it");
}

#[test]
fn seams_are_required() {
    assert_eq!(plan("a[bc]d"), "(abd | acd)");
    assert_eq!(plan("foo.bar"), "(bar & foo)");
    assert_eq!(plan("abc.*d(ef)+"), "(abc & def)");
    assert_eq!(plan("(abc)+d"), "(abc & bcd)");
    assert_eq!(plan("x(abc)+"), "(abc & xab)");
    assert_eq!(plan("(ab){2}"), "(aba & bab)");
    assert_eq!(plan("(ab){2,}"), "(aba & bab)");
    assert_eq!(plan("a(b)?c(de)?f"), "(acf | (abc & bcd & cde & def) | (abc & bcf) | (acd & cde & def))");
    assert_eq!(plan("(.*ab)+(cd.*)+"), "(abc & bcd)");
    assert_eq!(plan("xa{1,2}y"), "(xay | (aay & xaa))");
    assert_eq!(plan("(.*abc){1,2}d"), "(abc & bcd)");
}

#[test]
fn what_may_be_repeated_has_no_seam_with_what_surrounds_both_its_sides() {
    for operator in ["*", "{0,9}", "{0,2}"] {
        assert_eq!(plan(&format!("foo.?(xyz){operator}bar")), "(bar & foo)", "{operator}");
        assert!(!plan(&format!("foo(xyz){operator}bar")).contains("oxb"));
    }
    assert_eq!(plan("foox*bar"), "(bar & foo)");
    assert_eq!(plan("foox+bar"), "(bar & foo & oox & xba)");
    assert_eq!(plan("foox{2,9}bar"), "(bar & foo & oox & oxx & xba & xxb)");
}

#[test]
fn alternations_are_required_as_such() {
    assert_eq!(plan("abc|def"), "(abc | def)");
    assert_eq!(plan("abcd|abce"), "(abc & (bcd | bce))");
    assert_eq!(plan("abc|abcd"), "abc");
    let both = plan("foo(bar|baz)+qux");
    assert_eq!(both, "(foo & oba & oob & qux & (bar | baz) & ((arq & rqu) | (azq & zqu)))");
}

#[test]
fn many_strings_do_not_make_it_forget_the_rest() {
    assert_eq!(plan("[0-9][0-9][0-9].*needle"), "(dle & edl & eed & nee)");
    let cubed = plan("[a-e][a-e][a-e]needle");
    assert!(cubed.contains("nee") && cubed.contains("ene"), "{cubed}");
    let words: Vec<_> = ('a'..='z').flat_map(|a| ('a'..='z').map(move |b| format!("{a}{b}{b}{a}"))).collect();
    let GramQuery::Or(branches) = required(&words.join("|"), PlanOptions::default()).query else { panic!() };
    assert_eq!(branches.len(), 676);
}

#[test]
fn ignoring_case_folds_and_notes_the_exotic_letters() {
    let insensitive = PlanOptions { case_insensitive: true, ..PlanOptions::default() };
    let Requirement { query, exotic } = required("class", insensitive);
    assert_eq!((show(&query).as_str(), exotic), ("(ass & cla & las)", true));
    assert_eq!(required("(?i)class", PlanOptions::default()), required("class", insensitive));
    let query = required("specification", insensitive).query;
    assert_eq!(query, GramQuery::text_in_any_case(b"specification"), "both cases of a letter are one string");
    assert_ne!(query, literals(&["specification"]), "where case matters, it is required");
    let literal = PlanOptions { literal: true, ..insensitive };
    assert_eq!(required("CLASS", literal), required("class", insensitive));
    assert!(required("mo(?i:K)ey", PlanOptions::default()).exotic);
    assert!(!required("matter", insensitive).exotic);
    assert!(!required("class", PlanOptions::default()).exotic);
    let Requirement { query, exotic } = required("ſand", PlanOptions::default());
    assert!(!exotic && query == literals(&["ſand"]), "asked for by itself it is bytes like any other");
    for pattern in ["(?s-i:x)able", "(?P<i>able)", "(?<name>able)", r"\(?able"] {
        let query = required(pattern, PlanOptions::default()).query;
        assert!(query != GramQuery::All && query != GramQuery::Never, "{pattern}");
    }
}

#[test]
fn line_breaks_are_in_no_gram() {
    let multiline = PlanOptions { multiline: true, ..PlanOptions::default() };
    assert_eq!(show(&required(r"abc\ndef", multiline).query), "(abc & def)");
    assert_eq!(show(&required("abc\ndef", PlanOptions { literal: true, ..multiline }).query), "(abc & def)");
    assert_eq!(show(&required(r"ab[\nc]de", multiline).query), "ALL");
    assert_eq!(plan(r"ab[\nc]de"), "(abc & bcd & cde)");
}

#[test]
fn literals_are_all_required() {
    assert_eq!(literals(&["Abcd", "x", "xyz"]), literals(&["Abcd", "xyz"]));
    assert_eq!(show(&literals(&["abcd", "xyz"])), "(abc & bcd & xyz)");
    assert_eq!(literals(&[]), GramQuery::All);
    assert_eq!(GramQuery::text(b"abc"), GramQuery::Gram(Gram::new(*b"abc").unwrap()));
    let any = Gram::in_any_case(*b"aBc").unwrap();
    assert_eq!(GramQuery::text_in_any_case(b"ABC"), GramQuery::Gram(any));
}

#[test]
fn hostile_patterns_are_cheap() {
    let nested = format!("{}abc{}", "(".repeat(80), "{8})".repeat(80).replace("{8})", "){8}"));
    let many = vec!["[a-f]"; 3000].concat();
    let insensitive = "sk".repeat(20_000);
    for pattern in [nested, many, insensitive] {
        let options = PlanOptions { case_insensitive: true, ..PlanOptions::default() };
        assert_ne!(required(&pattern, options).query, GramQuery::Never);
    }
}
