//! Turning the lines that `grep-searcher` reports into matches.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use grep_matcher::Matcher;
use grep_searcher::{Searcher, Sink, SinkContext, SinkMatch};

use crate::line::{window, without_end};
use crate::pattern::CancellableMatcher;
use crate::{ContextLine, GrepQuery, LossyText, Match};

/// How far past its lines a multi-line match may look, as in ripgrep's printer.
const MAX_LOOK_AHEAD: usize = 128;

/// Collects the matches of one file.
pub(crate) struct FileSink<'a> {
    pub(crate) query: &'a GrepQuery,
    pub(crate) matcher: &'a CancellableMatcher,
    pub(crate) path: Arc<LossyText>,
    /// How many matches to keep; the others are only counted.
    pub(crate) keep: usize,
    /// Matches up to this offset belong to an earlier page.
    pub(crate) behind: Option<u64>,
    /// The search may end here: the rest of the file need not even be counted.
    pub(crate) enough: u64,
    pub(crate) matches: Vec<Match>,
    pub(crate) total: u64,
    pub(crate) is_binary: bool,
    /// The last lines seen, matched or not: the next match's context before.
    pub(crate) recent: VecDeque<ContextLine>,
    /// The first match whose context after is not complete yet.
    pub(crate) open: usize,
}

/// The lines of one report, cut out of the searcher's buffer.
struct Block<'b> {
    bytes: &'b [u8],
    first_line: u64,
    offset: u64,
}

impl FileSink<'_> {
    /// Rediscovers the matches in reported lines; the searcher only says that there are some.
    ///
    /// Follows `find_iter_at_in_context` of ripgrep's `grep-printer`: the regex sees what stands
    /// before the lines and, in multi-line mode, a little after them, but never a line's own end.
    fn ranges(
        &self,
        searcher: &Searcher,
        buffer: &[u8],
        lines: Range<usize>,
    ) -> io::Result<Vec<Range<usize>>> {
        let haystack = if searcher.multi_line_with_matcher(self.matcher) {
            &buffer[..(lines.end + MAX_LOOK_AHEAD).min(buffer.len())]
        } else {
            let end = buffer[..lines.end].strip_suffix(b"\n").map_or(lines.end, <[u8]>::len);
            &buffer[..end]
        };
        let mut found = Vec::new();
        self.matcher
            .find_iter_at(haystack, lines.start, |at| {
                if at.start() >= lines.end {
                    return false;
                }
                found.push(at.start() - lines.start..at.end() - lines.start);
                true
            })
            .map_err(io::Error::other)?;
        Ok(found)
    }

    fn add_block(&mut self, block: &Block<'_>, ranges: &[Range<usize>]) {
        let seen = self
            .behind
            .map_or(0, |behind| ranges.partition_point(|range| block.offset + range.start as u64 <= behind));
        let ranges = &ranges[seen..];
        self.total += ranges.len() as u64;
        if self.keep == self.matches.len() && self.query.after == 0 {
            return;
        }
        let mut ranges = ranges.iter().peekable();
        let (mut number, mut start) = (block.first_line, 0);
        for line in block.bytes.split_inclusive(|&byte| byte == b'\n') {
            let end = start + line.len();
            self.finish_open(number, line);
            while let Some(range) = ranges.next_if(|range| range.start < end) {
                if self.matches.len() < self.keep {
                    let found = self.build(block, number, &(start..end), range);
                    self.matches.push(found);
                }
            }
            self.remember(number, line);
            (number, start) = (number + 1, end);
        }
    }

    /// The match at `range` of the block, which starts on the line `number` at `line` of it.
    fn build(&self, block: &Block<'_>, number: u64, line: &Range<usize>, range: &Range<usize>) -> Match {
        let end = range.end.min(block.bytes.len());
        // Only a match that leaves its line is worth a scan: a minified line can hold 100,000 others.
        let (lines_end, more_lines) = if end > line.end {
            // Its last byte decides its last line, so that a matched line break adds no line.
            let rest = &block.bytes[end - 1..];
            let ahead = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
            (end - 1 + ahead, line_breaks(&block.bytes[range.start..end - 1]))
        } else {
            (line.end, 0)
        };
        let text = without_end(&block.bytes[line.start..lines_end]);
        let focus = range.start - line.start..end - line.start;
        let shown = window(text, &focus, self.query.max_line_bytes);
        let first_wanted = number.saturating_sub(self.query.before as u64);
        Match {
            path: Arc::clone(&self.path),
            line: number,
            end_line: number + more_lines,
            column: focus.start as u64 + 1,
            byte_start: block.offset + range.start as u64,
            byte_end: block.offset + range.end as u64,
            transcoded: false,
            text: LossyText::from_bytes(&text[shown.clone()]),
            text_column: shown.start as u64 + 1,
            clipped: shown.len() < text.len(),
            before: self.recent.iter().filter(|line| line.line >= first_wanted).cloned().collect(),
            after: Vec::new(),
        }
    }

    /// Gives a line to the matches that still want it as context after.
    fn finish_open(&mut self, number: u64, line: &[u8]) {
        let after = self.query.after as u64;
        if after == 0 {
            return;
        }
        let mut shown = None;
        for at in self.open..self.matches.len() {
            let last = self.matches[at].end_line;
            if number > last + after {
                self.open = at + 1;
            } else if number > last {
                let line = shown.get_or_insert_with(|| self.query.context_line(number, line)).clone();
                self.matches[at].after.push(line);
            }
        }
    }

    fn remember(&mut self, number: u64, line: &[u8]) {
        if self.query.before == 0 || self.matches.len() >= self.keep {
            return;
        }
        if self.recent.len() == self.query.before {
            self.recent.pop_front();
        }
        self.recent.push_back(self.query.context_line(number, line));
    }
}

fn line_breaks(bytes: &[u8]) -> u64 {
    bytes.split(|&byte| byte == b'\n').skip(1).count() as u64
}

impl GrepQuery {
    fn context_line(&self, number: u64, line: &[u8]) -> ContextLine {
        let line = without_end(line);
        let shown = window(line, &(0..0), self.max_line_bytes);
        ContextLine {
            line: number,
            clipped: shown.len() < line.len(),
            text: LossyText::from_bytes(&line[shown]),
        }
    }
}

impl Sink for FileSink<'_> {
    type Error = io::Error;

    fn matched(&mut self, searcher: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        let ranges = self.ranges(searcher, found.buffer(), found.bytes_range_in_buffer())?;
        let block = Block {
            bytes: found.bytes(),
            first_line: found.line_number().unwrap_or(1),
            offset: found.absolute_byte_offset(),
        };
        self.add_block(&block, &ranges);
        Ok(self.total < self.enough)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> io::Result<bool> {
        let number = line.line_number().unwrap_or(1);
        self.finish_open(number, line.bytes());
        self.remember(number, line.bytes());
        Ok(true)
    }

    fn binary_data(&mut self, searcher: &Searcher, _: u64) -> io::Result<bool> {
        self.is_binary |= searcher.binary_detection().quit_byte().is_some();
        Ok(true)
    }
}
