//! Failures and kills in the middle, and journals that lie.

use std::io::BufRead;
use std::process::{Command, Stdio};
use std::sync::Arc;

use orchestrator_scheduler::executor::{Executor, ExecutorOptions};
use orchestrator_search::{Cancel, FileQuery, NoIndex, run};
use tempfile::TempDir;

use super::*;
use crate::{AstQuery, AstRewrite, AstRewriteQuery, Language};

const NAMES: [&str; 3] = ["a.js", "b.js", "sub/c.js"];
const JOURNAL: &str = ".opencode-rewrite-journal";
/// Where a child process finds the tree that it is to rewrite.
const ROOT: &str = "ORCHESTRATOR_REWRITE_TEST_ROOT";
const NO_PATIENCE: Duration = Duration::from_millis(1);

fn tree() -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    for name in NAMES {
        fs::write(dir.path().join(name), old(name)).unwrap();
    }
    dir
}

fn old(name: &str) -> String {
    format!("old({name:?})\n")
}

fn new(name: &str) -> String {
    format!("new_({name:?})\n")
}

fn preview(root: &Path) -> Preview {
    let executor = Executor::new(ExecutorOptions { threads: 2, ..ExecutorOptions::default() }).unwrap();
    let query = AstQuery::pattern("old($A)", FileQuery::new(root)).language(Language::JavaScript);
    let query = AstRewriteQuery::new(query, "new_($A)", root);
    let preview = run(&executor, AstRewrite::new(query, Arc::new(NoIndex), Cancel::new())).unwrap();
    assert_eq!(preview.files.len(), NAMES.len());
    preview
}

/// Everything below a directory, and what is in it.
fn contents(root: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.push((path.clone(), fs::read_to_string(path).unwrap()));
        }
    }
    found.sort();
    found
}

/// What a tree holds in which all files were rewritten, or none.
fn all(root: &Path, content: impl Fn(&str) -> String) -> Vec<(PathBuf, String)> {
    NAMES.iter().map(|name| (root.join(name), content(name))).collect()
}

#[test]
fn a_failure_in_the_middle_restores_every_file_and_leaves_no_temporary_one() {
    let dir = tree();
    let preview = preview(dir.path());
    for successes in 0..NAMES.len() {
        let mut left = successes;
        let error = apply_with(&preview, PATIENCE, |new, target| {
            if left == 0 {
                return Err(io::Error::other("no"));
            }
            left -= 1;
            fs::rename(new, target)
        })
        .unwrap_err();
        assert!(matches!(error, AstError::Io { .. }), "{error:?}");
        assert_eq!(contents(dir.path()), all(dir.path(), old));
    }
    assert_eq!(apply(&preview).unwrap().edits, 3);
    assert_eq!(contents(dir.path()), all(dir.path(), new));
    assert_eq!(recover(dir.path()).unwrap(), Recovery::default());
    assert_eq!(contents(dir.path()), all(dir.path(), new));
}

#[test]
fn what_somebody_changed_in_the_middle_is_not_overwritten_and_its_old_content_stays() {
    let dir = tree();
    let preview = preview(dir.path());
    let mut replaced = Vec::new();
    let error = apply_with(&preview, PATIENCE, |new, target| {
        if replaced.len() == 2 {
            fs::write(&replaced[0], "mine\n")?;
            return Err(io::Error::other("no"));
        }
        replaced.push(target.to_path_buf());
        fs::rename(new, target)
    })
    .unwrap_err();
    let AstError::NotRestored { paths, .. } = error else { panic!("{error:?}") };
    assert_eq!(paths, replaced[..1]);
    let mut found = contents(dir.path());
    let (kept, content) = found.remove(0);
    assert!(kept.extension().is_some_and(|it| it == "old") && content == old("a.js"), "{kept:?} {content}");
    let expected = all(dir.path(), |name| if name == "a.js" { "mine\n".into() } else { old(name) });
    assert_eq!(found, expected);
}

/// This test binary as another process that rewrites the tree up to the renames before `renames` and then waits.
fn child(root: &Path, renames: usize) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["apply::tests::child_stops_between_two_renames", "--exact", "--ignored", "--nocapture"]);
    command.env(ROOT, root).env("RENAMES", renames.to_string());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let output = io::BufReader::new(child.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap().contains("stopped")), "the child ended early");
    child
}

#[test]
#[ignore = "the process that others kill"]
fn child_stops_between_two_renames() {
    let (Some(root), Ok(renames)) = (std::env::var_os(ROOT), std::env::var("RENAMES")) else { return };
    let mut left: usize = renames.parse().unwrap();
    let wait = || -> ! {
        let mut output = io::stdout().lock();
        writeln!(output, "\nstopped").and_then(|()| output.flush()).unwrap();
        // Until the parent kills this process, or has ended itself.
        let _ = io::stdin().lock().read_line(&mut String::new());
        std::process::abort();
    };
    let _ = apply_with(&preview(Path::new(&root)), PATIENCE, |new, target| {
        if left == 0 {
            wait();
        }
        left -= 1;
        fs::rename(new, target)?;
        if left == 0 { wait() } else { Ok(()) }
    });
}

