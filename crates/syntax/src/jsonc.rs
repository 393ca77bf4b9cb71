//! JSON with comments and trailing commas, as many tools read their configuration.

use std::borrow::Cow;
use std::path::Path;

/// Whether the tools that own a file of this name accept trailing commas in it.
pub(crate) fn allows_trailing_commas(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    path.extension().is_some_and(|extension| extension == "jsonc")
        || name.starts_with("tsconfig")
        || name.starts_with("jsconfig")
        || path.parent().is_some_and(|parent| parent.ends_with(".vscode"))
}

/// `source` with a blank in place of each trailing comma, so that every offset stays the same.
///
/// The grammar takes comments, but recovers from a trailing comma in too many ways to recognise.
pub(crate) fn without_trailing_commas(source: &str) -> Cow<'_, str> {
    let bytes = source.as_bytes();
    let (mut at, mut last_comma, mut trailing) = (0, None, Vec::new());
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                last_comma = None;
                continue;
            }
            b'/' => {
                at = comment_end(source, at);
                continue;
            }
            b',' => last_comma = Some(at),
            b'}' | b']' => trailing.extend(last_comma.take()),
            byte if byte.is_ascii_whitespace() => {}
            _ => last_comma = None,
        }
        at += 1;
    }
    if trailing.is_empty() {
        return Cow::Borrowed(source);
    }
    let mut text = source.to_owned();
    for at in trailing {
        text.replace_range(at..=at, " ");
    }
    Cow::Owned(text)
}

/// Just past the string that starts at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// Just past the comment that starts at `start`, or past the slash if it is none.
fn comment_end(source: &str, start: usize) -> usize {
    let rest = &source[start..];
    let length = if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        rest.find("*/").map_or(rest.len(), |end| end + 2)
    } else {
        1
    };
    start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trailing_commas_are_blanked_and_offsets_stay() {
        for (given, expected) in [
            ("[1,]", "[1 ]"),
            ("{\"a\": [1, 2 , // c, ]\n ], }", "{\"a\": [1, 2   // c, ]\n ]  }"),
            ("[\",]\", \"\\\",]\"]", "[\",]\", \"\\\",]\"]"),
            ("[1, /* , */ ]", "[1  /* , */ ]"),
            ("[1,,]", "[1, ]"),
            ("[1,2]", "[1,2]"),
            ("\"open, ]", "\"open, ]"),
        ] {
            assert_eq!(without_trailing_commas(given), expected, "{given}");
        }
    }
}
