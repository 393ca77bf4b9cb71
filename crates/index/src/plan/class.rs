use regex_syntax::hir::Class;

use super::strings::{MAX_STRINGS, Strings};

/// U+017F: `s` matches it when case is ignored.
const LONG_S: char = '\u{17F}';
/// U+212A: `k` matches it when case is ignored.
const KELVIN: char = '\u{212A}';

/// The members of a small class.
pub(crate) struct Members {
    pub(crate) strings: Strings,
    /// U+017F or U+212A was left out beside the letter that it stands for.
    pub(crate) exotic: bool,
}

/// Lists a class; `None` if it is too large. Without `multiline` a match has no line break, so that a
/// class has none either. With `any_case` it is listed in lower case, and without the exotic letters.
pub(crate) fn members(class: &Class, multiline: bool, any_case: bool) -> Option<Members> {
    // Folding halves a class at best.
    if size(class) > 2 * MAX_STRINGS + 2 {
        return None;
    }
    let mut exotic = false;
    let strings: Strings = match class {
        Class::Unicode(class) => {
            let has =
                |wanted: char| class.iter().any(|range| range.start() <= wanted && wanted <= range.end());
            let dropped = |char: char| match char {
                LONG_S => any_case && (has('s') || has('S')),
                KELVIN => any_case && (has('k') || has('K')),
                '\n' => !multiline,
                _ => false,
            };
            exotic = [LONG_S, KELVIN].into_iter().any(|char| has(char) && dropped(char));
            let chars = class.iter().flat_map(|range| range.start()..=range.end());
            chars.filter(|char| !dropped(*char)).map(|char| char.to_string().into_bytes()).collect()
        }
        Class::Bytes(class) => {
            let bytes = class.iter().flat_map(|range| range.start()..=range.end());
            bytes.filter(|byte| multiline || *byte != b'\n').map(|byte| vec![byte]).collect()
        }
    };
    let strings = if any_case { strings.in_any_case() } else { strings };
    strings.fits().then_some(Members { strings, exotic })
}

fn size(class: &Class) -> usize {
    match class {
        Class::Unicode(class) => class.iter().map(regex_syntax::hir::ClassUnicodeRange::len).sum(),
        Class::Bytes(class) => class.iter().map(regex_syntax::hir::ClassBytesRange::len).sum(),
    }
}
