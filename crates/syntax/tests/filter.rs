//! What rules files out never rules out a match: compared with ast-grep itself, which parses everything.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ast_grep_config::{DeserializeEnv, RuleCore, SerializableRuleCore, from_str};
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{AstGrep, Language as _, Matcher, Pattern};
use ast_grep_language::{LanguageExt, SupportLang};
use orchestrator_search::{Answer, Cancel, Candidates, Content, FileQuery, FileSource, NoIndex};
use orchestrator_syntax::{AstOutcome, AstQuery, AstSearch};
use support::{done, tree};

/// For each language two files of what it has, keywords above all.
const SOURCES: &[(&str, &str)] = &[
    (
        "a.sh",
        "f() { local x=1; echo \"$x y\"; }\nfor i in a b; do echo $i; done\nif [ -f a ]; then f; else exit 1; fi\n",
    ),
    ("b.sh", "case $1 in a) f ;; *) g ;; esac\nwhile read -r l; do echo \"$l\" | sort > out; done\n"),
    ("a.c", "#include <a.h>\nstatic int f(int a) { while (a > 0) { a--; } return a ? 1 : sizeof(a); }\n"),
    (
        "b.c",
        "typedef struct s { int b; } t;\nvoid g(t *p) { if (p) { goto e; } else p->b = 2; e: do { } while (0); }\n",
    ),
    (
        "a.cpp",
        "template <class T> class A : public B { virtual ~A() = default; T f() const { throw 1; } };\n",
    ),
    (
        "b.cpp",
        "namespace n { auto g = [](int a) { return new int(a); }; using U = int; }\nint main() { try { n::g(1); } catch (...) { delete p; } }\n",
    ),
    (
        "a.cs",
        "using System; namespace N { public class A : B { public int C { get; set; } async Task D() { await E(1); } } }\n",
    ),
    (
        "b.cs",
        "class F { int G(int x) { foreach (var y in z) { if (x == 1) return y; } throw new Exception(\"no\"); } }\n",
    ),
    ("a.css", "@media (min-width: 1px) and (color) { a > .b:not(.c) { color: red; margin: 0 1px; } }\n"),
    ("b.css", ".a, #b { background: url(x.png); }\n@keyframes k { from { left: 0; } to { left: 1px; } }\n"),
    (
        "a.go",
        "package a\nimport \"fmt\"\nfunc (r *R) F(x int) (int, error) { defer g(); for i := range x { go h(i) }; return 1, nil }\n",
    ),
    (
        "b.go",
        "package a\ntype R struct { A int `json:\"a\"` }\nvar m = map[string]int{\"k\": 1}\nfunc k() { switch x := y.(type) { case int: break; default: } }\n",
    ),
    ("a.html", "<!DOCTYPE html><div class=\"a b\"><p>some text</p><br><img src='x.png'></div>\n"),
    ("b.html", "<ul><li>one</li><li id=x>two</li></ul><script>let a = 1;</script>\n"),
    (
        "A.java",
        "import a.B; public class A extends B { private final int c = 1; public void d() throws E { for (int i = 0; i < c; i++) f(i); } }\n",
    ),
    (
        "B.java",
        "interface I { default int g() { return this.h(\"x\"); } }\nclass J { synchronized void k() { try { l(); } finally { m(null); } } }\n",
    ),
    (
        "a.js",
        "import { a } from 'b';\nexport default async function* f(x = 1) { for await (const y of x) yield y; }\nconsole.log(`a ${b} c`);\n",
    ),
    (
        "b.js",
        "class A extends B { static get c() { return typeof this.d; } }\nvar e = 1, g = () => { throw new Error('no'); };\nif (e) { delete h.i; } else do { debugger; } while (e instanceof A)\n",
    ),
    ("a.json", "{\"name\": \"a\", \"list\": [1, 2.5, null], \"on\": true}\n"),
    ("b.json", "[{\"k\": {\"name\": \"b\"}}, false]\n"),
    (
        "a.kt",
        "package a\nclass A(val b: Int) : C() {\n override fun d(): Int {\n return if (b is D) 1 else e!!.f\n }\n}\n",
    ),
    (
        "b.kt",
        "fun g(x: List<Int>) {\n for (y in x) println(\"v $y\")\n when (x) {\n null -> return\n else -> h { it + 1 }\n }\n}\n",
    ),
    (
        "a.php",
        "<?php namespace A; use B\\C; abstract class D extends C { public function e(int $a): int { return $a + 1; } }\n",
    ),
    (
        "b.php",
        "<?php FUNCTION f($x) { IF ($x) { ECHO 'a'; } else { foreach ($x as $k => $v) { g($v); } } }\n",
    ),
    (
        "a.py",
        "from a import b\nclass C(b.D):\n    async def e(self, *x, y=1):\n        with f() as g:\n            return [i for i in x if i is not None]\n",
    ),
    (
        "b.py",
        "try:\n    raise E(\"no\") from None\nexcept E as e:\n    print(f\"{e} x\", not e)\nelse:\n    pass\nlambda q: q if q not in r else (yield)\n",
    ),
    (
        "a.rb",
        "module A\n  class B < C\n    def d(x)\n      return x unless e?\n      yield :s, \"t #{x}\"\n    end\n  end\nend\n",
    ),
    (
        "b.rb",
        "begin\n  f(1) do |g| g + 1 end\nrescue E => h\n  puts h if h\nensure\n  i = nil\nend\nwhile x do y end\n",
    ),
    (
        "a.rs",
        "use a::b;\npub async fn f<T: C>(x: &mut T) -> Result<(), E> { let Some(y) = x.g()? else { return Ok(()) }; unsafe { h(y as u8) } }\n",
    ),
    (
        "b.rs",
        "impl<'a> D for S<'a> { const N: u8 = 1; fn i(&self) { for j in 0..2 { match j { 0 => continue, _ => break } } } }\nmacro_rules! m { () => {} }\n",
    ),
    (
        "a.swift",
        "import A\nclass B: C {\n var d = 1\n func e(x: Int) async throws -> Int {\n guard let y = x else { return 0 }\n return try await f(y)\n }\n}\n",
    ),
    (
        "b.swift",
        "enum G { case h }\nfor i in 0..<3 { print(\"v \\(i)\") }\nlet j = k as? Int ?? 1\nif l is M { n() } else { o() }\n",
    ),
    (
        "a.tsx",
        "import * as R from 'r';\nconst A = ({ b }: P) => <div className=\"x\" {...b}>{b ? <C d={1} /> : 'text'} words</div>;\n",
    ),
    ("b.tsx", "export function D<T extends U>(e: T): JSX.Element { return <><E.F g=\"h\">t</E.F></>; }\n"),
    (
        "a.ts",
        "export abstract class A<T> implements B { private readonly c: number = 1; constructor(public d?: T) { super(); } }\ntype E = keyof typeof f;\n",
    ),
    (
        "b.ts",
        "interface G { h(): void; readonly i: string }\ndeclare module 'm' { }\nenum J { K = 1 }\nlet n = o as unknown satisfies P;\nfor (const q in r) switch (q) { case 1: break; default: continue }\n",
    ),
    ("a.yaml", "a: &x\n  - b: 1\n    c: |\n      text here\nd: *x\n"),
    ("b.yaml", "---\nname: \"q\"\nlist: [1, two, null]\n...\n"),
];

