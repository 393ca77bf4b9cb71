//! What a key may be, and the range of keys that a prefix stands for.

use rusqlite::types::Value as SqlValue;

use crate::StoreError;

/// The longest key, prefix or lease name, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 512;
/// The longest actor or mission, in bytes of UTF-8.
pub const MAX_LABEL_BYTES: usize = 512;

pub(crate) fn check_key(key: &str) -> Result<(), StoreError> {
    if key.is_empty() {
        return Err(StoreError::InvalidKey { key: String::new(), reason: "is empty" });
    }
    check_prefix(key)
}

/// A key that a transaction may write: those that begin with `$` are the store's own.
pub(crate) fn check_written_key(key: &str) -> Result<(), StoreError> {
    if key.starts_with(RESERVED) {
        return Err(StoreError::InvalidKey { key: key.into(), reason: "begins with $" });
    }
    check_key(key)
}

/// What the store's own keys begin with.
const RESERVED: char = '$';

/// A prefix is a key that may also be empty.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), StoreError> {
    if prefix.len() > MAX_KEY_BYTES {
        return Err(StoreError::TooLarge { what: "a key", size: prefix.len(), limit: MAX_KEY_BYTES });
    }
    reject_control_characters(prefix)
}

/// Actors and missions go into the audit log, where a control character could forge what a reader sees.
pub(crate) fn check_label(what: &'static str, label: &str) -> Result<(), StoreError> {
    if label.is_empty() {
        return Err(StoreError::InvalidKey { key: String::new(), reason: "is empty" });
    }
    if label.len() > MAX_LABEL_BYTES {
        return Err(StoreError::TooLarge { what, size: label.len(), limit: MAX_LABEL_BYTES });
    }
    reject_control_characters(label)
}

fn reject_control_characters(text: &str) -> Result<(), StoreError> {
    if text.chars().any(char::is_control) {
        return Err(StoreError::InvalidKey { key: text.into(), reason: "has a control character" });
    }
    Ok(())
}

/// The exclusive upper bound of the keys that start with `prefix`, as SQLite compares them (by bytes of
/// UTF-8, which is the order of code points).
pub(crate) fn prefix_end(prefix: &str) -> SqlValue {
    let mut head = prefix.to_owned();
    while let Some(last) = head.pop() {
        // `RangeFrom<char>` steps over the surrogates; the largest character has no successor: bound by what
        // is before it.
        if let Some(next) = (last..=char::MAX).nth(1) {
            head.push(next);
            return SqlValue::Text(head);
        }
    }
    // No bound: in SQLite's order every blob comes after every text, and a condition on it still uses the
    // index.
    SqlValue::Blob(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_text_of_at_most_its_length() {
        assert_eq!(prefix_end("task/"), SqlValue::Text("task0".into()));
        assert_eq!(prefix_end("a\u{10FFFF}"), SqlValue::Text("b".into()));
        assert_eq!(prefix_end("\u{D7FF}"), SqlValue::Text("\u{E000}".into()));
        assert_eq!(prefix_end(""), SqlValue::Blob(Vec::new()));
        assert_eq!(prefix_end("\u{10FFFF}"), SqlValue::Blob(Vec::new()));
    }

    #[test]
    fn keys_have_1_to_512_bytes_and_no_control_characters() {
        check_key(&"k".repeat(MAX_KEY_BYTES)).unwrap();
        check_key("aufgabe/größe/✓").unwrap();
        assert_eq!(check_key("").unwrap_err().code(), "ERR_INVALID_KEY");
        assert_eq!(check_key("a\nb").unwrap_err().code(), "ERR_INVALID_KEY");
        assert_eq!(check_key("a\u{85}b").unwrap_err().code(), "ERR_INVALID_KEY");
        assert_eq!(check_key(&"é".repeat(257)).unwrap_err().code(), "ERR_TOO_LARGE");
        check_prefix("").unwrap();
    }
}
