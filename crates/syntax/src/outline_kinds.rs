//! Which nodes of each grammar declare a symbol.

use crate::{Language, SymbolKind};

/// The condition under which a node declares a symbol.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    Always,
    /// Not inside another symbol.
    AtTop,
    /// A direct child has this kind: a body, a keyword, the kind of the value.
    Has(&'static str),
    /// As `Has`, and not inside another symbol.
    AtTopHas(&'static str),
    /// Its declarator, below pointers and the like, is a function's.
    DeclaresFunction,
}

/// A kind of node, the symbol it declares, and the condition. The first entry that fits counts.
pub(crate) type Entry = (&'static str, SymbolKind, When);

use SymbolKind as S;
use When::{Always, AtTop, AtTopHas, DeclaresFunction, Has};

const BASH: &[Entry] = &[("function_definition", S::Function, Always)];

const C: &[Entry] = &[
    ("function_definition", S::Function, Always),
    ("declaration", S::Function, DeclaresFunction),
    ("struct_specifier", S::Struct, Has("field_declaration_list")),
    ("union_specifier", S::Union, Has("field_declaration_list")),
    ("enum_specifier", S::Enum, Has("enumerator_list")),
    ("type_definition", S::Type, Always),
    ("preproc_function_def", S::Macro, Always),
    ("preproc_def", S::Macro, Always),
    ("field_declaration", S::Field, Always),
    ("declaration", S::Variable, AtTop),
];

const CPP: &[Entry] = &[
    ("namespace_definition", S::Namespace, Always),
    ("class_specifier", S::Class, Has("field_declaration_list")),
    ("function_definition", S::Function, Always),
    ("declaration", S::Function, DeclaresFunction),
    ("struct_specifier", S::Struct, Has("field_declaration_list")),
    ("union_specifier", S::Union, Has("field_declaration_list")),
    ("enum_specifier", S::Enum, Has("enumerator_list")),
    ("type_definition", S::Type, Always),
    ("alias_declaration", S::Type, Always),
    ("concept_definition", S::Type, Always),
    ("preproc_function_def", S::Macro, Always),
    ("preproc_def", S::Macro, Always),
    ("field_declaration", S::Method, DeclaresFunction),
    ("field_declaration", S::Field, Always),
    ("declaration", S::Variable, AtTop),
];

const C_SHARP: &[Entry] = &[
    ("namespace_declaration", S::Namespace, Always),
    ("file_scoped_namespace_declaration", S::Namespace, Always),
    ("class_declaration", S::Class, Always),
    ("record_declaration", S::Class, Always),
    ("struct_declaration", S::Struct, Always),
    ("interface_declaration", S::Interface, Always),
    ("enum_declaration", S::Enum, Always),
    ("delegate_declaration", S::Type, Always),
    ("constructor_declaration", S::Constructor, Always),
    ("method_declaration", S::Method, Always),
    ("property_declaration", S::Property, Always),
    ("event_field_declaration", S::Field, Always),
    ("field_declaration", S::Field, Always),
];

const GO: &[Entry] = &[
    ("function_declaration", S::Function, Always),
    ("method_declaration", S::Method, Always),
    ("type_spec", S::Struct, Has("struct_type")),
    ("type_spec", S::Interface, Has("interface_type")),
    ("type_spec", S::Type, Always),
    ("type_alias", S::Type, Always),
    ("const_spec", S::Constant, Always),
    ("var_spec", S::Variable, Always),
    ("field_declaration", S::Field, Always),
    ("method_elem", S::Method, Always),
];

const JAVA: &[Entry] = &[
    ("class_declaration", S::Class, Always),
    ("record_declaration", S::Class, Always),
    ("interface_declaration", S::Interface, Always),
    ("annotation_type_declaration", S::Interface, Always),
    ("enum_declaration", S::Enum, Always),
    ("constructor_declaration", S::Constructor, Always),
    ("method_declaration", S::Method, Always),
    ("field_declaration", S::Field, Always),
];

const JAVASCRIPT: &[Entry] = &[
    ("function_declaration", S::Function, Always),
    ("generator_function_declaration", S::Function, Always),
    ("class_declaration", S::Class, Always),
    ("method_definition", S::Method, Always),
    ("field_definition", S::Field, Always),
    ("variable_declarator", S::Function, AtTopHas("arrow_function")),
    ("variable_declarator", S::Function, AtTopHas("function_expression")),
    ("variable_declarator", S::Class, AtTopHas("class")),
    ("variable_declarator", S::Variable, AtTop),
];

const TYPESCRIPT: &[Entry] = &[
    ("function_declaration", S::Function, Always),
    ("generator_function_declaration", S::Function, Always),
    ("function_signature", S::Function, Always),
    ("class_declaration", S::Class, Always),
    ("abstract_class_declaration", S::Class, Always),
    ("interface_declaration", S::Interface, Always),
    ("enum_declaration", S::Enum, Always),
    ("type_alias_declaration", S::Type, Always),
    ("internal_module", S::Namespace, Always),
    ("module", S::Module, Always),
    ("method_definition", S::Method, Always),
    ("method_signature", S::Method, Always),
    ("abstract_method_signature", S::Method, Always),
    ("public_field_definition", S::Field, Always),
    ("property_signature", S::Property, Always),
    ("variable_declarator", S::Function, AtTopHas("arrow_function")),
    ("variable_declarator", S::Function, AtTopHas("function_expression")),
    ("variable_declarator", S::Class, AtTopHas("class")),
    ("variable_declarator", S::Variable, AtTop),
];

const KOTLIN: &[Entry] = &[
    ("class_declaration", S::Interface, Has("interface")),
    ("class_declaration", S::Enum, Has("enum_class_body")),
    ("class_declaration", S::Class, Always),
    ("object_declaration", S::Object, Always),
    ("companion_object", S::Object, Always),
    ("function_declaration", S::Function, Always),
    ("secondary_constructor", S::Constructor, Always),
    ("property_declaration", S::Property, Always),
    ("type_alias", S::Type, Always),
];

const PHP: &[Entry] = &[
    ("namespace_definition", S::Namespace, Always),
    ("class_declaration", S::Class, Always),
    ("interface_declaration", S::Interface, Always),
    ("trait_declaration", S::Trait, Always),
    ("enum_declaration", S::Enum, Always),
    ("function_definition", S::Function, Always),
    ("method_declaration", S::Method, Always),
    ("property_element", S::Property, Always),
    ("const_element", S::Constant, Always),
];

const PYTHON: &[Entry] = &[
    ("class_definition", S::Class, Always),
    ("function_definition", S::Function, Always),
    ("type_alias_statement", S::Type, Always),
    ("assignment", S::Variable, AtTopHas("identifier")),
];

const RUBY: &[Entry] = &[
    ("module", S::Module, Always),
    ("class", S::Class, Always),
    ("method", S::Method, Always),
    ("singleton_method", S::Method, Always),
    ("assignment", S::Constant, Has("constant")),
];

const RUST: &[Entry] = &[
    ("mod_item", S::Module, Always),
    ("struct_item", S::Struct, Always),
    ("enum_item", S::Enum, Always),
    ("union_item", S::Union, Always),
    ("trait_item", S::Trait, Always),
    ("impl_item", S::Impl, Always),
    ("function_item", S::Function, Always),
    ("function_signature_item", S::Function, Always),
    ("type_item", S::Type, Always),
    ("associated_type", S::Type, Always),
    ("const_item", S::Constant, Always),
    ("static_item", S::Variable, Always),
    ("macro_definition", S::Macro, Always),
    ("field_declaration", S::Field, Always),
];

const SWIFT: &[Entry] = &[
    ("class_declaration", S::Struct, Has("struct")),
    ("class_declaration", S::Enum, Has("enum")),
    ("class_declaration", S::Extension, Has("extension")),
    ("class_declaration", S::Class, Always),
    ("protocol_declaration", S::Interface, Always),
    ("function_declaration", S::Function, Always),
    ("protocol_function_declaration", S::Method, Always),
    ("init_declaration", S::Constructor, Always),
    ("property_declaration", S::Property, Always),
    ("protocol_property_declaration", S::Property, Always),
    ("typealias_declaration", S::Type, Always),
];

/// The entries of a language; `None` where an outline says nothing that the file does not.
pub(crate) fn entries(language: Language) -> Option<&'static [Entry]> {
    Some(match language {
        Language::Bash => BASH,
        Language::C => C,
        Language::Cpp => CPP,
        Language::CSharp => C_SHARP,
        Language::Go => GO,
        Language::Java => JAVA,
        Language::JavaScript => JAVASCRIPT,
        Language::Tsx | Language::TypeScript => TYPESCRIPT,
        Language::Kotlin => KOTLIN,
        Language::Php => PHP,
        Language::Python => PYTHON,
        Language::Ruby => RUBY,
        Language::Rust => RUST,
        Language::Swift => SWIFT,
        Language::Css | Language::Html | Language::Json | Language::Yaml => return None,
    })
}

/// Anonymous functions: what they declare is theirs alone.
pub(crate) const OPAQUE: &[&str] = &[
    "anonymous_function",
    "anonymous_function_creation_expression",
    "arrow_function",
    "closure_expression",
    "func_literal",
    "function_expression",
    "generator_function",
    "lambda",
    "lambda_expression",
    "lambda_literal",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_in_the_tables_exists_in_its_grammar() {
        for language in Language::supported() {
            let grammar = language.grammar();
            let exists = |kind: &str| {
                grammar.id_for_node_kind(kind, true) != 0 || grammar.id_for_node_kind(kind, false) != 0
            };
            for (node, _, when) in entries(language).unwrap_or_default() {
                assert!(grammar.id_for_node_kind(node, true) != 0, "{language}: {node}");
                if let Has(kind) | AtTopHas(kind) = when {
                    assert!(exists(kind), "{language}: {kind}");
                }
            }
        }
    }
}
