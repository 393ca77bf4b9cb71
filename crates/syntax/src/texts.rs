//! Which texts a file must hold for a shape to match in it: what rules files out before they are parsed.
//!
//! Why this is sound. A match pairs each named terminal of a pattern with a node of the same text, whatever the
//! strictness but `signature`, so the file holds that text. Unnamed tokens are paired by their kind alone, and after
//! an ellipsis ast-grep passes over them. A keyword that does not follow an ellipsis nevertheless stands in the code,
//! but for two cases: the grammar gives tokens of another spelling the same kind (in PHP and HTML, where case does not
//! count; elsewhere only punctuation and `#if`s, as the `alias`es of the grammars show), or it is a token that the
//! parser inserted into broken code. The first are not taken; of the second, [`Compiled`](crate::matcher::Compiled)
//! makes no match.

use ast_grep_config::Rule;
use ast_grep_core::matcher::PatternNode;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::{MatchStrictness, Pattern};
use memchr::memmem::Finder;

use crate::Language;

/// How many texts of a group are kept: the longest say the most.
const MAX_TEXTS: usize = 32;
/// How many groups alternatives may multiply to, before some of what is known is given up.
const MAX_GROUPS: usize = 64;

/// What a file must hold: of one of these groups, all texts. A group without texts demands nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Texts(Vec<Vec<String>>);

impl Texts {
    fn nothing_in_particular() -> Self {
        Self(vec![Vec::new()])
    }

    /// What a match of a pattern needs, keywords included.
    pub(crate) fn of_pattern(pattern: &Pattern, language: Language) -> Self {
        let keywords = !matches!(language, Language::Php | Language::Html);
        Self::of_pattern_node(pattern, keywords)
    }

    /// What a match of a rule needs. Keywords do not count: its patterns may match at places that
    /// are no part of the match, where nobody looks for inserted tokens.
    pub(crate) fn of_rule(rule: &Rule) -> Self {
        match rule {
            Rule::Pattern(pattern) => Self::of_pattern_node(pattern, false),
            Rule::All(all) => {
                let parts = all.inner().iter().map(Self::of_rule);
                parts.fold(Self::nothing_in_particular(), Self::and)
            }
            Rule::Any(any) => {
                let groups: Vec<_> = any.inner().iter().flat_map(|rule| Self::of_rule(rule).0).collect();
                if groups.len() > MAX_GROUPS { Self::nothing_in_particular() } else { Self(groups) }
            }
            // Relations and references do not show what they hold, and `not` demands nothing.
            _ => Self::nothing_in_particular(),
        }
    }

    fn of_pattern_node(pattern: &Pattern, keywords: bool) -> Self {
        if matches!(pattern.strictness, MatchStrictness::Signature) {
            return Self::nothing_in_particular();
        }
        let mut texts = Vec::new();
        collect(&pattern.node, keywords, &mut texts);
        Self(vec![distinct(texts)])
    }

    fn and(self, other: Self) -> Self {
        if self.0.len() * other.0.len() > MAX_GROUPS {
            return if self.demands_nothing() { other } else { self };
        }
        let both = self
            .0
            .iter()
            .flat_map(|one| other.0.iter().map(|two| distinct(one.iter().chain(two).cloned().collect())));
        Self(both.collect())
    }

    /// Whether every file will do.
    pub(crate) fn demands_nothing(&self) -> bool {
        self.0.iter().any(Vec::is_empty)
    }

    /// The groups of several demands of which one has to be met; `None` if every file will do.
    pub(crate) fn alternatives<'a>(demands: impl IntoIterator<Item = &'a Self>) -> Option<Vec<Vec<String>>> {
        let mut groups: Vec<Vec<String>> = Vec::new();
        for demand in demands {
            if demand.demands_nothing() {
                return None;
            }
            for group in &demand.0 {
                if !groups.contains(group) {
                    groups.push(group.clone());
                }
            }
        }
        Some(groups).filter(|groups| !groups.is_empty())
    }

    /// What looks for the texts.
    pub(crate) fn finders(&self) -> Finders {
        let finder = |text: &String| Finder::new(text.as_bytes()).into_owned();
        Finders(self.0.iter().map(|group| group.iter().map(finder).collect()).collect())
    }
}

/// [`Texts`], ready to be looked for.
pub(crate) struct Finders(Vec<Vec<Finder<'static>>>);

impl Finders {
    /// Whether a text lacks what it must hold.
    pub(crate) fn rule_out(&self, text: &str) -> bool {
        let holds = |finder: &Finder<'_>| finder.find(text.as_bytes()).is_some();
        !self.0.iter().any(|group| group.iter().all(holds))
    }
}

fn collect(node: &PatternNode, keywords: bool, texts: &mut Vec<String>) {
    match node {
        PatternNode::MetaVar { .. } => {}
        PatternNode::Terminal { text, is_named, .. } => {
            if *is_named || (keywords && is_keyword(text)) {
                texts.push(text.clone());
            }
        }
        PatternNode::Internal { children, .. } => {
            let mut behind_ellipsis = false;
            for child in children {
                let passed_over = child.is_trivial() && behind_ellipsis;
                behind_ellipsis = is_ellipsis(child) || passed_over;
                if !passed_over {
                    collect(child, keywords, texts);
                }
            }
        }
    }
}

fn is_ellipsis(node: &PatternNode) -> bool {
    let PatternNode::MetaVar { meta_var } = node else { return false };
    matches!(meta_var, MetaVariable::Multiple | MetaVariable::MultiCapture(_))
}

fn is_keyword(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The longest texts, without those that others hold.
fn distinct(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    let mut kept: Vec<String> = Vec::new();
    for text in texts {
        if kept.len() == MAX_TEXTS {
            break;
        }
        if !kept.iter().any(|longer| longer.contains(&text)) {
            kept.push(text);
        }
    }
    kept
}
