//! Whenever the search finds something in a file, the plan lets the file through.
//!
//! Patterns are random syntax trees, and contents are made of what the trees match and of noise. The
//! judge is `grep-searcher` with the settings of `orchestrator-search`.

use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};
use orchestrator_index::filter::{Bitmap, Columns, MAX_WIDTH_LOG2, MIN_WIDTH_LOG2, Signature, Signer};
use orchestrator_index::plan::{PlanOptions, required};

/// Seeds; each gives a pattern, which is tried in two modes on several contents.
const SEEDS: u64 = 2000;
const CONTENTS: usize = 6;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).expect("it is below a usize")
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Patterns of one piece, with texts that they match (or may match, in the right place).
const LEAVES: &[(&str, &[&str])] = &[
    ("a", &["a"]),
    ("foo", &["foo"]),
    ("Bar", &["Bar"]),
    ("task", &["task"]),
    ("needle", &["needle"]),
    ("Kiosks", &["Kiosks"]),
    ("sK", &["sK"]),
    ("x.y", &["x.y", "x-y"]),
    (r"\.", &["."]),
    (".", &["q", "é", "s"]),
    ("[a-c]", &["a", "b", "c"]),
    ("[^a]", &["b", "S", "\u{212A}", "\n"]),
    ("[sk]", &["s", "k"]),
    ("[ſt]", &["ſ", "t"]),
    ("ſ", &["ſ"]),
    ("\u{212A}", &["\u{212A}"]),
    ("(?i:ks)", &["ks", "KS", "\u{212A}ſ", "kſ"]),
    ("(?i:é)", &["é", "É"]),
    ("(?i-u:sk)", &["SK", "sk"]),
    ("ß", &["ß"]),
    ("[éa]", &["é", "a"]),
    (r"(?-u:\xC5)", &[]),
    (r"(?-u:[\xBF-\xC5])", &[]),
    ("[0-9]", &["0", "7"]),
    ("(?:ab|abc|b)", &["ab", "abc", "b"]),
    (r"\b", &[""]),
    ("^", &[""]),
    ("$", &[""]),
    ("", &[""]),
    ("(?:one|two|three)", &["one", "two", "three"]),
];
const WORDS: &[(&str, &[&str])] =
    &[("foo", &["foo"]), ("needle", &["needle"]), ("xs", &["xs"]), ("T", &["T"])];
/// Only where lines may break.
const BREAKS: &[(&str, &[&str])] = &[(r"\n", &["\n"]), (r"[x\n]", &["x", "\n"]), (r"(?s:.)", &["\n", "z"])];
/// Expensive to compile without optimisation, so rarer.
const LARGE: &[(&str, &[&str])] = &[(r"\w", &["w", "ſ"]), (r"\s", &[" ", "\t"]), (r"\W", &["-", "!"])];
const NOISE: &[&str] = &[
    " ", "\n", "\r\n", "a", "S", "K", "ſ", "\u{212A}", "foo", "É", "ẞ", "zz", "-", "task", "BAR", "1",
    "\u{7F}",
];

