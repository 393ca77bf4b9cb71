//! The symbols that a file declares.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use orchestrator_scheduler::executor::StepContext;
use orchestrator_search::{Cancel, Progress, Work};
use tree_sitter::Node;

use crate::document::{parse, read};
use crate::outline_kinds::{Entry, OPAQUE, When, entries};
use crate::pass::lock;
use crate::{AstError, Language, Span, Unchecked};

/// Below this depth of the tree there is no declaration in real code, but there are generated
/// expressions deep enough to use up the stack.
const MAX_DEPTH: usize = 64;
/// Nodes that are a symbol's name.
const NAMES: &[&str] = &[
    "constant",
    "destructor_name",
    "field_identifier",
    "identifier",
    "name",
    "operator_name",
    "property_identifier",
    "qualified_identifier",
    "simple_identifier",
    "type_identifier",
    "variable_name",
];
/// Nodes between a declaration and its name.
const WRAPPERS: &[&str] = &["variable_declaration", "variable_declarator"];

/// What kind of thing a symbol is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the variants are the words of the languages themselves")]
#[non_exhaustive]
pub enum SymbolKind {
    Class,
    Constant,
    Constructor,
    Enum,
    Extension,
    Field,
    Function,
    Impl,
    Interface,
    Macro,
    Method,
    Module,
    Namespace,
    Object,
    Property,
    Struct,
    Trait,
    Type,
    Union,
    Variable,
}

impl SymbolKind {
    /// Whether the symbols inside are part of an outline; a function's own are not.
    #[must_use]
    pub fn is_container(self) -> bool {
        self.has_methods() || matches!(self, Self::Module | Self::Namespace)
    }

    /// Whether a function declared inside is a method.
    pub(crate) fn has_methods(self) -> bool {
        use SymbolKind::{Class, Enum, Extension, Impl, Interface, Object, Struct, Trait, Union};
        matches!(self, Class | Enum | Extension | Impl | Interface | Object | Struct | Trait | Union)
    }
}

impl fmt::Display for SymbolKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_ascii_lowercase())
    }
}

/// A declared symbol.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Symbol {
    /// What it is.
    pub kind: SymbolKind,
    /// Its name; `Trait for Type` for an implementation; empty if it has none.
    pub name: String,
    /// The whole declaration, body included.
    pub span: Span,
    /// The symbols declared directly in it. Those inside of functions are left out.
    pub children: Vec<Symbol>,
}

/// The work of outlining a file, in the language of its extension. One step.
///
/// Errors: `ERR_LANGUAGE` if that language has no outline, `ERR_NOT_FOUND`, `ERR_IO` also for a file
/// that is not UTF-8 or too large, `ERR_CANCELLED`.
pub struct Outline {
    path: PathBuf,
    cancel: Cancel,
    symbols: Mutex<Option<Vec<Symbol>>>,
}

impl Outline {
    /// The work that outlines the file at a path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, cancel: Cancel) -> Self {
        Self { path: path.into(), cancel, symbols: Mutex::default() }
    }
}

impl Work for Outline {
    type Output = Vec<Symbol>;
    type Error = AstError;

    fn step(&self, _: &StepContext<'_>) -> Result<Progress, AstError> {
        let language = Language::from_path(&self.path).ok_or_else(|| AstError::Language {
            language: self.path.display().to_string(),
            reason: "unknown language".to_owned(),
        })?;
        table(language)?;
        self.cancel.check()?;
        let source = read(&self.path).map_err(|reason| unreadable(&self.path, &reason))?;
        *lock(&self.symbols) = Some(outline_source(&source, language, &self.cancel)?);
        Ok(Progress::Complete)
    }

    fn output(&self) -> Result<Vec<Symbol>, AstError> {
        lock(&self.symbols).take().ok_or(AstError::Cancelled)
    }
}

/// Outlines a source text. Parts that do not parse are outlined as far as they can be.
pub fn outline_source(source: &str, language: Language, cancel: &Cancel) -> Result<Vec<Symbol>, AstError> {
    let table = table(language)?;
    let tree = parse(source, &language.grammar(), cancel)?;
    let mut symbols = Vec::new();
    Outliner { source, table }.collect(tree.root_node(), None, 0, &mut symbols);
    Ok(symbols)
}

