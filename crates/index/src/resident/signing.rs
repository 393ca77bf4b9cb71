//! Reading files in the background, to know what they cannot hold.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use orchestrator_scheduler::executor::StepContext;
use orchestrator_search::paths::{PathKey, absolute};
use orchestrator_search::{Progress, SearchError, Stamp, Work, link_count};

use super::reconcile::UNKNOWN;
use super::root::Root;
use super::state::{Signed, State};
use super::unsigned::Ticket;
use crate::filter::{DEFAULT_MAX_DENSITY, Signature, Signer};

/// Files taken at a time. Small: each batch is one step.
const BATCH: usize = 16;
/// Bytes of a block, at least.
const BLOCK: usize = 32 << 10;
/// Bytes that two blocks share where a line had to be cut: a match that is not longer lies in one of them.
pub(super) const OVERLAP: usize = 512;
/// A NUL so early makes every search give the file up before it matches anything.
const BINARY_HEAD: usize = 64 << 10;

/// The work of reading all files that were not read since they changed, and of packing what came of it.
pub(super) struct Signing {
    root: Arc<Root>,
    busy: AtomicUsize,
}

impl Signing {
    pub(super) fn new(root: Arc<Root>) -> Self {
        Self { root, busy: AtomicUsize::new(0) }
    }

    fn sign_batch(&self, batch: &[(PathKey, Ticket)], context: &StepContext<'_>) {
        let mut signer = Signer::new();
        let mut buffer = vec![0; BINARY_HEAD];
        let results: Vec<_> = batch
            .iter()
            .map(|taken| {
                // Others go first; the file is taken up again later.
                let aborted = context.should_yield() && self.root.is_closed();
                (taken, (!aborted).then(|| sign(&self.root, &taken.0, &mut signer, &mut buffer)))
            })
            .collect();
        let mut state = self.root.lock();
        // What happened while the files were read has been heard of by now; files that were touched are read again.
        self.root.listen(&mut state);
        for (taken, signed) in results {
            state.install(taken, signed);
        }
    }
}

fn sign(root: &Root, path: &PathKey, signer: &mut Signer, buffer: &mut [u8]) -> Signed {
    let unreadable = Signed { stamp: UNKNOWN, rows: None, cut: false, racy: true, shared: false };
    read(root, path, signer, buffer).unwrap_or(unreadable)
}

fn read(root: &Root, path: &PathKey, signer: &mut Signer, buffer: &mut [u8]) -> io::Result<Signed> {
    let path = absolute(root.path(), &path.0);
    // Before it is opened: opening a FIFO waits for somebody to write to it.
    if !path.symlink_metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let stamp = Stamp::of(&metadata);
    let racy = stamp.is_fresh(SystemTime::now());
    let mut filled = fill(&mut file, buffer)?;
    let head = &buffer[..filled];
    let marked_utf16 = head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]);
    let mut blocks = Blocks::new(signer);
    if marked_utf16 || memchr::memchr(0, head).is_none() {
        while filled > 0 && !root.is_closed() {
            if marked_utf16 {
                blocks.signer.feed(&buffer[..filled]);
            } else {
                buffer[..filled].chunks(BLOCK).for_each(|chunk| blocks.feed(chunk));
            }
            filled = fill(&mut file, buffer)?;
        }
    }
    let shared = link_count(&metadata) > 1;
    let (rows, cut) = blocks.finish();
    Ok(Signed { stamp, rows: Some(rows.into()), cut, racy, shared })
}

/// Cuts a file into blocks: in a large file as a whole, too much would be found that is far apart.
///
/// Blocks end with a line where they can. Where a line is too long for that it is cut, and the blocks overlap.
struct Blocks<'a> {
    signer: &'a mut Signer,
    rows: Vec<Signature>,
    length: usize,
    cut: bool,
}

impl<'a> Blocks<'a> {
    fn new(signer: &'a mut Signer) -> Self {
        Self { signer, rows: Vec::new(), length: 0, cut: false }
    }

    fn feed(&mut self, chunk: &[u8]) {
        self.length += chunk.len();
        if self.length < BLOCK {
            return self.signer.feed(chunk);
        }
        if let Some(end) = memchr::memrchr(b'\n', chunk) {
            let (before, after) = chunk.split_at(end + 1);
            self.end(before, after);
        } else if chunk.len() >= OVERLAP {
            self.cut = true;
            self.end(chunk, &chunk[chunk.len() - OVERLAP..]);
        } else {
            self.signer.feed(chunk);
        }
    }

    /// Ends a block with `last`; the next one begins with `first`.
    fn end(&mut self, last: &[u8], first: &[u8]) {
        self.signer.feed(last);
        self.rows.push(self.signer.finish(DEFAULT_MAX_DENSITY));
        self.signer.feed(first);
        self.length = first.len();
    }

    fn finish(mut self) -> (Vec<Signature>, bool) {
        let rest = self.signer.finish(DEFAULT_MAX_DENSITY);
        // The end of a file that was cut may hold nothing.
        if self.length > 0 || self.rows.is_empty() {
            self.rows.push(rest);
        }
        (self.rows, self.cut)
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl Work for Signing {
    type Output = ();
    type Error = SearchError;

    fn step(&self, context: &StepContext<'_>) -> Result<Progress, SearchError> {
        let begun = Instant::now();
        loop {
            if self.root.is_closed() {
                return Ok(Progress::Idle);
            }
            let batch = {
                let mut state = self.root.lock();
                let batch = state.take_unsigned(BATCH);
                // Counted under the lock, so that no worker sees neither the files nor who reads them.
                if !batch.is_empty() {
                    self.busy.fetch_add(1, Ordering::AcqRel);
                }
                batch
            };
            if batch.is_empty() {
                return Ok(Progress::Idle);
            }
            if batch.len() == BATCH {
                context.widen(usize::MAX);
            }
            self.sign_batch(&batch, context);
            self.busy.fetch_sub(1, Ordering::AcqRel);
            if begun.elapsed().as_micros() > 500 || context.should_yield() {
                return Ok(Progress::More);
            }
        }
    }

    fn output(&self) -> Result<(), SearchError> {
        Ok(())
    }
}

impl State {
    /// Whether so much lies over the base that building it anew pays.
    pub(super) fn wants_packing(&self) -> bool {
        const LEAST: usize = 256;
        let over = self.patches.len() + self.added.len() + self.gone.count();
        over > LEAST.max(self.base.len() / 16) || (over > 0 && self.patches.len() * 2 > self.base.len())
    }
}
