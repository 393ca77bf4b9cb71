//! Building the base anew from the old one and all that lies over it.

use std::collections::HashSet;

use orchestrator_search::paths::{PathKey, PathList, compare};

use super::root::Root;
use super::state::{Added, Base, State, number};
use crate::filter::{Bitmap, Columns, Signature, fit};
use crate::saved::{SavedEntry, SavedIndex};

/// What is known of the files, taken out of the state so that searches can go on.
struct Snapshot {
    base: std::sync::Arc<Base>,
    gone: Bitmap,
    stale: Bitmap,
    patches: std::collections::HashMap<u32, super::state::Signed>,
    added: std::collections::BTreeMap<PathKey, Added>,
}

/// The new base in the making.
#[derive(Default)]
struct Draft {
    paths: PathList,
    stamps: Vec<orchestrator_search::Stamp>,
    hidden: Vec<bool>,
    racy: Vec<bool>,
    unsigned: Vec<bool>,
    signatures: Vec<Option<Signature>>,
}

impl Root {
    /// Builds the base anew while searches go on. `max_bytes` is what it may take.
    pub(super) fn pack(&self, max_bytes: usize) {
        let snapshot = {
            let mut state = self.lock();
            state.journal = Some(HashSet::new());
            Snapshot {
                base: std::sync::Arc::clone(&state.base),
                gone: state.gone.clone(),
                stale: state.stale.clone(),
                patches: state.patches.clone(),
                added: state.added.clone(),
            }
        };
        let mut draft = snapshot.draft();
        drop(snapshot);
        let fixed = draft.paths.bytes() + draft.stamps.len() * (size_of::<orchestrator_search::Stamp>() + 1);
        fit(&mut draft.signatures, max_bytes.saturating_sub(fixed));
        let (base, stale) = draft.into_base();
        let mut state = self.lock();
        state.replace_base(base, stale);
    }

    /// What a later process can begin with.
    pub(super) fn to_save(&self) -> SavedIndex {
        let (base, skip) = {
            let state = self.lock();
            let mut skip = state.gone.clone();
            skip.or(&state.stale);
            skip.or(&state.base.racy);
            (std::sync::Arc::clone(&state.base), skip)
        };
        let signatures = base.columns.signatures();
        let entries = signatures.into_iter().enumerate().filter(|&(at, _)| !skip.get(at));
        SavedIndex {
            root: orchestrator_search::paths::path_bytes(self.path()).into_owned(),
            entries: entries
                .map(|(at, signature)| SavedEntry {
                    path: base.paths.get(at).to_vec(),
                    stamp: base.stamps[at],
                    signature,
                })
                .collect(),
        }
    }
}

impl Snapshot {
    fn draft(&self) -> Draft {
        let mut draft = Draft::default();
        let mut added = self.added.iter().peekable();
        let mut signatures = self.base.columns.signatures().into_iter();
        for at in 0..self.base.len() {
            let signature = signatures.next().flatten();
            if self.gone.get(at) {
                continue;
            }
            let path = self.base.paths.get(at);
            while let Some((path, one)) = added.next_if(|(one, _)| compare(&one.0, path).is_lt()) {
                draft.push_added(&path.0, one);
            }
            draft.paths.push(b"", path);
            draft.hidden.push(self.base.hidden.get(at));
            match self.patches.get(&number(at)) {
                Some(signed) => draft.push_signed(signed),
                None => {
                    let stale = self.stale.get(at);
                    draft.unsigned.push(stale);
                    draft.racy.push(self.base.racy.get(at));
                    draft.stamps.push(self.base.stamps[at]);
                    draft.signatures.push(signature.filter(|_| !stale));
                }
            }
        }
        for (path, one) in added {
            draft.push_added(&path.0, one);
        }
        draft
    }
}

impl Draft {
    fn push_added(&mut self, path: &[u8], added: &Added) {
        self.paths.push(b"", path);
        self.hidden.push(added.hidden);
        if let Some(signed) = &added.signed {
            self.push_signed(signed);
        } else {
            self.unsigned.push(true);
            self.racy.push(false);
            self.stamps.push(orchestrator_search::Stamp {
                size: 0,
                mtime_ns: i64::MIN,
                ctime_ns: i64::MIN,
                inode: 0,
                device: 0,
            });
            self.signatures.push(None);
        }
    }

    fn push_signed(&mut self, signed: &super::state::Signed) {
        self.unsigned.push(false);
        self.racy.push(signed.racy);
        self.stamps.push(signed.stamp);
        self.signatures.push(signed.signature.as_deref().cloned());
    }

    fn into_base(mut self) -> (Base, Bitmap) {
        self.paths.shrink();
        let base = Base {
            paths: self.paths.into(),
            stamps: self.stamps,
            hidden: bitmap(&self.hidden),
            racy: bitmap(&self.racy),
            columns: Columns::build(self.signatures.iter().map(Option::as_ref)),
        };
        (base, bitmap(&self.unsigned))
    }
}

fn bitmap(bits: &[bool]) -> Bitmap {
    let mut bitmap = Bitmap::new(bits.len());
    bits.iter().enumerate().filter(|(_, bit)| **bit).for_each(|(at, _)| bitmap.set(at));
    bitmap
}

impl State {
    /// Puts a base in place that was built from what was known when the journal began, and works in what was
    /// touched since.
    fn replace_base(&mut self, base: Base, stale: Bitmap) {
        let journal = self.journal.take().unwrap_or_default();
        let since: Vec<(PathKey, Option<Added>)> =
            journal.into_iter().map(|path| (path.clone(), self.as_added(&path))).collect();
        self.set_base(base, stale);
        for (path, now) in since {
            match now {
                None => self.remove(&path.0),
                Some(now) => {
                    self.upsert(&path.0, now.hidden);
                    if now.signed.is_some() {
                        self.signing.insert(path.clone());
                        self.install(&path, now.signed);
                    }
                }
            }
        }
    }

    /// What is known of a file, wherever it is kept, if anything that lies over the base is.
    fn as_added(&self, path: &PathKey) -> Option<Added> {
        if let Some(added) = self.added.get(path) {
            return Some(added.clone());
        }
        let at = self.in_base(&path.0)?;
        Some(Added { hidden: self.base.hidden.get(at), signed: self.patches.get(&number(at)).cloned() })
    }
}