fn table(language: Language) -> Result<&'static [Entry], AstError> {
    entries(language).ok_or_else(|| AstError::Language {
        language: language.name().to_owned(),
        reason: "outlines are not supported".to_owned(),
    })
}

fn unreadable(path: &Path, reason: &Unchecked) -> AstError {
    let source = match reason {
        Unchecked::Unreadable { kind, message } => std::io::Error::new(*kind, message.clone()),
        other => std::io::Error::new(std::io::ErrorKind::InvalidData, format!("{other:?}")),
    };
    AstError::io(path, source)
}

struct Outliner<'a> {
    source: &'a str,
    table: &'static [Entry],
}

impl Outliner<'_> {
    fn collect(&self, node: Node<'_>, inside: Option<SymbolKind>, depth: usize, symbols: &mut Vec<Symbol>) {
        if depth > MAX_DEPTH || OPAQUE.contains(&node.kind()) {
            return;
        }
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let Some(kind) = self.declares(&child, inside) else {
                self.collect(child, inside, depth + 1, symbols);
                continue;
            };
            let mut children = Vec::new();
            if kind.is_container() {
                self.collect(child, Some(kind), depth + 1, &mut children);
            } else if kind == SymbolKind::Type {
                // `typedef struct {…} name;`: what the type's body declares is a sibling.
                self.collect(child, inside, depth + 1, symbols);
            }
            let name = self.name(&child).unwrap_or_default();
            symbols.push(Symbol { kind, name, span: Span::of(&child), children });
        }
    }

    fn declares(&self, node: &Node<'_>, inside: Option<SymbolKind>) -> Option<SymbolKind> {
        let holds = |when: &When| match *when {
            When::Always => true,
            When::AtTop => inside.is_none(),
            When::Has(kind) => has_child(node, kind),
            When::AtTopHas(kind) => inside.is_none() && has_child(node, kind),
            When::DeclaresFunction => declares_function(*node),
        };
        let (_, kind, _) = self.table.iter().find(|(it, _, when)| *it == node.kind() && holds(when))?;
        let in_type = inside.is_some_and(SymbolKind::has_methods);
        Some(if in_type && *kind == SymbolKind::Function { SymbolKind::Method } else { *kind })
    }

    fn name(&self, node: &Node<'_>) -> Option<String> {
        let text = |node: Node<'_>| self.source.get(node.byte_range()).map(str::to_owned);
        // First, since a qualified name has a `name` of its own: its last part.
        if NAMES.contains(&node.kind()) {
            return text(*node);
        }
        if node.kind() == "impl_item" {
            let implemented = text(node.child_by_field_name("type")?)?;
            let of = node.child_by_field_name("trait").and_then(text);
            return Some(of.map_or(implemented.clone(), |of| format!("{of} for {implemented}")));
        }
        if let Some(name) =
            ["name", "left", "property"].iter().find_map(|field| node.child_by_field_name(field))
        {
            return text(name);
        }
        if let Some(declarator) = node.child_by_field_name("declarator") {
            return self.name(&declarator).or_else(|| text(declarator));
        }
        let mut cursor = node.walk();
        let mut children = node.named_children(&mut cursor);
        children.find_map(|child| {
            if NAMES.contains(&child.kind()) {
                text(child)
            } else if WRAPPERS.contains(&child.kind()) {
                self.name(&child)
            } else {
                None
            }
        })
    }
}

fn has_child(node: &Node<'_>, kind: &str) -> bool {
    let mut cursor = node.walk();
    node.children(&mut cursor).any(|child| child.kind() == kind)
}

/// Follows declarators below pointers, references and attributes.
fn declares_function(node: Node<'_>) -> bool {
    let mut at = Some(node);
    while let Some(node) = at {
        if node.kind() == "function_declarator" {
            // `int (*pointer)(int)` declares a variable.
            return node
                .child_by_field_name("declarator")
                .is_none_or(|inner| inner.kind() != "parenthesized_declarator");
        }
        at = node.child_by_field_name("declarator").or_else(|| {
            let mut cursor = node.walk();
            node.named_children(&mut cursor).find(|child| child.kind() == "function_declarator")
        });
    }
    false
}
