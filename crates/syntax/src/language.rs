//! The languages that are compiled in.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use ast_grep_core::tree_sitter::{LanguageExt, TSLanguage};
use ast_grep_language::SupportLang;

use crate::AstError;

/// A language with a grammar.
///
/// `ast-grep-language` knows more, but panics for those whose grammar is not compiled in; this
/// enumeration holds exactly the others.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs, reason = "the variants are the languages' names")]
#[non_exhaustive]
pub enum Language {
    Bash,
    C,
    Cpp,
    CSharp,
    Css,
    Go,
    Html,
    Java,
    JavaScript,
    Json,
    Kotlin,
    Php,
    Python,
    Ruby,
    Rust,
    Swift,
    Tsx,
    TypeScript,
    Yaml,
}

use Language as L;

/// Per language: its name, other names for it, and its file extensions.
///
/// Dialects whose files would be full of false errors are left out: SCSS, zsh, Vue and the like.
type Row = (Language, &'static str, &'static [&'static str], &'static [&'static str]);

const TABLE: &[Row] = &[
    (L::Bash, "bash", &["sh", "shell"], &["sh", "bash"]),
    (L::C, "c", &[], &["c", "h"]),
    (L::Cpp, "cpp", &["c++", "cc", "cxx"], &["cc", "cpp", "cxx", "c++", "hpp", "hh", "hxx", "h++"]),
    (L::CSharp, "csharp", &["c#", "cs"], &["cs"]),
    (L::Css, "css", &[], &["css"]),
    (L::Go, "go", &["golang"], &["go"]),
    (L::Html, "html", &["htm"], &["html", "htm", "xhtml"]),
    (L::Java, "java", &[], &["java"]),
    (L::JavaScript, "javascript", &["js", "jsx"], &["js", "jsx", "mjs", "cjs"]),
    (L::Json, "json", &["jsonc"], &["json", "jsonc"]),
    (L::Kotlin, "kotlin", &["kt"], &["kt", "kts"]),
    (L::Php, "php", &[], &["php"]),
    (L::Python, "python", &["py"], &["py", "pyi"]),
    (L::Ruby, "ruby", &["rb"], &["rb", "gemspec", "rake"]),
    (L::Rust, "rust", &["rs"], &["rs"]),
    (L::Swift, "swift", &[], &["swift"]),
    (L::Tsx, "tsx", &[], &["tsx"]),
    (L::TypeScript, "typescript", &["ts"], &["ts", "mts", "cts"]),
    (L::Yaml, "yaml", &["yml"], &["yaml", "yml"]),
];

impl Language {
    /// Every language, by name.
    pub fn supported() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.0)
    }

    /// The language's name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The extensions of its files, without the dot.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static str] {
        self.row().3
    }

    /// The language of a file with this path, judged by its extension alone.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        let is_of = |row: &&Row| row.3.iter().any(|known| known.eq_ignore_ascii_case(extension));
        TABLE.iter().find(is_of).map(|row| row.0)
    }

    /// The language with this name or one of its other names, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        TABLE.iter().find(|row| row.1 == name || row.2.contains(&name.as_str())).map(|row| row.0)
    }

    /// Whether a file with this path can be read as this language. A `.h` can be C or C++.
    pub(crate) fn can_read(self, path: &Path) -> bool {
        match Self::from_path(path) {
            Some(Self::C) if self == Self::Cpp => path.extension().is_some_and(|extension| extension == "h"),
            language => language == Some(self),
        }
    }

    /// ast-grep's name for the language, for matching.
    pub(crate) fn ast_grep(self) -> SupportLang {
        match self {
            Self::Bash => SupportLang::Bash,
            Self::C => SupportLang::C,
            Self::Cpp => SupportLang::Cpp,
            Self::CSharp => SupportLang::CSharp,
            Self::Css => SupportLang::Css,
            Self::Go => SupportLang::Go,
            Self::Html => SupportLang::Html,
            Self::Java => SupportLang::Java,
            Self::JavaScript => SupportLang::JavaScript,
            Self::Json => SupportLang::Json,
            Self::Kotlin => SupportLang::Kotlin,
            Self::Php => SupportLang::Php,
            Self::Python => SupportLang::Python,
            Self::Ruby => SupportLang::Ruby,
            Self::Rust => SupportLang::Rust,
            Self::Swift => SupportLang::Swift,
            Self::Tsx => SupportLang::Tsx,
            Self::TypeScript => SupportLang::TypeScript,
            Self::Yaml => SupportLang::Yaml,
        }
    }

    /// The grammar for whole files, for checks and outlines.
    ///
    /// ast-grep matches PHP with the grammar of bare PHP, to which a template's HTML is an error.
    pub(crate) fn grammar(self) -> TSLanguage {
        match self {
            Self::Php => tree_sitter_php::LANGUAGE_PHP.into(),
            other => other.ast_grep().get_ts_language(),
        }
    }

    fn row(self) -> &'static Row {
        // Ordered as the enumeration; a test holds that.
        &TABLE[self as usize]
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = AstError;

    fn from_str(name: &str) -> Result<Self, AstError> {
        Self::from_name(name).ok_or_else(|| AstError::Language {
            language: name.to_owned(),
            reason: format!(
                "unknown language; known are {}",
                Self::supported().map(Self::name).collect::<Vec<_>>().join(", ")
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enumeration() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.0 as usize, index);
        }
        assert_eq!(TABLE.len(), L::Yaml as usize + 1);
    }

    #[test]
    fn every_grammar_loads() {
        for language in Language::supported() {
            tree_sitter::Parser::new().set_language(&language.grammar()).unwrap();
            tree_sitter::Parser::new().set_language(&language.ast_grep().get_ts_language()).unwrap();
        }
    }

    #[test]
    fn languages_are_found_by_extension_and_by_name() {
        assert_eq!(Language::from_path(Path::new("a/B.TSX")), Some(L::Tsx));
        assert_eq!(Language::from_path(Path::new("a/Makefile")), None);
        assert_eq!(Language::from_path(Path::new("a.scss")), None);
        assert_eq!(Language::from_name("C++"), Some(L::Cpp));
        assert_eq!("cobol".parse::<Language>().unwrap_err().code(), "ERR_LANGUAGE");
        assert!(L::Cpp.can_read(Path::new("a.h")) && !L::Cpp.can_read(Path::new("a.c")));
    }
}
