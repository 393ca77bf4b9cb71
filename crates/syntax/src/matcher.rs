//! From a shape to a matcher for one language.

use std::collections::HashSet;
use std::error::Error;

use ast_grep_config::{DeserializeEnv, RuleCore, SerializableRuleCore};
use ast_grep_core::matcher::{MatcherExt, PatternNode};
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::replacer::TemplateFix;
use ast_grep_core::source::Edit;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{Language as _, Matcher, NodeMatch, Pattern};
use ast_grep_language::{LanguageExt, SupportLang};
use orchestrator_search::Cancel;
use serde::Deserialize;

use crate::document::{Document, POLL_EVERY, is_deeper, parse};
use crate::query::Shape;
use crate::texts::{Finders, Texts};
use crate::{AstError, Language};

/// A match in a document.
pub(crate) type Found<'t> = NodeMatch<'t, StrDoc<SupportLang>>;

/// A pattern or rule, compiled for one language.
pub(crate) struct Compiled {
    form: Form,
    texts: Texts,
    finders: Finders,
}

enum Form {
    Pattern(Box<Pattern>),
    Rule(Box<RuleCore>),
}

impl Compiled {
    pub(crate) fn new(shape: &Shape, language: Language) -> Result<Self, AstError> {
        let (form, texts) = match shape {
            Shape::Pattern(text) => {
                check_size(text)?;
                let pattern = compile_pattern(text, language)?;
                let texts = Texts::of_pattern(&pattern, language);
                (Form::Pattern(Box::new(pattern)), texts)
            }
            Shape::Rule(yaml) => {
                check_size(yaml)?;
                let rule = compile_rule(yaml, language)?;
                let texts = Texts::of_rule(&rule);
                (Form::Rule(Box::new(rule)), texts)
            }
        };
        Ok(Self { form, finders: texts.finders(), texts })
    }

    /// What a file must hold to have a match.
    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Whether a source can be ruled out without parsing: it lacks a text that a match needs.
    pub(crate) fn rules_out(&self, source: &str) -> bool {
        self.finders.rule_out(source)
    }

    /// Whether matching in this document could use up the stack, which would end the process: to compare what
    /// two places of one variable stand for, ast-grep recurses as deep as that is, and so it does in some rules.
    pub(crate) fn is_too_deep(&self, document: &Document, cancel: &Cancel) -> Result<bool, AstError> {
        let recurses = match &self.form {
            Form::Pattern(pattern) => has_repeated_variable(&pattern.node, &mut HashSet::new()),
            Form::Rule(_) => true,
        };
        Ok(recurses && is_deeper(&document.root().get_inner_node(), MAX_DEPTH, cancel)?)
    }

    /// All matches in the order of the file, nested ones too.
    ///
    /// In broken code the parser inserts tokens; where a pattern has a keyword that is not really there,
    /// that is no match.
    pub(crate) fn find<'t>(
        &self,
        document: &'t Document,
        cancel: &Cancel,
    ) -> Result<Vec<Found<'t>>, AstError> {
        match &self.form {
            Form::Pattern(pattern) => {
                let mut found = find(pattern.as_ref(), document, cancel)?;
                found.retain(|found| {
                    let broken = found.get_inner_node().has_error();
                    // Texts of many nested matches are long: once cancelled, there is nothing to find out.
                    !broken || cancel.is_cancelled() || !self.finders.rule_out(&found.text())
                });
                cancel.check()?;
                Ok(found)
            }
            Form::Rule(rule) => find(rule.as_ref(), document, cancel),
        }
    }

    /// What replacing a match by a template changes: an offset, a length, and the new text.
    ///
    /// The length can be less than the match's: a pattern without the semicolon that ends a statement
    /// matches the statement, but what is not in the pattern is not replaced.
    pub(crate) fn edit(&self, found: &Found<'_>, template: &TemplateFix) -> Edit<String> {
        match &self.form {
            Form::Pattern(pattern) => found.make_edit(pattern.as_ref(), template),
            Form::Rule(rule) => found.make_edit(rule.as_ref(), template),
        }
    }

    /// The names of the meta variables that a match binds.
    pub(crate) fn variables(&self) -> HashSet<&str> {
        match &self.form {
            Form::Pattern(pattern) => pattern.defined_vars(),
            Form::Rule(rule) => rule.defined_vars(),
        }
    }
}

fn find<'t>(
    matcher: &impl Matcher,
    document: &'t Document,
    cancel: &Cancel,
) -> Result<Vec<Found<'t>>, AstError> {
    let kinds = matcher.potential_kinds();
    let mut found = Vec::new();
    for (index, node) in document.root().dfs().enumerate() {
        if index % POLL_EVERY == 0 {
            cancel.check()?;
        }
        if kinds.as_ref().is_none_or(|kinds| kinds.contains(node.kind_id().into())) {
            found.extend(matcher.match_node(node));
        }
    }
    Ok(found)
}

