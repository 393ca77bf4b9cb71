//! Include and exclude globs, with the semantics of `rg -g`.

use std::path::Path;

use globset::{ErrorKind, GlobBuilder};
use ignore::overrides::{Override, OverrideBuilder};

use crate::{PatternKind, SearchError};

/// Compiles globs to ripgrep's overrides, anchored at `root`.
///
/// An include beginning with `!` is an exclude, as on ripgrep's command line.
pub(crate) fn compile(root: &Path, include: &[String], exclude: &[String]) -> Result<Override, SearchError> {
    let mut builder = OverrideBuilder::new(root);
    for glob in include {
        add(&mut builder, glob, without_dot_slash(glob))?;
    }
    for glob in exclude {
        add(&mut builder, glob, &format!("!{}", without_dot_slash(glob)))?;
    }
    builder.build().map_err(|error| SearchError::Pattern {
        kind: PatternKind::Glob,
        pattern: include.iter().chain(exclude).cloned().collect::<Vec<_>>().join(","),
        position: None,
        reason: error.to_string(),
    })
}

/// `./src/*.rs` can match nothing under `.gitignore` rules, yet everyone who writes it means `/src/*.rs`.
fn without_dot_slash(glob: &str) -> &str {
    if glob.starts_with("./") { &glob[1..] } else { glob }
}

/// The longest glob, in bytes. `globset` recurses once for each brace, and a stack that overflows ends the process.
const MAX_GLOB_BYTES: usize = 4096;
/// The deepest nesting of braces.
const MAX_BRACE_DEPTH: usize = 32;

fn check_size(glob: &str) -> Result<(), SearchError> {
    let refuse = |position, reason: String| {
        Err(SearchError::Pattern {
            kind: PatternKind::Glob,
            pattern: glob.chars().take(80).collect(),
            position,
            reason,
        })
    };
    if glob.len() > MAX_GLOB_BYTES {
        return refuse(None, format!("it is longer than {MAX_GLOB_BYTES} bytes"));
    }
    let mut depth = 0_usize;
    for (at, byte) in glob.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_BRACE_DEPTH {
            return refuse(Some(at), format!("its braces are nested more than {MAX_BRACE_DEPTH} deep"));
        }
    }
    Ok(())
}

fn add(builder: &mut OverrideBuilder, given: &str, line: &str) -> Result<(), SearchError> {
    check_size(given)?;
    let Err(error) = builder.add(line) else { return Ok(()) };
    // `ignore` turns the glob error into text; compiling once more gives its kind, and so its place.
    let (position, reason) = match GlobBuilder::new(given).literal_separator(true).build() {
        Err(glob) => (position(given, glob.kind()), glob.kind().to_string()),
        Ok(_) => (None, error.to_string()),
    };
    Err(SearchError::Pattern { kind: PatternKind::Glob, pattern: given.to_owned(), position, reason })
}

/// Where in `glob` an error of this kind lies: the bracket left open, the stray brace, the range.
fn position(glob: &str, kind: &ErrorKind) -> Option<usize> {
    if let ErrorKind::InvalidRange(low, high) = kind {
        return glob.find(&format!("{low}-{high}"));
    }
    let scan = Scan::of(glob);
    match kind {
        ErrorKind::UnclosedClass => scan.open_class,
        ErrorKind::UnopenedAlternates => scan.stray_close,
        ErrorKind::UnclosedAlternates => scan.open_braces.first().copied(),
        ErrorKind::DanglingEscape => scan.dangling_escape,
        _ => None,
    }
}

/// The unbalanced places of a glob, found in one pass.
#[derive(Default)]
struct Scan {
    open_class: Option<usize>,
    open_braces: Vec<usize>,
    stray_close: Option<usize>,
    dangling_escape: Option<usize>,
}

impl Scan {
    fn of(glob: &str) -> Self {
        let mut scan = Self::default();
        let mut chars = glob.char_indices().peekable();
        let mut class_is_empty = false;
        while let Some((at, c)) = chars.next() {
            if scan.open_class.is_some() {
                // `]` right after `[`, `[!` or `[^` is a member of the class, not its end.
                if c == ']' && !class_is_empty {
                    scan.open_class = None;
                }
                class_is_empty = false;
                continue;
            }
            match c {
                '\\' if chars.next().is_none() => scan.dangling_escape = Some(at),
                '[' => {
                    scan.open_class = Some(at);
                    class_is_empty = true;
                    chars.next_if(|&(_, c)| c == '!' || c == '^');
                }
                '{' => scan.open_braces.push(at),
                '}' if scan.open_braces.pop().is_none() => {
                    scan.stray_close = scan.stray_close.or(Some(at));
                }
                _ => {}
            }
        }
        scan
    }
}
