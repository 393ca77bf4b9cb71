//! The flag that stops a running call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::SearchError;

/// A flag shared between a running call and whoever may stop it.
///
/// Clones are handles to one flag. Once set it stays set: a new call takes a new flag. Polling is
/// one relaxed load, so it costs nothing to poll often.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that nobody has set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every call that holds this flag to stop.
    pub fn cancel(&self) {
        // Relaxed: the flag publishes no other memory, it only has to arrive.
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`Cancel::cancel`] was called on any clone.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// [`SearchError::Cancelled`] once the flag is set; for use with `?`.
    pub fn check(&self) -> Result<(), SearchError> {
        if self.is_cancelled() { Err(SearchError::Cancelled) } else { Ok(()) }
    }
}