const PATTERNS: usize = 150;

/// xorshift64*: reproducible and good enough.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit as u64).unwrap()
    }
}

/// The sources, and for each some copies with a piece missing, which the parser has to make up for.
fn corpus(random: &mut Seeded, copies: usize) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (name, source) in SOURCES {
        files.push(((*name).to_owned(), (*source).to_owned()));
        for copy in 0..copies {
            let bounds: Vec<usize> = source.char_indices().map(|(at, _)| at).chain([source.len()]).collect();
            let from = random.below(bounds.len() - 1);
            let to = (from + 1 + random.below(9)).min(bounds.len() - 1);
            let broken = format!("{}{}", &source[..bounds[from]], &source[bounds[to]..]);
            files.push((format!("broken{copy}-{name}"), broken));
        }
    }
    files
}

fn parse(path: &str, source: &str) -> (SupportLang, AstGrep<StrDoc<SupportLang>>) {
    let language = SupportLang::from_path(path).unwrap();
    (language, language.ast_grep(source))
}

/// A piece of a source, of the same language as one of them, with some parts of it replaced by meta variables.
fn pattern(random: &mut Seeded, like: usize) -> String {
    // There are two of each language.
    let (path, source) = SOURCES[like / 2 * 2 + random.below(2)];
    let (_, parsed) = parse(path, source);
    let nodes: Vec<_> = parsed.root().dfs().filter(|node| node.range().len() > 1).collect();
    let node = &nodes[random.below(nodes.len())];
    let start = node.range().start;
    let inner: Vec<_> = node.dfs().skip(1).filter(|inner| inner.is_named()).collect();
    let mut holes: Vec<_> = (0..random.below(4).min(inner.len()))
        .map(|_| {
            (inner[random.below(inner.len())].range(), ["$A", "$B", "$$$C", "$$$", "$_"][random.below(5)])
        })
        .collect();
    holes.sort_by_key(|(range, _)| (range.start, range.end));
    let (mut text, mut done) = (String::new(), start);
    for (range, hole) in holes {
        if range.start >= done {
            text.push_str(&source[done..range.start]);
            text.push_str(hole);
            done = range.end;
        }
    }
    text.push_str(&source[done..node.range().end]);
    text
}

/// A source that rules out by texts, and nothing else. It knows the files of one tree.
struct ByTexts {
    files: Vec<(String, String)>,
    ruled_out: AtomicUsize,
}