fn has_repeated_variable<'p>(node: &'p PatternNode, seen: &mut HashSet<&'p str>) -> bool {
    match node {
        PatternNode::MetaVar {
            meta_var: MetaVariable::Capture(name, _) | MetaVariable::MultiCapture(name),
        } => !seen.insert(name),
        PatternNode::Internal { children, .. } => {
            children.iter().any(|child| has_repeated_variable(child, seen))
        }
        _ => false,
    }
}

/// The deepest tree in which matching may recurse.
pub(crate) const MAX_DEPTH: u32 = 2_000;
/// The longest pattern or rule, in bytes.
const MAX_SHAPE_BYTES: usize = 32 * 1024;
/// The deepest nesting of brackets. Compiling a shape recurses, and a stack that overflows ends the process.
const MAX_SHAPE_DEPTH: usize = 200;

fn check_size(shape: &str) -> Result<(), AstError> {
    let refuse = |position, reason: String| {
        Err(AstError::Pattern { pattern: shape.chars().take(80).collect(), position, reason })
    };
    if shape.len() > MAX_SHAPE_BYTES {
        return refuse(None, format!("it is longer than {MAX_SHAPE_BYTES} bytes"));
    }
    let mut depth = 0_usize;
    for (at, byte) in shape.bytes().enumerate() {
        match byte {
            // Operators that bind to the right nest as brackets do.
            b'(' | b'[' | b'{' | b'<' | b'!' | b'-' | b'*' | b'&' | b'~' => depth += 1,
            b')' | b']' | b'}' | b'>' | b';' | b'\n' | b' ' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_SHAPE_DEPTH {
            return refuse(Some(at), format!("it is nested more than {MAX_SHAPE_DEPTH} deep"));
        }
    }
    Ok(())
}

fn compile_pattern(text: &str, language: Language) -> Result<Pattern, AstError> {
    let invalid = |position, reason| AstError::Pattern { pattern: text.to_owned(), position, reason };
    let lang = language.ast_grep();
    // ast-grep's messages repeat the pattern; the error has it as a field.
    let pattern = Pattern::try_new(text, lang).map_err(|error| invalid(None, error.to_string()))?;
    if pattern.has_error() {
        return Err(invalid(error_in(text, language)?, format!("it does not parse as {language}")));
    }
    Ok(pattern)
}

/// The byte of the pattern where its first error starts.
fn error_in(text: &str, language: Language) -> Result<Option<usize>, AstError> {
    let lang = language.ast_grep();
    let processed = lang.pre_process_pattern(text);
    let tree = parse(&processed, &lang.get_ts_language(), &Cancel::new())?;
    let mut node = tree.root_node();
    while let Some(child) =
        (0..node.child_count()).filter_map(|at| node.child(at)).find(tree_sitter::Node::has_error)
    {
        node = child;
        if node.is_error() || node.is_missing() {
            break;
        }
    }
    // Pre-processing replaces `$` by another character, one by one: characters correspond, bytes do not.
    let characters = processed.get(..node.start_byte()).map(|before| before.chars().count());
    Ok(characters.and_then(|nth| text.char_indices().nth(nth)).map(|(at, _)| at))
}

fn compile_rule(yaml: &str, language: Language) -> Result<RuleCore, AstError> {
    let invalid = |position, error: &dyn Error| AstError::Pattern {
        pattern: yaml.to_owned(),
        position,
        reason: with_causes(error),
    };
    let rule: SerializableRuleCore = ast_grep_config::from_str(yaml).map_err(|error| {
        let place = error.location();
        invalid(place.and_then(|at| byte_offset(yaml, at.line(), at.column())), &error)
    })?;
    rule.get_matcher(DeserializeEnv::new(language.ast_grep())).map_err(|error| invalid(None, &error))
}

/// The offset of a line and a column, both from 1 and the column in characters.
fn byte_offset(text: &str, line: u64, column: u64) -> Option<usize> {
    let line = usize::try_from(line.checked_sub(1)?).ok()?;
    let column = usize::try_from(column.checked_sub(1)?).ok()?;
    let begin = if line == 0 { 0 } else { text.match_indices('\n').nth(line - 1)?.0 + 1 };
    let rest = &text[begin..];
    Some(begin + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at))
}

/// The `language` that a rule names for itself.
pub(crate) fn rule_language(yaml: &str) -> Result<Option<Language>, AstError> {
    #[derive(Deserialize)]
    struct Head {
        language: Option<String>,
    }
    match ast_grep_config::from_str::<Head>(yaml) {
        Ok(Head { language: Some(name) }) => name.parse().map(Some),
        // A rule that is no YAML is reported when it is compiled, with the better message.
        _ => Ok(None),
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
