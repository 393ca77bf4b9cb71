//! Code in all languages, broken code, and patterns made from it.

use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{AstGrep, Language as _, Node};
use ast_grep_language::{LanguageExt, SupportLang};

/// For each language two files of what it has, keywords above all.
pub const SOURCES: &[(&str, &str)] = &[
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

/// xorshift64*: reproducible and good enough.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit as u64).unwrap()
    }
}

/// The sources, and for each some copies with a piece missing, which the parser has to make up for.
pub fn files(random: &mut Seeded, copies: usize) -> Vec<(String, String)> {
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

pub fn parse(path: &str, source: &str) -> (SupportLang, AstGrep<StrDoc<SupportLang>>) {
    let language = SupportLang::from_path(path).unwrap();
    (language, language.ast_grep(source))
}

/// A piece of a source, of the same language as one of them, with some parts of it replaced by meta variables.
pub fn pattern(random: &mut Seeded, like: usize) -> String {
    // There are two of each language.
    let (path, source) = SOURCES[like / 2 * 2 + random.below(2)];
    let (_, parsed) = parse(path, source);
    let nodes: Vec<_> = parsed.root().dfs().filter(|node| node.range().len() > 1).collect();
    let node = &nodes[random.below(nodes.len())];
    let start = node.range().start;
    let inner: Vec<_> = node.dfs().skip(1).filter(Node::is_named).collect();
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
