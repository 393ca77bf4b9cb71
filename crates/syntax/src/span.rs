//! Places in a file.

use tree_sitter::Node;

/// A half-open range of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The offset of the first byte, from 0.
    pub byte_start: usize,
    /// The offset just past the last byte.
    pub byte_end: usize,
    /// The first line, from 1.
    pub line: usize,
    /// The byte of the first line where the range starts, from 1.
    pub column: usize,
    /// The last line, from 1.
    pub end_line: usize,
    /// The byte of the last line just past the range, from 1.
    pub end_column: usize,
}

impl Span {
    pub(crate) fn of(node: &Node<'_>) -> Self {
        let (start, end) = (node.start_position(), node.end_position());
        Self {
            byte_start: node.start_byte(),
            byte_end: node.end_byte(),
            line: start.row + 1,
            column: start.column + 1,
            end_line: end.row + 1,
            end_column: end.column + 1,
        }
    }
}