#[test]
fn a_process_that_is_killed_between_two_renames_leaves_what_recovery_puts_back() {
    for renames in 0..=NAMES.len() {
        let dir = tree();
        let mut child = child(dir.path(), renames);
        let stopped = contents(dir.path());
        let replaced =
            NAMES.iter().filter(|name| stopped.contains(&(dir.path().join(name), new(name)))).count();
        assert_eq!(replaced, renames);
        assert!(stopped.iter().any(|(path, _)| path.ends_with(JOURNAL)), "{stopped:?}");

        // While it lives, nobody touches what it is at.
        assert_eq!(recover(dir.path()).unwrap(), Recovery::default());
        if renames == 0 {
            let error = apply_with(&preview(dir.path()), NO_PATIENCE, |_, _| panic!()).unwrap_err();
            assert!(
                matches!(&error, AstError::Io { source, .. } if source.kind() == io::ErrorKind::WouldBlock)
            );
        }
        assert_eq!(contents(dir.path()), stopped);

        child.kill().unwrap();
        child.wait().unwrap();
        let recovery = recover(dir.path()).unwrap();
        assert_eq!((recovery.restored.len(), recovery.changed.len()), (renames, 0));
        assert_eq!(contents(dir.path()), all(dir.path(), old));
    }
}

#[test]
fn the_next_rewrite_recovers_by_itself_and_a_second_process_waits_for_the_first() {
    let dir = tree();
    let preview = preview(dir.path());
    let mut child = child(dir.path(), 1);
    let killer = thread_that_kills(&mut child);
    assert_eq!(apply(&preview).unwrap().edits, 3);
    assert_eq!(contents(dir.path()), all(dir.path(), new));
    killer.join().unwrap();
    child.wait().unwrap();
}

fn thread_that_kills(child: &mut std::process::Child) -> std::thread::JoinHandle<()> {
    // Its end of the pipe is what the child waits at.
    let input = child.stdin.take().unwrap();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        drop(input);
    })
}

#[test]
fn a_file_that_was_changed_after_a_kill_is_left_alone() {
    let dir = tree();
    let mut child = child(dir.path(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    fs::write(dir.path().join("a.js"), "mine\n").unwrap();
    let recovery = recover(dir.path()).unwrap();
    let root = dir.path().canonicalize().unwrap();
    assert_eq!((recovery.restored, recovery.changed), (vec![root.join("b.js")], vec![root.join("a.js")]));
    assert_eq!(fs::read_to_string(dir.path().join("a.js")).unwrap(), "mine\n");
    assert_eq!(fs::read_to_string(dir.path().join("b.js")).unwrap(), old("b.js"));
    assert!(!dir.path().join(JOURNAL).exists());
}

/// Writes a journal that no process holds, of a target that holds `new` and a backup that holds `old`.
fn hostile(root: &Path, target: &str) {
    let entry = Entry { target: target.into(), stem: "1-2-3".into(), old: hash(b"old"), new: hash(b"new") };
    let no_recovery = |_: Journal| panic!();
    let mut journal = journal::begin(&root.canonicalize().unwrap(), NO_PATIENCE, no_recovery).unwrap();
    journal.write(&[entry]).unwrap();
    drop(journal);
}

fn plant(directory: &Path, name: &str) {
    fs::create_dir_all(directory).unwrap();
    fs::write(directory.join(name), "new").unwrap();
    fs::write(directory.join(".opencode-rewrite-1-2-3.old"), "old").unwrap();
}

#[test]
fn a_journal_that_leads_out_of_the_root_or_into_git_does_nothing() {
    let dir = TempDir::new().unwrap();
    let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
    plant(&outside, "x");
    plant(&root.join(".git"), "config");
    plant(&root.join("ok"), "x");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, root.join("link")).unwrap();
        std::os::unix::fs::symlink(root.join("ok"), root.join("inner")).unwrap();
    }
    let absolute = outside.join("x");
    let before = contents(dir.path());
    for target in [
        "../outside/x",
        "ok/../../outside/x",
        "link/x",
        "inner/x",
        ".git/config",
        ".GIT/config",
        "",
        ".",
        "/",
    ]
    .into_iter()
    .chain(absolute.to_str())
    {
        hostile(&root, target);
        assert_eq!(recover(&root).unwrap(), Recovery::default(), "{target}");
        assert_eq!(contents(dir.path()), before, "{target}");
    }
    hostile(&root, "ok/x");
    assert_eq!(recover(&root).unwrap().restored.len(), 1);
}

#[cfg(unix)]
#[test]
fn links_in_place_of_a_target_a_backup_or_the_journal_are_not_followed() {
    use std::os::unix::fs::symlink;
    let dir = TempDir::new().unwrap();
    let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
    for link in ["x", ".opencode-rewrite-1-2-3.old"] {
        let _ = fs::remove_dir_all(&root);
        plant(&root, "x");
        let content = fs::read_to_string(root.join(link)).unwrap();
        fs::write(&outside, &content).unwrap();
        fs::remove_file(root.join(link)).unwrap();
        symlink(&outside, root.join(link)).unwrap();
        hostile(&root, "x");
        assert_eq!(recover(&root).unwrap().restored, Vec::<PathBuf>::new(), "{link}");
        assert_eq!(fs::read_to_string(&outside).unwrap(), content, "{link}");
        assert_eq!(fs::read_to_string(root.join("x")).unwrap(), "new", "{link}");
    }
    let tree = tree();
    symlink(&outside, tree.path().join(JOURNAL)).unwrap();
    fs::write(&outside, "untouched").unwrap();
    assert_eq!(recover(tree.path()).unwrap_err().code(), "ERR_IO");
    assert_eq!(apply(&preview(tree.path())).unwrap_err().code(), "ERR_IO");
    assert_eq!(fs::read_to_string(&outside).unwrap(), "untouched");
}
