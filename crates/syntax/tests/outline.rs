//! One outline per language.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use orchestrator_search::Cancel;
use orchestrator_syntax::{Language, Outline, Symbol, outline_source};
use support::{done, tree};

fn render(symbols: &[Symbol]) -> String {
    let each = symbols.iter().map(|symbol| {
        let children = render(&symbol.children);
        let inside = if children.is_empty() { children } else { format!(" {{{children}}}") };
        format!("{} {}{inside}", symbol.kind, symbol.name)
    });
    each.collect::<Vec<_>>().join(", ")
}

fn outlined(language: Language, source: &str) -> String {
    render(&outline_source(source, language, &Cancel::new()).unwrap())
}

#[test]
fn typescript() {
    let source = "
export interface A { b: number; c(): void }
export abstract class D<T> { e = 1; constructor() {} f() { const inner = 1; function g() {} } abstract h(): void }
enum I { J }
type K = string;
namespace L { export function m() {} }
export const n = (x: number) => { const no = 1; };
const o = 1, p = function () {};
describe('x', () => { const no = 1; });
function q() {}
";
    let expected = "interface A {property b, method c}, class D {field e, method constructor, method f, method h}, \
        enum I, type K, namespace L {function m}, function n, variable o, function p, function q";
    assert_eq!(outlined(Language::TypeScript, source), expected);
    assert_eq!(outlined(Language::Tsx, "const A = () => <p/>;"), "function A");
}

#[test]
fn javascript() {
    let source =
        "class A { #b = 1; c() {} }\nmodule.exports = 1;\nconst f = async () => 1;\nfunction* g() {}\n";
    assert_eq!(
        outlined(Language::JavaScript, source),
        "class A {field #b, method c}, function f, function g"
    );
}

#[test]
fn python() {
    let source =
        "X = 1\n@dec\nclass A(B):\n    y = 2\n    async def c(self):\n        z = 1\n\ndef d(): pass\n";
    assert_eq!(outlined(Language::Python, source), "variable X, class A {method c}, function d");
}

#[test]
fn rust() {
    let source = "
mod a { pub fn b() {} }
struct C { d: u8 }
enum E { F }
trait G { type H; fn i(&self); }
impl<T> G for Vec<T> { fn i(&self) { fn inner() {} } }
const J: u8 = 1;
static K: u8 = 1;
type L = u8;
macro_rules! m { () => {} }
";
    let expected = "module a {function b}, struct C {field d}, enum E, trait G {type H, method i}, \
        impl G for Vec<T> {method i}, constant J, variable K, type L, macro m";
    assert_eq!(outlined(Language::Rust, source), expected);
}

#[test]
fn go() {
    let source = "package a\nconst B = 1\nvar c int\ntype D struct { e int }\ntype F interface { G() }\ntype H int\n\
        func (d *D) I() { var no int }\nfunc j() {}\n";
    let expected =
        "constant B, variable c, struct D {field e}, interface F {method G}, type H, method I, function j";
    assert_eq!(outlined(Language::Go, source), expected);
}

#[test]
fn java() {
    let source = "package a; public class B { int c = 1; B() {} <T> void d() { int no; } enum E { F } interface G {} }\n\
        record H(int i) {}\n";
    let expected = "class B {field c, constructor B, method d, enum E, interface G}, class H";
    assert_eq!(outlined(Language::Java, source), expected);
}

#[test]
fn c() {
    let source = "#define A 1\nstruct B { int c; };\nenum D { E };\ntypedef struct { int f; } G;\n\
        static char *h(int i);\nint j = 1;\nint *k(void) { int no; return 0; }\n";
    let expected = "macro A, struct B {field c}, enum D, type G, function h, variable j, function k";
    let outline = outlined(Language::C, source);
    assert_eq!(outline.replace("struct  {field f}, ", ""), expected);
}

#[test]
fn cpp() {
    let source = "namespace a { template <class T> class B : C { public: B(); int d() const; int e; ~B() {} }; }\n\
        int a::B<int>::d() const { return 1; }\nusing F = int;\nvoid g() {}\n";
    let outline = outlined(Language::Cpp, source);
    assert!(outline.starts_with("namespace a {class B {"), "{outline}");
    for part in ["method d", "field e", "method ~B", "function a::B<int>::d", "type F", "function g"] {
        assert!(outline.contains(part), "{part} in {outline}");
    }
}

