//! Reading files in the background, to know what they cannot hold.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use orchestrator_scheduler::executor::StepContext;
use orchestrator_search::paths::{PathKey, absolute};
use orchestrator_search::{Progress, SearchError, Stamp, Work, link_count};

use super::root::Root;
use super::state::{Signed, State};
use crate::filter::{DEFAULT_MAX_DENSITY, Signature, Signer};

/// Files taken at a time. Small: each batch is one step.
const BATCH: usize = 16;
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

    fn sign_batch(&self, batch: &[PathKey], context: &StepContext<'_>) {
        let mut signer = Signer::new();
        let mut buffer = vec![0; BINARY_HEAD];
        let signed: Vec<_> = batch
            .iter()
            .map(|path| {
                // Others go first; the file is taken up again later.
                let aborted = context.should_yield() && self.root.is_closed();
                (path, (!aborted).then(|| sign(&self.root, path, &mut signer, &mut buffer)))
            })
            .collect();
        let mut state = self.root.lock();
        // What happened while the files were read has been heard of by now.
        self.root.listen(&mut state);
        let lost = state.heard.lost || state.heard.touched.values().any(|touch| touch.directory);
        for (path, signed) in signed {
            let touched = lost || state.heard.touched.contains_key(&*path.0);
            state.install(path, signed.filter(|_| !touched));
        }
    }
}

fn sign(root: &Root, path: &PathKey, signer: &mut Signer, buffer: &mut [u8]) -> Signed {
    let unreadable = Signed {
        stamp: Stamp { size: 0, mtime_ns: i64::MIN, ctime_ns: i64::MIN, inode: 0, device: 0 },
        signature: None,
        racy: true,
        shared: false,
    };
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
    let mut head = fill(&mut file, buffer)?;
    let marked_utf16 = buffer[..head].starts_with(&[0xFF, 0xFE]) || buffer[..head].starts_with(&[0xFE, 0xFF]);
    let signature = if !marked_utf16 && buffer[..head].contains(&0) {
        Signature::default()
    } else {
        while head > 0 && !root.is_closed() {
            signer.feed(&buffer[..head]);
            head = fill(&mut file, buffer)?;
        }
        signer.finish(DEFAULT_MAX_DENSITY)
    };
    let shared = link_count(&metadata) > 1;
    Ok(Signed { stamp, signature: Some(Arc::new(signature)), racy, shared })
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
