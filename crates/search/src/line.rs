//! Cutting lines to a size that a reader can take.

use std::ops::Range;

/// `line` without `\n` or `\r\n` at its end.
pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The part of `text`, at most `max` bytes, that shows `focus` with as much on either side as fits.
///
/// Both ends are moved inwards to character boundaries.
pub(crate) fn window(text: &[u8], focus: &Range<usize>, max: usize) -> Range<usize> {
    if text.len() <= max {
        return 0..text.len();
    }
    let around = max.saturating_sub(focus.len());
    let start = focus.start.saturating_sub(around / 2).min(text.len() - max);
    let end = start + max;
    // Stray bytes at the line's own start are part of it.
    let start = match start {
        0 => 0,
        _ => (start..start + 4).find(|&at| starts_character(text, at)).unwrap_or(start),
    };
    let end = (end.saturating_sub(3)..=end).rev().find(|&at| starts_character(text, at)).unwrap_or(end);
    start..end.max(start)
}

fn starts_character(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| byte & 0xC0 != 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_the_focus_and_respects_the_limit() {
        let text: Vec<u8> = (0..100).collect();
        for start in 0..100 {
            for len in 0..(100 - start).min(10) {
                let window = window(&text, &(start..start + len), 20);
                assert!(window.len() <= 20, "{window:?}");
                assert!(window.start <= start && start + len <= window.end, "{window:?} {start}+{len}");
            }
        }
    }

    #[test]
    fn a_window_at_the_start_keeps_stray_bytes() {
        assert_eq!(window(b"\xa9\xa9mega long line", &(0..0), 8), 0..8);
    }

    #[test]
    fn a_window_never_splits_a_character() {
        let text = "äöü€".repeat(50);
        for start in (0..text.len()).filter(|&at| text.is_char_boundary(at)) {
            let window = window(text.as_bytes(), &(start..start), 31);
            assert!(text.get(window.clone()).is_some(), "{window:?}");
        }
    }
}
