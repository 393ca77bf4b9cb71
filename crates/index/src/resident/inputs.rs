//! The files that ignore rules come from and that no watched directory holds.

use std::path::{Path, PathBuf};

use ignore::gitignore::gitconfig_excludes_path;
use orchestrator_search::Stamp;

/// What a path was when the rules were read.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Seen {
    Absent,
    File(Stamp),
    /// Directories change all the time; that it is there is what counts.
    Other,
}

/// Files outside of the watched directories on which the rules of a tree depend.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    files: Vec<(PathBuf, Seen)>,
    /// The user's global excludes hold a rule that is anchored where a search begins, as in ripgrep: what they exclude
    /// in a folder's own search is not what they exclude there in a search of the whole tree.
    pub(super) are_anchored: bool,
}

impl Inputs {
    /// The inputs of a tree with repositories in these directories, as they are now. To be taken before the
    /// rules are read.
    pub(super) fn of(root: &Path, repositories: &[PathBuf]) -> Self {
        let mut paths = Vec::new();
        for parent in root.ancestors().skip(1) {
            for name in [".gitignore", ".ignore", ".rgignore", ".git", ".jj"] {
                paths.push(parent.join(name));
            }
            if parent.join(".git").exists() {
                paths.extend(excludes_of(parent));
            }
        }
        for repository in repositories {
            paths.extend(excludes_of(repository));
        }
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let config = std::env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| home.as_ref().map(|home| home.join(".config")));
        paths.extend(home.map(|home| home.join(".gitconfig")));
        paths.extend(config.map(|config| config.join("git/config")));
        paths.extend(std::env::var_os("GIT_CONFIG_GLOBAL").map(PathBuf::from));
        paths.push(
            std::env::var_os("GIT_CONFIG_SYSTEM")
                .map_or_else(|| PathBuf::from("/etc/gitconfig"), PathBuf::from),
        );
        let global = gitconfig_excludes_path();
        paths.extend(global.clone());
        let files =
            paths.into_iter().map(|path| (look(&path), path)).map(|(seen, path)| (path, seen)).collect();
        let are_anchored = global
            .and_then(|path| std::fs::read(path).ok())
            .is_some_and(|rules| rules.split(|&byte| byte == b'\n').any(is_anchored));
        Self { files, are_anchored }
    }

    /// Whether any of them is not what it was.
    pub(super) fn changed(&self) -> bool {
        self.files.iter().any(|(path, seen)| look(path) != *seen)
    }
}

/// Whether a line of an ignore file may hold a rule for one place only; rather once too often.
fn is_anchored(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    let rule = line.strip_prefix(b"!").unwrap_or(line);
    let anywhere = rule.strip_prefix(b"**/").unwrap_or(rule);
    !rule.starts_with(b"#") && anywhere.strip_suffix(b"/").unwrap_or(anywhere).contains(&b'/')
}

fn look(path: &Path) -> Seen {
    match path.metadata() {
        Ok(data) if data.is_file() => Seen::File(Stamp::of(&data)),
        Ok(_) => Seen::Other,
        Err(_) => Seen::Absent,
    }
}

/// Where a repository keeps `info/exclude`: in `.git`, or where a `.git` that is a file leads to.
fn excludes_of(repository: &Path) -> Vec<PathBuf> {
    let dot_git = repository.join(".git");
    let Ok(text) = std::fs::read_to_string(&dot_git) else { return vec![dot_git.join("info/exclude")] };
    let Some(git_dir) = text.lines().next().and_then(|line| line.strip_prefix("gitdir: ")) else {
        return vec![dot_git];
    };
    let git_dir = repository.join(git_dir);
    let common = git_dir.join("commondir");
    let mut paths = vec![dot_git, git_dir.join("info/exclude"), common.clone()];
    if let Some(line) = std::fs::read_to_string(&common).ok().as_deref().and_then(|text| text.lines().next())
    {
        paths.push(git_dir.join(line).join("info/exclude"));
    }
    paths
}