#[test]
fn c_sharp() {
    let source = "namespace A { class B { int c; int D { get; set; } B() {} void E() { int no; } } \
        interface F { void G(); } record H(int I); struct J {} enum K { L } }";
    let expected = "namespace A {class B {field c, property D, constructor B, method E}, \
        interface F {method G}, class H, struct J, enum K}";
    assert_eq!(outlined(Language::CSharp, source), expected);
}

#[test]
fn ruby() {
    let source =
        "module A\n  B = 1\n  class C < D\n    def e; end\n    def self.f; end\n  end\nend\ndef g; end\n";
    let expected = "module A {constant B, class C {method e, method f}}, method g";
    assert_eq!(outlined(Language::Ruby, source), expected);
}

#[test]
fn php() {
    let source = "<p></p><?php\nnamespace A;\nconst B = 1;\nabstract class C { const D = 1; private $e = 1; function f() {} }\n\
        interface G {} trait H {} enum I { case J; }\nfunction k() {}\n";
    let expected = "namespace A, constant B, class C {constant D, property $e, method f}, \
        interface G, trait H, enum I, function k";
    assert_eq!(outlined(Language::Php, source), expected);
}

#[test]
fn kotlin() {
    // Line breaks before `}`: the grammar of Kotlin often does not do without.
    let source = "package a\ninterface B {\n fun c()\n}\nclass D(val e: Int) {\n val f = 1\n fun g() {\n val no = 1\n }\n \
        companion object {\n fun h() = 1\n }\n}\nobject I\nenum class J { K }\nfun String.l() = 1\nval m = 1\n";
    let expected = "interface B {method c}, class D {property f, method g, object  {method h}}, object I, enum J, \
        function l, property m";
    assert_eq!(outlined(Language::Kotlin, source), expected);
}

#[test]
fn swift() {
    let source = "protocol A { func b() }\nstruct C { var d = 1\n init() {}\n func e() { let no = 1 } }\n\
        class F {}\nenum G { case h }\nextension C { func i() {} }\nfunc j() {}\n";
    let expected = "interface A {method b}, struct C {property d, constructor init, method e}, class F, enum G, \
        extension C {method i}, function j";
    assert_eq!(outlined(Language::Swift, source), expected);
}

#[test]
fn bash() {
    assert_eq!(outlined(Language::Bash, "a() { b; }\nfunction c { d; }\n"), "function a, function c");
}

#[test]
fn symbols_have_ranges() {
    let symbols =
        outline_source("\nclass A:\n  def b(self):\n    pass\n", Language::Python, &Cancel::new()).unwrap();
    let (class, method) = (&symbols[0], &symbols[0].children[0]);
    assert_eq!((class.span.line, class.span.end_line, class.span.byte_start), (2, 4, 1));
    assert_eq!((method.span.line, method.span.column, method.span.end_line), (3, 3, 4));
}

#[test]
fn deep_nesting_does_not_use_up_the_stack() {
    let source = format!("const a = {}1{};", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(outlined(Language::JavaScript, &source), "variable a");
    let source = format!("f({}1{});", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(outlined(Language::JavaScript, &source), "");
}

#[test]
fn the_other_languages_say_that_they_have_no_outline() {
    for language in [Language::Css, Language::Html, Language::Json, Language::Yaml] {
        assert_eq!(outline_source("", language, &Cancel::new()).unwrap_err().code(), "ERR_LANGUAGE");
    }
    let dir = tree(&[("b.rs", &b"fn f() {}"[..]), ("c.rs", b"\xff")]);
    let outline = |name: &str| done(Outline::new(dir.path().join(name), Cancel::new()));
    assert_eq!(render(&outline("b.rs").unwrap()), "function f");
    for (name, code) in [("a.txt", "ERR_LANGUAGE"), ("a.rs", "ERR_NOT_FOUND"), ("c.rs", "ERR_IO")] {
        assert_eq!(outline(name).unwrap_err().code(), code);
    }
}
