//! Which files a search sees.

use std::io;
use std::path::{Path, PathBuf};

use ignore::overrides::Override;
use ignore::{IncrementalIgnore, WalkBuilder};

use crate::{GlobBounds, LossyText, SearchError, glob_set};

/// A selection of files: a root and the rules that apply below it.
///
/// The rules are ripgrep's: `.gitignore` (inside a git repository only), `.ignore`, `.rgignore`,
/// `.git/info/exclude` and the user's global git excludes, those of parent directories too; hidden
/// files are left out; symbolic links are not followed. A root that is a file is always selected.
#[derive(Clone, Debug)]
pub struct FileQuery {
    pub(crate) root: PathBuf,
    include: Vec<String>,
    exclude: Vec<String>,
    hidden: bool,
    no_ignore: bool,
}

impl FileQuery {
    /// Every file below `root` that ripgrep would search by default, or `root` itself if it is a file.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), include: Vec::new(), exclude: Vec::new(), hidden: false, no_ignore: false }
    }

    /// Adds globs of which a file must match one. As with `rg -g`, a match also overrides the ignore
    /// files, a glob with an inner `/` is anchored at the root, and the last glob that matches wins.
    #[must_use]
    pub fn include<S: Into<String>>(mut self, globs: impl IntoIterator<Item = S>) -> Self {
        self.include.extend(globs.into_iter().map(Into::into));
        self
    }

    /// Adds globs that keep a file or a whole directory out; they win over the included ones.
    #[must_use]
    pub fn exclude<S: Into<String>>(mut self, globs: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(globs.into_iter().map(Into::into));
        self
    }

    /// Whether files and directories whose name begins with a dot are seen. `.git` never is.
    #[must_use]
    pub fn hidden(mut self, yes: bool) -> Self {
        self.hidden = yes;
        self
    }

    /// Whether every ignore file is disregarded.
    #[must_use]
    pub fn no_ignore(mut self, yes: bool) -> Self {
        self.no_ignore = yes;
        self
    }

    /// The root of the selection as it was given.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether hidden files are seen.
    #[must_use]
    pub fn sees_hidden(&self) -> bool {
        self.hidden
    }

    /// Whether ignore files are disregarded.
    #[must_use]
    pub fn disregards_ignore_files(&self) -> bool {
        self.no_ignore
    }

    /// The compiled globs, for paths below the root.
    pub fn globs(&self) -> Result<Override, SearchError> {
        glob_set::compile(&self.root, &self.include, &self.exclude)
    }

    /// What a path must have for the globs to select it.
    #[must_use]
    pub fn bounds(&self) -> GlobBounds {
        GlobBounds::of(&self.include)
    }

    /// The rules that a walk of this selection follows.
    pub(crate) fn rules(&self) -> Result<IncrementalIgnore, SearchError> {
        let mut builder = rules_builder(&self.root, self.no_ignore);
        builder.hidden(!self.hidden).overrides(self.globs()?);
        first(&builder)
    }
}

/// ripgrep's rules below `root` with hidden files left in, for who keeps a list of all of them.
pub fn standard_rules(root: &Path) -> Result<IncrementalIgnore, SearchError> {
    first(rules_builder(root, false).hidden(false))
}

fn first(builder: &WalkBuilder) -> Result<IncrementalIgnore, SearchError> {
    // One root was given, so there is one matcher.
    builder.build_matchers().into_iter().next().ok_or(SearchError::Closed)
}

fn rules_builder(root: &Path, no_ignore: bool) -> WalkBuilder {
    let mut builder = WalkBuilder::new(root);
    builder
        .parents(!no_ignore)
        .ignore(!no_ignore)
        .git_ignore(!no_ignore)
        .git_exclude(!no_ignore)
        .git_global(!no_ignore)
        // As for a ripgrep that is started in the root.
        .current_dir(root)
        .follow_links(false);
    if !no_ignore {
        builder.add_custom_ignore_filename(".rgignore");
    }
    builder
}

/// A file or directory that could not be read. The search goes on without it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileFailure {
    /// The path, relative to the root when it lies below it.
    pub path: LossyText,
    /// The kind of I/O error.
    pub kind: io::ErrorKind,
    /// What the system said.
    pub message: String,
}

impl FileFailure {
    /// The failure of a path relative to the root.
    #[must_use]
    pub fn new(path: &[u8], error: &io::Error) -> Self {
        Self { path: LossyText::from_bytes(path), kind: error.kind(), message: error.to_string() }
    }

    /// Whether it may be read later although nothing happens to it: the system was short of files or of memory, or
    /// there was an error of the device. Neither permissions nor bad rules are such a reason.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        use io::ErrorKind::{InvalidData, IsADirectory, NotADirectory, NotFound, Other, PermissionDenied};
        !matches!(self.kind, PermissionDenied | NotFound | NotADirectory | IsADirectory | InvalidData | Other)
    }
}
