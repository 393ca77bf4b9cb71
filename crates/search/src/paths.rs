//! Paths of files in the compact form that large trees need.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The bytes of a file name. On Windows a name that is not valid UTF-16 has none.
#[must_use]
pub fn name_bytes(name: &OsStr) -> Option<&[u8]> {
    #[cfg(unix)]
    {
        Some(std::os::unix::ffi::OsStrExt::as_bytes(name))
    }
    #[cfg(not(unix))]
    {
        name.to_str().map(str::as_bytes)
    }
}

/// The path that relative `/`-separated bytes stand for.
///
/// Bytes come from [`name_bytes`]; others that the system cannot have are replaced.
#[must_use]
pub fn os_path(bytes: &[u8]) -> Cow<'_, Path> {
    #[cfg(unix)]
    {
        Cow::Borrowed(Path::new(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes)))
    }
    #[cfg(not(unix))]
    {
        Cow::Owned(String::from_utf8_lossy(bytes).into_owned().into())
    }
}

/// The bytes of a whole path, with `/` between its parts.
#[must_use]
pub fn path_bytes(path: &Path) -> Cow<'_, [u8]> {
    #[cfg(unix)]
    {
        Cow::Borrowed(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
    }
    #[cfg(not(unix))]
    {
        Cow::Owned(path.to_string_lossy().replace('\\', "/").into_bytes())
    }
}

/// `root` joined with a relative path in bytes.
#[must_use]
pub fn absolute(root: &Path, relative: &[u8]) -> PathBuf {
    if relative.is_empty() { root.to_path_buf() } else { root.join(os_path(relative)) }
}

/// `directory` + `/` + `name`, or `name` alone at the root.
#[must_use]
pub fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(directory.len() + name.len() + 1);
    if !directory.is_empty() {
        path.extend_from_slice(directory);
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// Splits a relative path into its directory, empty for the root, and its name.
#[must_use]
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}

/// The order of paths, component by component (as `rg --sort path`): `/` sorts before every other byte.
#[must_use]
pub fn compare(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    let common = a.iter().zip(b).position(|(a, b)| a != b);
    match common {
        None => a.len().cmp(&b.len()),
        Some(at) => match (a[at], b[at]) {
            (b'/', _) => std::cmp::Ordering::Less,
            (_, b'/') => std::cmp::Ordering::Greater,
            (a, b) => a.cmp(&b),
        },
    }
}

/// Whether `path` lies below `directory`, of which the empty path is the root.
#[must_use]
pub fn is_below(path: &[u8], directory: &[u8]) -> bool {
    directory.is_empty()
        || (path.len() > directory.len() && path[directory.len()] == b'/' && path.starts_with(directory))
}

/// An owned path in the order of [`compare`].
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct PathKey(pub Box<[u8]>);

impl Ord for PathKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for PathKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Many paths in one allocation, numbered in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct PathList {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl PathList {
    /// Adds `directory` + `/` + `name`.
    ///
    /// # Panics
    /// When all paths together take more than 4 GiB.
    pub fn push(&mut self, directory: &[u8], name: &[u8]) {
        if !directory.is_empty() {
            self.bytes.extend_from_slice(directory);
            self.bytes.push(b'/');
        }
        self.bytes.extend_from_slice(name);
        self.ends.push(u32::try_from(self.bytes.len()).expect("paths take less than 4 GiB"));
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The path with this number.
    #[must_use]
    pub fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.bytes[start..self.ends[index] as usize]
    }

    /// All paths.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index))
    }

    /// In a sorted list: the number of paths before `path`.
    #[must_use]
    pub fn lower_bound(&self, path: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if compare(self.get(middle), path).is_lt() { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// In a sorted list: the number of `path`, if it is there.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<usize> {
        let at = self.lower_bound(path);
        (at < self.len() && self.get(at) == path).then_some(at)
    }

    /// In a sorted list: the numbers of all paths below a directory, which are contiguous.
    #[must_use]
    pub fn range_below(&self, directory: &[u8]) -> std::ops::Range<usize> {
        if directory.is_empty() {
            return 0..self.len();
        }
        let mut from = directory.to_vec();
        from.push(b'/');
        let start = self.lower_bound(&from);
        // `/` sorts first, so that behind the directory's paths comes what follows NUL in its place.
        let (mut low, mut high) = (start, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.get(middle).starts_with(&from) { low = middle + 1 } else { high = middle }
        }
        start..low
    }

    /// The memory that they take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// Gives unused memory back.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_path_components() {
        let mut paths = ["a", "a/x", "a-b", "a.txt", "a/x/y", "ab", "a/x-y", "B", "a-b/c", "a/", "ä/b"];
        paths.sort_by(|a, b| compare(a.as_bytes(), b.as_bytes()));
        let mut expected = paths;
        expected.sort_by(|a, b| Path::new(a).cmp(Path::new(b)).then(a.len().cmp(&b.len())));
        assert_eq!(paths, expected);
    }

    #[test]
    fn a_sorted_list_finds_paths_and_directories() {
        let mut list = PathList::default();
        for path in ["a", "a-b/c", "b/a", "b/c/d", "b/c/e", "b/cc", "c"] {
            list.push(b"", path.as_bytes());
        }
        assert_eq!(list.find(b"b/c/e"), Some(4));
        assert_eq!(list.find(b"b/c"), None);
        assert_eq!(list.range_below(b"b/c"), 3..5);
        assert_eq!(list.range_below(b"b"), 2..6);
        assert_eq!(list.range_below(b""), 0..7);
        assert_eq!(list.range_below(b"x"), 7..7);
    }
}
