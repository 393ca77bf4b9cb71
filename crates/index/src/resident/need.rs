//! What a call needs of a file's content, and which files may have it.

use orchestrator_search::Content;

use super::base::Base;
use super::signing::OVERLAP;
use super::state::Signed;
use crate::filter::{Bitmap, GramQuery, Requirement, Signature};
use crate::plan::{PlanOptions, literals, longest_match, required};

/// What a call needs of a file's content.
///
/// A large file has a signature for each of its blocks. What must stand close together is looked for block by block, and
/// what may be spread over a file in all of its blocks together.
#[derive(Clone, Debug)]
pub(super) enum Need {
    /// Nothing.
    Anything,
    /// A match of a length that fits into the overlap of blocks, in one line.
    Close(Requirement),
    /// A match in one line, however long that is.
    InLine(Requirement),
    /// A match that may span lines.
    AcrossLines(Requirement),
    /// Of one group, all texts.
    Texts(Vec<Vec<Requirement>>),
}

impl Need {
    pub(super) fn of(content: Content<'_>) -> Self {
        match content {
            Content::Any => Self::Anything,
            Content::Grep(query) => {
                let options = PlanOptions {
                    literal: query.is_literal(),
                    case_insensitive: query.may_ignore_case(),
                    multiline: query.is_multiline(),
                };
                let requirement = required(query.pattern(), options);
                if matches!(requirement.query, GramQuery::All) {
                    Self::Anything
                } else if query.is_multiline() {
                    Self::AcrossLines(requirement)
                } else if longest_match(query.pattern(), options).is_some_and(|longest| longest <= OVERLAP) {
                    Self::Close(requirement)
                } else {
                    Self::InLine(requirement)
                }
            }
            Content::Texts(groups) => Self::Texts(
                groups
                    .iter()
                    .map(|texts| texts.iter().map(|text| literals(&[text]).into()).collect())
                    .collect(),
            ),
        }
    }

    /// Whether a file may have it, by what was last read of it.
    pub(super) fn may_be_in(&self, signed: &Signed) -> bool {
        let Some(rows) = signed.rows.as_deref() else { return true };
        let in_a_row = |requirement: &Requirement| rows.iter().any(|row| row.accepts(requirement));
        let spread =
            |requirement: &Requirement| in_a_row(requirement) || accept_together(rows, &requirement.query);
        match self {
            Self::Anything => true,
            Self::Close(requirement) => in_a_row(requirement),
            Self::InLine(requirement) if !signed.cut => in_a_row(requirement),
            Self::InLine(requirement) | Self::AcrossLines(requirement) => spread(requirement),
            Self::Texts(groups) => groups.iter().any(|texts| texts.iter().all(spread)),
        }
    }

    /// The files of a base that may have it, by its columns.
    pub(super) fn candidates(&self, base: &Base) -> Bitmap {
        match self {
            Self::Anything => Bitmap::ones(base.len()),
            Self::Close(requirement) => base.files_with(requirement),
            Self::InLine(requirement) => {
                let mut hits = base.files_with(requirement);
                if !base.cut.is_empty() {
                    let mut spread = base.files_with_spread(&requirement.query);
                    spread.and(&base.cut);
                    hits.or(&spread);
                }
                hits
            }
            Self::AcrossLines(requirement) => base.files_with_all_over(requirement),
            Self::Texts(groups) => {
                let mut any = Bitmap::new(base.len());
                for texts in groups {
                    let mut all = Bitmap::ones(base.len());
                    for text in texts {
                        all.and(&base.files_with_all_over(text));
                    }
                    any.or(&all);
                }
                any
            }
        }
    }
}

/// Whether the rows of one file together have what is needed.
fn accept_together(rows: &[Signature], query: &GramQuery) -> bool {
    match query {
        GramQuery::All => true,
        GramQuery::Never => false,
        GramQuery::Gram(gram) => rows.iter().any(|row| row.may_contain(*gram)),
        GramQuery::And(parts) => parts.iter().all(|part| accept_together(rows, part)),
        GramQuery::Or(parts) => parts.iter().any(|part| accept_together(rows, part)),
    }
}

impl Base {
    /// The files of which one row accepts the requirement.
    fn files_with(&self, requirement: &Requirement) -> Bitmap {
        let mut rows = Bitmap::new(self.columns.len());
        self.columns.candidates(requirement, &mut rows);
        if self.of_several_rows.is_empty() {
            return rows;
        }
        let mut files = Bitmap::new(self.len());
        rows.iter_ones().for_each(|row| files.set(self.file_of_row[row] as usize));
        files
    }

    /// The files of which one row accepts the requirement, or all rows together do.
    fn files_with_all_over(&self, requirement: &Requirement) -> Bitmap {
        let mut files = self.files_with(requirement);
        if !self.of_several_rows.is_empty() {
            let mut spread = self.files_with_spread(&requirement.query);
            spread.and(&self.of_several_rows);
            files.or(&spread);
        }
        files
    }

    /// The files of which all rows together have what is needed.
    fn files_with_spread(&self, query: &GramQuery) -> Bitmap {
        match query {
            GramQuery::All => Bitmap::ones(self.len()),
            GramQuery::Never => Bitmap::new(self.len()),
            GramQuery::Gram(gram) => self.files_with(&GramQuery::Gram(*gram).into()),
            GramQuery::And(parts) => {
                let mut all = Bitmap::ones(self.len());
                for part in parts {
                    all.and(&self.files_with_spread(part));
                }
                all
            }
            GramQuery::Or(parts) => {
                let mut any = Bitmap::new(self.len());
                for part in parts {
                    any.or(&self.files_with_spread(part));
                }
                any
            }
        }
    }
}
