//! Working in what was heard.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ignore::IncrementalIgnore;
use orchestrator_search::paths::{absolute, os_path, split};
use orchestrator_search::{SearchError, Stamp, is_rules_name, link_count, standard_rules};

use super::inputs::Inputs;
use super::state::{State, below, key};
use super::watch::{Touch, Watcher};

/// What an entry is now.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Now {
    Nothing,
    /// With its stamp if it has several names.
    File(Option<Stamp>),
    Directory,
}

impl State {
    /// Works in the touches that were heard. What came of directories is left in `pending`.
    ///
    /// Nothing is believed of the events but that they happened: each touched entry is looked at, so their order does
    /// not matter.
    pub(super) fn apply(&mut self, root: &Path, watcher: &Watcher) -> Result<(), SearchError> {
        let touched: HashMap<Vec<u8>, Touch> = std::mem::take(&mut self.heard.touched);
        let mut renew_rules = false;
        let mut entries = Vec::new();
        for (path, touch) in touched {
            self.tell_walks(&path);
            let (directory, name) = split(&path);
            if !self.directories.contains_key(&key(directory)) {
                continue;
            }
            if is_rules_name(name) {
                renew_rules = true;
                self.rescan(directory);
            }
            if name == b".git" {
                continue;
            }
            if !touch.entry && !touch.directory {
                let ignored = |state: &Self| {
                    state.directories.get(&key(directory)).is_some_and(|one| one.ignored_files.contains(name))
                };
                if self.mark_stale(&path) || ignored(self) {
                    continue;
                }
            }
            let now = look(root, &path);
            if now == Now::Directory || self.directories.contains_key(&key(&path)) {
                // Rules are kept by directory; this one may have others now.
                renew_rules = true;
            }
            entries.push((path, now));
        }
        if renew_rules {
            self.renew_rules(root)?;
        }
        for (path, now) in entries {
            self.settle_entry(&path, now, watcher);
        }
        Ok(())
    }

    /// Reads the rules anew, from now on.
    pub(super) fn renew_rules(&mut self, root: &Path) -> Result<(), SearchError> {
        let repositories = self.repositories(root);
        self.inputs = Inputs::of(root, &repositories);
        self.unread_rules = standard_rules(root)?;
        self.rules = self.unread_rules.clone();
        Ok(())
    }

    /// The folders that are, or may be, repositories with rules of their own.
    pub(super) fn repositories(&self, root: &Path) -> Vec<PathBuf> {
        let directories = self.directories.iter().filter(|(_, directory)| directory.has_git);
        directories.map(|(path, _)| absolute(root, &path.0)).collect()
    }

    fn settle_entry(&mut self, path: &[u8], now: Now, watcher: &Watcher) {
        let (parent, name) = split(path);
        // It went with a directory above it.
        let Some(directory) = self.directories.get(&key(parent)) else { return };
        let parent_hidden = directory.hidden;
        // A walk that is older than its end may have brought back what lay below it.
        let was_directory =
            self.directories.contains_key(&key(path)) || below(&self.directories, path).next().is_some();
        if was_directory && now != Now::Directory {
            self.remove_below(path);
            watcher.remove_below(path);
        }
        let is_file = matches!(now, Now::File(_));
        let ruling = (now != Now::Nothing).then(|| rule(&mut self.rules, path, now == Now::Directory));
        let ignored = ruling.is_some_and(|ruling| ruling.ignored);
        if let Some(directory) = self.directories.get_mut(&key(parent)) {
            set_member(&mut directory.ignored_files, name, ignored && is_file);
            set_member(&mut directory.ignored_directories, name, ignored && now == Now::Directory);
        }
        if !is_file || ignored {
            self.remove(path);
        }
        if let Now::File(Some(stamp)) = now
            && ignored
        {
            self.share_names_of(&stamp.identity().into_iter().collect());
        }
        if now == Now::Directory && ignored && was_directory {
            self.remove_below(path);
            watcher.remove_below(path);
        }
        let Some(ruling) = ruling.filter(|ruling| !ruling.ignored) else { return };
        match now {
            Now::File(stamp) => {
                self.upsert(path, parent_hidden || ruling.hidden);
                if let Some(stamp) = stamp {
                    self.share(&key(path), &stamp);
                }
            }
            _ => self.rescan(path),
        }
    }

    /// Whether a directory is hidden, by itself or with those above it, as the rules are now.
    pub(super) fn hidden_directory(&mut self, path: &[u8]) -> bool {
        if path.is_empty() {
            return false;
        }
        let above = self.directories.get(&key(split(path).0)).is_some_and(|parent| parent.hidden);
        above || rule(&mut self.rules, path, true).hidden
    }
}

#[derive(Clone, Copy)]
struct Ruling {
    ignored: bool,
    hidden: bool,
}

fn rule(rules: &mut IncrementalIgnore, path: &[u8], is_directory: bool) -> Ruling {
    let matched = rules.matched(os_path(path), is_directory);
    let hidden = matched.is_none() && split(path).1.starts_with(b".");
    Ruling { ignored: matched.is_ignore(), hidden }
}

fn set_member(set: &mut std::collections::BTreeSet<Box<[u8]>>, name: &[u8], member: bool) {
    if member {
        set.insert(name.into());
    } else {
        set.remove(name);
    }
}

fn look(root: &Path, path: &[u8]) -> Now {
    match absolute(root, path).symlink_metadata() {
        Ok(data) if data.is_file() => Now::File((link_count(&data) > 1).then(|| Stamp::of(&data))),
        Ok(data) if data.is_dir() => Now::Directory,
        _ => Now::Nothing,
    }
}