impl FileSource for ByTexts {
    fn select(&self, query: &FileQuery, content: Content<'_>, _: bool) -> Answer {
        let mut candidates = Candidates::new(query.root().to_path_buf(), Arc::default(), 0);
        for (path, source) in &self.files {
            let may_match = match content {
                Content::Any => true,
                Content::Texts(groups) => {
                    assert!(!groups.is_empty() && groups.iter().all(|group| !group.is_empty()), "{groups:?}");
                    groups.iter().any(|group| group.iter().all(|text| source.contains(text.as_str())))
                }
                Content::Grep(_) => unreachable!(),
            };
            if may_match {
                candidates.push_added(path.as_bytes());
            } else {
                self.ruled_out.fetch_add(1, Ordering::Relaxed);
            }
        }
        Answer::Files(candidates)
    }

    fn walked(&self, _: &Path) {}
}

fn found(outcome: &AstOutcome) -> BTreeSet<(String, usize, usize)> {
    assert_eq!((outcome.left_out, outcome.failures.len()), (0, 0));
    let each =
        |it: &orchestrator_syntax::AstMatch| (it.path.text.clone(), it.span.byte_start, it.span.byte_end);
    outcome.matches.iter().map(each).collect()
}

/// A match: path, start and end, and whether there is an error in it.
type Expected = BTreeSet<(String, usize, usize, bool)>;

struct Corpus {
    dir: tempfile::TempDir,
    parsed: Vec<(String, SupportLang, AstGrep<StrDoc<SupportLang>>)>,
    source: Arc<ByTexts>,
    matches: usize,
    dropped: usize,
}

impl Corpus {
    fn new(mut files: Vec<(String, String)>) -> Self {
        files.sort();
        let dir = tree(&files.iter().map(|(path, source)| (path.as_str(), source)).collect::<Vec<_>>());
        let parsed = files.iter().map(|(path, source)| {
            let (language, parsed) = parse(path, source);
            (path.clone(), language, parsed)
        });
        let parsed = parsed.collect();
        let source = Arc::new(ByTexts { files, ruled_out: AtomicUsize::new(0) });
        Self { dir, parsed, source, matches: 0, dropped: 0 }
    }

    /// The matches that ast-grep finds.
    fn reference<M: Matcher>(&self, compile: impl Fn(SupportLang) -> Option<M>) -> Expected {
        let mut found = BTreeSet::new();
        for (path, language, parsed) in &self.parsed {
            let Some(matcher) = compile(*language) else { continue };
            found.extend(parsed.root().find_all(&matcher).map(|found| {
                let broken = found.get_inner_node().has_error();
                (path.clone(), found.range().start, found.range().end, broken)
            }));
        }
        found
    }

    /// Compares the three: everything parsed, texts looked for in each file, and files ruled out before.
    fn compare(&mut self, query: &AstQuery, expected: &Expected, exact: bool) {
        let query = query.clone().max_matches(usize::MAX);
        let plain = done(AstSearch::new(query.clone(), Arc::new(NoIndex), Cancel::new()));
        let filtered = done(AstSearch::new(
            query.clone(),
            Arc::clone(&self.source) as Arc<dyn FileSource>,
            Cancel::new(),
        ));
        let (plain, filtered) = match (plain, filtered) {
            (Ok(plain), Ok(filtered)) => (plain, filtered),
            (Err(plain), Err(filtered)) => {
                assert_eq!((plain.code(), filtered.code()), ("ERR_PATTERN", "ERR_PATTERN"), "{query:?}");
                return;
            }
            other => panic!("{query:?}: {other:?}"),
        };
        assert_eq!(plain.matches, filtered.matches, "{query:?}");
        assert_eq!((plain.total, plain.files_matched), (filtered.total, filtered.files_matched), "{query:?}");
        let found = found(&plain);
        for (path, start, end, broken) in expected {
            let is_found = found.contains(&(path.clone(), *start, *end));
            // Only where the parser made a keyword up.
            assert!(is_found || (*broken && !exact), "{query:?}: {path} {start}..{end}");
            self.dropped += usize::from(!is_found);
        }
        assert!(found.len() <= expected.len(), "{query:?}");
        self.matches += found.len();
    }

    fn files(&self) -> FileQuery {
        FileQuery::new(self.dir.path())
    }
}

#[test]
fn no_match_of_a_pattern_is_ruled_out_in_any_language() {
    let mut random = Seeded(1);
    let mut corpus = Corpus::new(corpus(&mut random, 2));
    for _ in 0..PATTERNS {
        let like = random.below(SOURCES.len());
        let text = pattern(&mut random, like);
        let compile =
            |language| Pattern::try_new(&text, language).ok().filter(|pattern| !pattern.has_error());
        let expected = corpus.reference(compile);
        corpus.compare(&AstQuery::pattern(&text, corpus.files()), &expected, false);
    }
    let ruled_out = corpus.source.ruled_out.load(Ordering::Relaxed);
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
    let mut corpus = Corpus::new(corpus(&mut random, 2));
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
