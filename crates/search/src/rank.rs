//! Which files a reader most likely means.

use crate::paths::split;

/// Folders whose content tools write, by common convention.
const FOLDERS: [&[u8]; 12] = [
    b"dist",
    b"build",
    b"out",
    b"target",
    b"vendor",
    b"third_party",
    b"node_modules",
    b"generated",
    b"__generated__",
    b"coverage",
    b"__snapshots__",
    b"_build",
];
const NAMES: [&[u8]; 8] = [
    b"package-lock.json",
    b"npm-shrinkwrap.json",
    b"pnpm-lock.yaml",
    b"yarn.lock",
    b"Cargo.lock",
    b"poetry.lock",
    b"composer.lock",
    b"go.sum",
];
const ENDINGS: [&[u8]; 12] = [
    b".min.js",
    b".min.css",
    b".min.mjs",
    b".bundle.js",
    b".map",
    b".snap",
    b".pb.go",
    b".pb.cc",
    b".pb.h",
    b"_pb2.py",
    b".g.dart",
    b".g.cs",
];

/// Whether a path looks like a tool's output rather than somebody's source.
#[must_use]
pub(crate) fn looks_generated(path: &[u8]) -> bool {
    let (folder, name) = split(path);
    NAMES.contains(&name)
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || contains(name, b".generated.")
        || folder.split(|&byte| byte == b'/').any(|one| FOLDERS.contains(&one))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
