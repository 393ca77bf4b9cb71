//! Waiting for commits, of this process and of others.

use std::collections::BTreeMap;

use crate::{Revision, Store, StoreError};

/// Names a wait, so that it can be given up.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WaitId(u64);

impl WaitId {
    /// The name as a number, for the other side of a language boundary.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The wait with this number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// Is told the newest revision.
pub(crate) type Done = Box<dyn FnOnce(Result<Revision, StoreError>) + Send>;

/// Who waits for a revision after which one.
#[derive(Default)]
pub(crate) struct Watches {
    last: u64,
    waiting: BTreeMap<WaitId, (Revision, Done)>,
}

impl Store {
    /// Calls `done` with the newest revision as soon as that is greater than `after`, whoever committed it; with
    /// `ERR_CLOSED` when the store is closed before.
    ///
    /// Together with [`Store::commits_since`], this watches the store without a gap: a commit that comes between the
    /// two is told at once. `done` is called on the store's own thread, and must be quick.
    pub fn wait_after(
        &self,
        after: Revision,
        done: impl FnOnce(Result<Revision, StoreError>) + Send + 'static,
    ) -> Result<WaitId, StoreError> {
        self.writer().watches(|watches| watches.add(after, Box::new(done)))
    }

    /// Gives up a wait: unless it is over, `done` gets `ERR_CANCELLED`, now and on this thread.
    pub fn stop_waiting(&self, wait: WaitId) {
        // A closed store waits for nothing.
        if let Ok(Some((_, done))) = self.writer().watches(|watches| watches.waiting.remove(&wait)) {
            done(Err(StoreError::Cancelled));
        }
    }
}

impl Watches {
    fn add(&mut self, after: Revision, done: Done) -> WaitId {
        self.last += 1;
        let wait = WaitId(self.last);
        self.waiting.insert(wait, (after, done));
        wait
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes out those whose wait is over: all of them, if the head cannot be read.
    pub(crate) fn due(&mut self, head: &Result<Revision, StoreError>) -> Vec<Done> {
        let over: Vec<WaitId> = self
            .waiting
            .iter()
            .filter(|(_, (after, _))| head.as_ref().is_ok_and(|head| head > after) || is_final(head))
            .map(|(&wait, _)| wait)
            .collect();
        over.into_iter().filter_map(|wait| self.waiting.remove(&wait)).map(|(_, done)| done).collect()
    }

    pub(crate) fn close(self) {
        for (_, done) in self.waiting.into_values() {
            done(Err(StoreError::Closed));
        }
    }
}

/// A lock passes; anything else would be met again at each look.
fn is_final(head: &Result<Revision, StoreError>) -> bool {
    head.as_ref().is_err_and(|error| !matches!(error, StoreError::Busy))
}
