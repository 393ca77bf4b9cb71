//! A tree to which random things happen.

#![allow(clippy::unnecessary_debug_formatting, reason = "names with odd bytes must be told apart in a log")]

use std::collections::VecDeque;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// xorshift*: seeded, so that a failure comes again.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    pub fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Makes changes and remembers the last ones.
pub struct Changes {
    root: PathBuf,
    /// Whether files may get names outside of the tree. Once a tree is watched, nothing tells of those.
    pub outside_links: bool,
    log: VecDeque<String>,
}

const FOLDERS: [&str; 10] =
    ["", "src", "src/deep", "src/deep/er", "docs", "build", ".hidden", "src/.config", "vendor/x", "a-b"];
const NAMES: [&str; 10] = ["a.ts", "b.ts", "c.md", "d.log", "e", ".env", "a", "deep", "é.txt", "f g.ts"];
const WORDS: [&str; 10] = [
    "alpha",
    "beta gamma",
    "ALPHA",
    "delta",
    "omega",
    "zetawave",
    "x",
    "filler text",
    "Alpha\n",
    "beta x gamma",
];
const RULES: [&str; 9] = [
    "*.log\n",
    "build/\n",
    "!a.ts\n",
    "/src/deep\n",
    "*.ts\n!b.ts\n",
    "**/deep/*\n!keep\n",
    "",
    "!.hidden\n",
    "docs/*.md\n",
];

impl Changes {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf(), outside_links: true, log: VecDeque::new() }
    }

    /// The last changes, for the message of a failure.
    pub fn tail(&self) -> String {
        self.log.iter().cloned().collect::<Vec<_>>().join("\n")
    }

    /// Does something to the tree; it may fail, as when a folder is in the way.
    pub fn make_one(&mut self, random: &mut Random) {
        let path = self.root.join(random.pick(&FOLDERS)).join(random.pick(&NAMES));
        let other = self.root.join(random.pick(&FOLDERS)).join(random.pick(&NAMES));
        let folder = self.root.join(*random.pick(&FOLDERS[1..]));
        let what = match random.below(17) {
            0..=5 => {
                let _ = fs::create_dir_all(path.parent().unwrap());
                let text = (0..random.below(20)).map(|_| *random.pick(&WORDS)).collect::<Vec<_>>().join("\n");
                format!("write {path:?} {text:?}: {:?}", fs::write(&path, &text))
            }
            6 => {
                let file = fs::File::options().append(true).open(&path);
                format!(
                    "append {path:?}: {:?}",
                    file.and_then(|mut file| file.write_all(random.pick(&WORDS).as_bytes()))
                )
            }
            7 => format!("remove {path:?}: {:?}", fs::remove_file(&path)),
            8 => format!("rename {path:?} {other:?}: {:?}", fs::rename(&path, &other)),
            9 => {
                let to = self.root.join(random.pick(&FOLDERS)).join("moved");
                format!("move folder {folder:?} {to:?}: {:?}", fs::rename(&folder, &to))
            }
            10 => format!("remove folder {folder:?}: {:?}", fs::remove_dir_all(&folder)),
            11 => {
                let at = self.root.join(random.pick(&FOLDERS)).join(random.pick(&[
                    ".gitignore",
                    ".ignore",
                    ".rgignore",
                ]));
                let rules = random.pick(&RULES);
                if random.chance(4) {
                    format!("remove rules {at:?}: {:?}", fs::remove_file(&at))
                } else {
                    format!("rules {at:?} {rules:?}: {:?}", fs::write(&at, rules))
                }
            }
            12 => {
                let at = self.root.join(random.pick(&["", "src"])).join(".git");
                if random.chance(3) {
                    format!("remove {at:?}: {:?}", fs::remove_dir_all(&at))
                } else {
                    let _ = fs::create_dir_all(at.join("info"));
                    let rules = random.pick(&RULES);
                    format!("exclude {at:?} {rules:?}: {:?}", fs::write(at.join("info/exclude"), rules))
                }
            }
            13 => {
                // Written through another name.
                let outside = if !self.outside_links || random.chance(2) {
                    other
                } else {
                    let name = self.root.file_name().unwrap().to_str().unwrap();
                    self.root.parent().unwrap().join(format!("{name}-link-{}", random.below(3)))
                };
                let linked = fs::hard_link(&path, &outside);
                let written = fs::File::options()
                    .append(true)
                    .open(&outside)
                    .and_then(|mut file| file.write_all(b"\nalpha omega\n"));
                format!("hard link {path:?} {outside:?} {linked:?} {written:?}")
            }
            14 => {
                let _ = fs::create_dir_all(&path);
                format!("folder {path:?}: {:?}", fs::write(path.join("inside.ts"), "alpha\n"))
            }
            15 => {
                let time = std::time::SystemTime::UNIX_EPOCH
                    + std::time::Duration::from_secs(1_600_000_000 + random.next() % 100_000_000);
                let file = fs::File::options().write(true).open(&path);
                format!("touch {path:?}: {:?}", file.and_then(|file| file.set_modified(time)))
            }
            _ => {
                #[cfg(unix)]
                let made = std::os::unix::fs::symlink(&other, &path);
                #[cfg(not(unix))]
                let made = "no links here";
                format!("symlink {path:?} to {other:?}: {made:?}")
            }
        };
        self.log.push_back(what);
        if self.log.len() > 40 {
            self.log.pop_front();
        }
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        for at in 0..3 {
            let name = format!("{}-link-{at}", self.root.file_name().unwrap().to_str().unwrap());
            let _ = fs::remove_file(self.root.parent().unwrap().join(name));
        }
    }
}
