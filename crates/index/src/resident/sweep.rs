//! Finding what no watcher tells: writes through names that are not watched, and through mapped memory.

use std::sync::Arc;
use std::time::Duration;

use orchestrator_search::Stamp;
use orchestrator_search::paths::absolute;

use super::root::Root;
use super::state::key;

/// How long such a write can stay unseen in a tree that is being searched.
pub(super) const INTERVAL: Duration = Duration::from_mins(1);

impl Root {
    /// Compares every file with its stamp. Answers how many had changed unheard.
    pub(super) fn sweep(&self) -> usize {
        let (base, skip) = {
            let state = self.lock();
            let mut skip = state.gone.clone();
            skip.or(&state.stale);
            (Arc::clone(&state.base), skip)
        };
        let mut changed = 0;
        for at in (0..base.len()).filter(|&at| !skip.get(at)) {
            if self.is_closed() {
                break;
            }
            let path = base.paths.get(at);
            let now = absolute(self.path(), path).symlink_metadata().ok().map(|data| Stamp::of(&data));
            if now == Some(base.stamps[at]) {
                continue;
            }
            let mut state = self.lock();
            // Heard of meanwhile, most likely.
            let known = state.signed_stamp(path).map(|(stamp, _)| stamp);
            if known.is_some() && known != now && !state.shared.contains(&key(path)) {
                state.mark_stale(path);
                changed += 1;
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc;

    use orchestrator_scheduler::executor::{Executor, ExecutorOptions};

    use super::super::{IndexOptions, ResidentIndex};
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_sweep_finds_a_write_through_a_name_that_nobody_watches() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("a"), "before\n").unwrap();
        fs::write(folder.path().join("b"), "untouched\n").unwrap();
        let executor = Executor::new(ExecutorOptions::default()).unwrap();
        let index = ResidentIndex::new(executor, IndexOptions::default());
        let (sender, receiver) = mpsc::channel();
        index.when_ready(folder.path(), move |status| sender.send(status).unwrap());
        receiver.recv().unwrap().unwrap();
        let root = Arc::clone(index.lock().values().next().unwrap());
        assert_eq!(root.sweep(), 0);
        fs::hard_link(folder.path().join("a"), outside.path().join("c")).unwrap();
        fs::write(outside.path().join("c"), "after\n").unwrap();
        fs::remove_file(outside.path().join("c")).unwrap();
        assert_eq!(root.lock().unsigned_count(), 0, "the watcher heard of it: no sweep is needed any more");
        assert_eq!(root.sweep(), 1);
        let taken = root.lock().take_unsigned(9);
        assert_eq!(taken.into_iter().map(|(path, _)| path).collect::<Vec<_>>(), [key(b"a")]);
    }
}
