//! The files that must be read, and who reads them.

use std::collections::hash_map::Entry;

use orchestrator_search::paths::PathKey;

use super::state::{Signed, State, key, number};

/// Tells those who read the same file apart: one may still be at it when the file has changed and another begins.
pub(super) type Ticket = u64;

impl State {
    /// How many of them have not been read since they changed.
    pub(super) fn unsigned_count(&self) -> usize {
        let in_base = self.stale.count() - self.patches.len();
        in_base + self.added.values().filter(|added| added.signed.is_none()).count()
    }

    /// What was read of a file, unless the file was touched meanwhile: then it may be others who read it now.
    pub(super) fn install(&mut self, (path, ticket): &(PathKey, Ticket), signed: Option<Signed>) {
        if self.signing.get(path) != Some(ticket) {
            return;
        }
        self.signing.remove(path);
        // A file that is not there any more will be heard of.
        if let Some(signed) = signed {
            self.put(path, signed);
        }
    }

    /// What was read of a file becomes known of it.
    pub(super) fn put(&mut self, path: &PathKey, signed: Signed) {
        if let Some(journal) = &mut self.journal {
            journal.insert(path.clone());
        }
        if signed.shared {
            self.share(path, &signed.stamp);
        }
        if let Some(at) = self.in_base(&path.0) {
            self.patches.insert(number(at), signed);
        } else if let Some(added) = self.added.get_mut(path) {
            added.signed = Some(signed);
        }
    }

    /// Files that must be read, at most `most`; they count as being read from now on.
    pub(super) fn take_unsigned(&mut self, most: usize) -> Vec<(PathKey, Ticket)> {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let mut taken = Vec::new();
        let mut rounds = 0;
        while taken.len() < most && rounds < 2 {
            let from = self.sign_from;
            let mut last = self.base.len();
            for at in self.stale.iter_ones_from(from) {
                if taken.len() == most {
                    last = at;
                    break;
                }
                if self.patches.contains_key(&number(at)) {
                    continue;
                }
                let path = key(self.base.paths.get(at));
                if let Entry::Vacant(free) = self.signing.entry(path.clone()) {
                    free.insert(ticket);
                    taken.push((path, ticket));
                }
            }
            self.sign_from = last;
            if last < self.base.len() {
                return taken;
            }
            self.sign_from = 0;
            rounds += 1;
            if from == 0 {
                break;
            }
        }
        for (path, added) in &self.added {
            if taken.len() == most {
                break;
            }
            if added.signed.is_none()
                && let Entry::Vacant(free) = self.signing.entry(path.clone())
            {
                free.insert(ticket);
                taken.push((path.clone(), ticket));
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use orchestrator_search::{Stamp, standard_rules};

    use super::super::inputs::Inputs;
    use super::*;

    #[test]
    fn what_was_read_before_a_change_does_not_count_when_another_reads_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = State::new(standard_rules(folder.path()).unwrap(), Inputs::default());
        let read = |mtime_ns| Signed {
            stamp: Stamp { size: 1, mtime_ns, ctime_ns: 0, inode: 1, device: 1 },
            rows: None,
            cut: false,
            racy: false,
            shared: false,
        };
        state.upsert(b"a", false);
        let slow = state.take_unsigned(9);
        assert!(state.take_unsigned(9).is_empty());
        state.mark_stale(b"a");
        let quick = state.take_unsigned(9);
        state.install(&slow[0], Some(read(1)));
        assert_eq!(state.unsigned_count(), 1);
        state.install(&quick[0], Some(read(2)));
        assert_eq!(state.signed_stamp(b"a").map(|(stamp, _)| stamp.mtime_ns), Some(2));
    }
}
