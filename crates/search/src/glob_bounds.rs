//! What a path must have for a set of globs to select it, told without matching them.

/// Where the files lie that a selection's globs can select, and how their paths end.
///
/// Rather too wide than too narrow: what is within the bounds still has to be matched.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GlobBounds {
    /// One for each including glob; none: no bound.
    bounds: Vec<Bound>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Bound {
    folder: Box<[u8]>,
    end: Box<[u8]>,
}

impl GlobBounds {
    /// The bounds of globs as [`FileQuery::include`](crate::FileQuery::include) takes them.
    pub(crate) fn of(include: &[String]) -> Self {
        let including = include.iter().filter(|glob| !glob.starts_with('!'));
        Self { bounds: including.map(|glob| Bound::of(glob)).collect::<Option<_>>().unwrap_or_default() }
    }

    /// Whether the path, relative to the root, is within the bounds.
    #[must_use]
    pub fn hold(&self, path: &[u8]) -> bool {
        self.bounds.is_empty() || self.bounds.iter().any(|bound| path.ends_with(&bound.end))
    }

    /// The directories, relative to the root, that all selected files lie in; none: they can be anywhere.
    #[must_use]
    pub fn folders(&self) -> Vec<&[u8]> {
        if self.bounds.iter().any(|bound| bound.folder.is_empty()) {
            return Vec::new();
        }
        self.bounds.iter().map(|bound| &*bound.folder).collect()
    }
}

impl Bound {
    /// `None` for a glob with escapes or other rarities.
    fn of(glob: &str) -> Option<Self> {
        let glob = glob.strip_prefix('.').filter(|rest| rest.starts_with('/')).unwrap_or(glob);
        let is_plain = |byte: u8| !matches!(byte, b'\\' | b'#' | b'!' | 0..=b' ');
        if !glob.bytes().all(is_plain) || glob.ends_with('/') || glob.contains("//") {
            return None;
        }
        let is_wild = |byte: u8| matches!(byte, b'*' | b'?' | b'[' | b']' | b'{' | b'}');
        let end = match glob.bytes().rposition(is_wild) {
            Some(last) => &glob[last + 1..],
            None => glob,
        };
        // Any `/` anchors a glob at the root.
        let literal = &glob[..glob.bytes().position(is_wild).unwrap_or(glob.len())];
        let folder = literal.rfind('/').map_or("", |last| &literal[..last]);
        let bytes = |text: &str| text.trim_start_matches('/').as_bytes().into();
        // `**/x` also matches `x` itself.
        let end = if literal.len() < glob.len() { end.trim_start_matches('/') } else { end };
        Some(Self { folder: bytes(folder), end: bytes(end) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(glob: &str) -> Option<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Bound::of(glob).map(|bound| (text(&bound.folder), text(&bound.end)))
    }

    #[test]
    fn the_literal_ends_of_a_glob_bound_it() {
        for (glob, folder, end) in [
            ("*.ts", "", ".ts"),
            ("package.json", "", "package.json"),
            ("/package.json", "", "package.json"),
            ("./src/*.ts", "src", ".ts"),
            ("src/**", "src", ""),
            ("src/a/b?.ts", "src/a", ".ts"),
            ("src/a.ts", "src", "src/a.ts"),
            ("**/x", "", "x"),
            ("a/**/x.ts", "a", "x.ts"),
            ("a*/b", "", "b"),
            ("**", "", ""),
            ("src/**/*.{ts,js}", "src", ""),
            ("src/{a,b/c}/x.[ch]pp", "src", "pp"),
            ("{src/**,*.md}", "", ""),
        ] {
            assert_eq!(bound(glob), Some((folder.into(), end.into())), "{glob}");
        }
        for glob in [r"a\*", "[!a].ts", "a b", "#a", "src/", "a//b"] {
            assert_eq!(bound(glob), None, "{glob}");
        }
    }

    #[test]
    fn one_glob_without_bounds_takes_them_all_away() {
        let of =
            |globs: &[&str]| GlobBounds::of(&globs.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["src/*.ts", r"\*.md"]), GlobBounds::default());
        assert!(of(&["src/*.ts", "*.md"]).folders().is_empty());
        assert_eq!(of(&["src/*.ts", "!*.md", "/lib/**"]).folders(), [&b"src"[..], b"lib"]);
        assert!(of(&["*.ts", "*.md"]).hold(b"a/b.md"));
        assert!(!of(&["*.ts", "*.md"]).hold(b"a/b.rs"));
        assert!(of(&[]).hold(b"anything"));
    }
}
