//! The immutable bulk of what is known of a tree.

use std::sync::Arc;

use orchestrator_search::Stamp;
use orchestrator_search::paths::PathList;

use super::state::number;
use crate::filter::{Bitmap, Columns, Signature, fit};

/// The bulk of the files, in path order. Immutable: what changes later is laid over it.
pub(super) struct Base {
    pub(super) paths: Arc<PathList>,
    pub(super) stamps: Vec<Stamp>,
    pub(super) hidden: Bitmap,
    /// Files that had just changed when they were read: their stamp proves nothing later on.
    pub(super) racy: Bitmap,
    /// The signatures, row by row; a file without one has a row all the same.
    pub(super) columns: Columns,
    /// The file of each row, ascending.
    pub(super) file_of_row: Vec<u32>,
    pub(super) of_several_rows: Bitmap,
    /// Files of which a line was cut into blocks.
    pub(super) cut: Bitmap,
}

/// The most memory of a base, in bytes.
#[derive(Clone, Copy, Default)]
pub(super) struct Limits {
    /// Of everything.
    pub(super) whole: usize,
    /// Of the signatures alone.
    pub(super) signatures: usize,
}

/// A file's signatures, in the order of its blocks. `None`: nothing is known of its content.
pub(super) type Rows = Option<Arc<[Signature]>>;

/// The files of a base in the making.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) paths: PathList,
    pub(super) stamps: Vec<Stamp>,
    pub(super) hidden: Vec<bool>,
    pub(super) racy: Vec<bool>,
    /// Files that must be read.
    pub(super) unread: Vec<bool>,
    pub(super) rows: Vec<Rows>,
    /// Files of which a line was cut into blocks; those of several rows behind its end count as such.
    pub(super) cut: Vec<bool>,
}

impl Draft {
    /// The base, and which of its files must be read. As many signatures are kept as the limits allow.
    pub(super) fn into_base(mut self, limits: Limits) -> (Base, Bitmap) {
        self.paths.shrink();
        let (mut signatures, mut file_of_row) = (Vec::new(), Vec::new());
        let (mut several, mut cut) = (Bitmap::new(self.rows.len()), Bitmap::new(self.rows.len()));
        for (at, rows) in self.rows.iter().enumerate() {
            match rows.as_deref() {
                Some(rows @ [_, ..]) => signatures.extend(rows.iter().cloned().map(Some)),
                _ => signatures.push(None),
            }
            if signatures.len() > file_of_row.len() + 1 {
                several.set(at);
                // What earlier processes saved does not say whether a line was cut.
                if self.cut.get(at).is_none_or(|cut| *cut) {
                    cut.set(at);
                }
            }
            file_of_row.resize(signatures.len(), number(at));
        }
        drop(self.rows);
        let fixed = list_bytes(&self.paths) + size_of_val(&*file_of_row);
        let allowed = limits.whole.saturating_sub(fixed).min(limits.signatures);
        let base = Base {
            paths: self.paths.into(),
            stamps: self.stamps,
            hidden: bitmap(&self.hidden),
            racy: bitmap(&self.racy),
            columns: columns_within(allowed, &mut signatures),
            file_of_row,
            of_several_rows: several,
            cut,
        };
        (base, bitmap(&self.unread))
    }
}

/// The columns of as many signatures as fit.
fn columns_within(allowed: usize, signatures: &mut [Option<Signature>]) -> Columns {
    // What finds a signature takes memory too: how much is known only of the finished columns.
    let mut budget = allowed.saturating_sub(signatures.len() * size_of::<u32>());
    loop {
        fit(signatures, budget);
        let columns = Columns::build(signatures.iter().map(Option::as_ref));
        let excess = columns.bytes().saturating_sub(allowed);
        if excess == 0 || budget == 0 {
            return columns;
        }
        budget = budget.saturating_sub(excess);
    }
}

/// The memory of a list of files, in bytes, without what is known of their contents.
pub(super) fn list_bytes(paths: &PathList) -> usize {
    paths.bytes() + paths.len() * size_of::<Stamp>() + paths.len().div_ceil(8) * BITMAPS
}

/// How many bitmaps of files there are.
const BITMAPS: usize = 4;

fn bitmap(bits: &[bool]) -> Bitmap {
    let mut bitmap = Bitmap::new(bits.len());
    bits.iter().enumerate().filter(|(_, bit)| **bit).for_each(|(at, _)| bitmap.set(at));
    bitmap
}

impl Base {
    pub(super) fn len(&self) -> usize {
        self.stamps.len()
    }

    pub(super) fn bytes(&self) -> usize {
        list_bytes(&self.paths) + size_of_val(&*self.file_of_row) + self.columns.bytes()
    }

    /// The signatures of all files.
    pub(super) fn all_rows(&self) -> Vec<Rows> {
        let mut signatures = self.columns.signatures().into_iter();
        let mut rows = Vec::with_capacity(self.len());
        for files in self.file_of_row.chunk_by(|a, b| a == b) {
            // A row that was dropped for want of memory makes the whole file a candidate.
            let of_file: Vec<Option<Signature>> = signatures.by_ref().take(files.len()).collect();
            rows.push(of_file.into_iter().collect::<Option<Vec<_>>>().map(Arc::from));
        }
        rows
    }
}