enum Tree {
    Leaf(&'static str, &'static [&'static str]),
    Concat(Vec<Tree>),
    Either(Vec<Tree>),
    Repeat(Box<Tree>, &'static str, &'static [usize]),
    Group(Box<Tree>, &'static str),
}

const REPEATS: &[(&str, &[usize])] = &[
    ("?", &[0, 1]),
    ("*", &[0, 1, 3]),
    ("+", &[1, 2, 4]),
    ("+?", &[1, 2]),
    ("{2}", &[2]),
    ("{1,2}", &[1, 2]),
    ("{0,3}", &[0, 2, 3]),
    ("{2,}", &[2, 3, 5]),
    ("{1,6}", &[1, 4, 6]),
    ("{9}", &[9]),
    ("{0}", &[0]),
];

fn tree(random: &mut Random, depth: usize, breaks: bool) -> Tree {
    let several = |random: &mut Random| {
        (0..2 + random.below(3)).map(|_| tree(random, depth - 1, breaks)).collect::<Vec<_>>()
    };
    match if depth == 0 { 0 } else { random.below(10) } {
        0 | 1 => {
            let leaves = match random.below(24) {
                0 => LARGE,
                1 | 2 if breaks => BREAKS,
                _ => LEAVES,
            };
            let (pattern, texts) = random.pick(leaves);
            Tree::Leaf(pattern, texts)
        }
        2..=5 => Tree::Concat(several(random)),
        6 => Tree::Either(several(random)),
        7 | 8 => {
            let (operator, counts) = random.pick(REPEATS);
            Tree::Repeat(Box::new(tree(random, depth - 1, breaks)), operator, counts)
        }
        _ => Tree::Group(
            Box::new(tree(random, depth - 1, breaks)),
            random.pick(&["(", "(?:", "(?i:", "(?P<n>"]),
        ),
    }
}

impl Tree {
    fn pattern(&self) -> String {
        match self {
            Self::Leaf(pattern, _) => (*pattern).to_owned(),
            Self::Concat(parts) => parts.iter().map(Self::pattern).collect(),
            Self::Either(parts) => {
                format!("(?:{})", parts.iter().map(Self::pattern).collect::<Vec<_>>().join("|"))
            }
            Self::Repeat(part, operator, _) => format!("(?:{}){operator}", part.pattern()),
            Self::Group(part, open) => format!("{open}{})", part.pattern()),
        }
    }

    /// Bytes that it matches, as far as looking around allows.
    fn sample(&self, random: &mut Random, out: &mut Vec<u8>) {
        match self {
            // Bytes that are no characters.
            Self::Leaf(_, []) => out.push(0xC5),
            Self::Leaf(_, texts) => out.extend(random.pick(texts).bytes()),
            Self::Concat(parts) => parts.iter().for_each(|part| part.sample(random, out)),
            Self::Either(parts) => {
                let part = random.below(parts.len());
                parts[part].sample(random, out);
            }
            Self::Repeat(part, _, counts) => {
                (0..random.pick(counts)).for_each(|_| part.sample(random, out));
            }
            Self::Group(part, _) => part.sample(random, out),
        }
    }
}

fn content(random: &mut Random, tree: &Tree) -> Vec<u8> {
    let mut content = Vec::new();
    let noise = |random: &mut Random, content: &mut Vec<u8>| {
        (0..random.below(6)).for_each(|_| content.extend(random.pick(NOISE).bytes()));
    };
    noise(random, &mut content);
    let start = content.len();
    if random.below(4) > 0 {
        tree.sample(random, &mut content);
    }
    if random.below(3) == 0 {
        // The other case, where it has one: only matches if case is ignored.
        content[start..].iter_mut().for_each(|byte| *byte = byte.to_ascii_uppercase());
    }
    noise(random, &mut content);
    content
}

struct Found(bool);

impl Sink for Found {
    type Error = std::io::Error;

    fn matched(&mut self, _: &Searcher, _: &SinkMatch<'_>) -> Result<bool, Self::Error> {
        self.0 = true;
        Ok(false)
    }
}

fn search(matcher: &RegexMatcher, multiline: bool, content: &[u8]) -> bool {
    let mut searcher =
        SearcherBuilder::new().multi_line(multiline).binary_detection(BinaryDetection::quit(0)).build();
    let mut found = Found(false);
    searcher.search_reader(matcher, content, &mut found).expect("memory can be read");
    found.0
}

fn compile(pattern: &str, word: bool, case: usize, options: PlanOptions) -> Option<RegexMatcher> {
    let mut builder = RegexMatcherBuilder::new();
    builder.multi_line(true).unicode(true).octal(false).fixed_strings(options.literal).word(word);
    builder.case_insensitive(case == 1).case_smart(case == 2).ban_byte(Some(0));
    if !options.multiline {
        builder.line_terminator(Some(b'\n'));
    }
    builder.build(pattern).ok()
}

/// The full signature and all that it can be folded to.
fn signatures(content: &[u8]) -> Vec<Signature> {
    let mut signer = Signer::new();
    signer.feed(content);
    let mut signature = signer.finish(0.0);
    let fold = |width| {
        signature.fold_to(width);
        signature.clone()
    };
    (MIN_WIDTH_LOG2..=MAX_WIDTH_LOG2).rev().map(fold).collect()
}

#[derive(Default)]
struct Tally {
    searched: usize,
    matched: usize,
    /// Files whose full signature was kept back, so that accepting all is not enough to pass.
    kept_back: usize,
}

fn check(seed: u64, multiline: bool, tally: &mut Tally) {
    let mut random = Random(seed);
    let depth = 2 + random.below(2);
    let mut tree = tree(&mut random, depth, multiline);
    if random.below(2) == 0 {
        // Known neighbours make much depend on what is between them.
        let word = |random: &mut Random| {
            let (pattern, texts) = random.pick(WORDS);
            Tree::Leaf(pattern, texts)
        };
        tree = Tree::Concat(vec![word(&mut random), tree, word(&mut random)]);
    }
    let literal = random.below(12) == 0;
    let case = random.below(3);
    let word = random.below(4) == 0;
    let options = PlanOptions { literal, case_insensitive: case != 0, multiline };
    let pattern = if literal {
        let mut text = Vec::new();
        tree.sample(&mut random, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    } else {
        tree.pattern()
    };
    let Some(matcher) = compile(&pattern, word, case, options) else { return };
    let requirement = required(&pattern, options);
    let mut rows = Vec::new();
    for _ in 0..CONTENTS {
        let content = content(&mut random, &tree);
        let is_match = search(&matcher, multiline, &content);
        for signature in signatures(&content) {
            let accepted = signature.accepts(&requirement);
            assert!(
                accepted || !is_match,
                "seed {seed}: {pattern:?} (word: {word}, case: {case}, {options:?}) matches {:?}, which the plan \
                 {requirement:?} keeps back at a width of 2^{}",
                String::from_utf8_lossy(&content),
                signature.width_log2()
            );
            tally.kept_back += usize::from(!accepted && signature.width_log2() == MAX_WIDTH_LOG2);
            // Wider ones are many columns to build.
            rows.extend(Some(signature).filter(|signature| signature.width_log2() <= 10));
        }
        tally.searched += 1;
        tally.matched += usize::from(is_match);
    }
    let columns = Columns::build(rows.iter().map(Some));
    let mut found = Bitmap::new(rows.len());
    columns.candidates(&requirement, &mut found);
    for (ordinal, row) in rows.iter().enumerate() {
        assert_eq!(found.get(ordinal), row.accepts(&requirement), "seed {seed}: {pattern:?}");
    }
}

fn run(multiline: bool) {
    let mut tally = Tally::default();
    (0..SEEDS).for_each(|seed| check(seed, multiline, &mut tally));
    let Tally { searched, matched, kept_back } = tally;
    assert!(searched > 10_000, "{searched}");
    assert!(matched * 3 > searched && kept_back * 20 > searched, "{matched} and {kept_back} of {searched}");
}

#[test]
fn no_match_within_a_line_is_kept_back() {
    run(false);
}

#[test]
fn no_match_across_lines_is_kept_back() {
    run(true);
}
