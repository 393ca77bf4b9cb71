//! Tests that are short by default and can be made long from the environment.

use std::io::{Write as _, stderr};

/// A size from the environment, for a long run, or the default.
pub fn size(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// Says how much was tested, to whoever runs the tests with `--nocapture`.
pub fn summarize(text: &str) {
    if std::env::args().any(|argument| argument == "--nocapture") {
        stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
    }
}
