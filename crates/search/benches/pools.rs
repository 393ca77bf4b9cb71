//! Whether a pool of read buffers wins: a search of 2,000 files whose buffers come from four places, beside the
//! bare cost of getting a buffer there.
//!
//! - `allocator`: a new `Vec` for each file;
//! - `locked pool`: size classes of 1, 4, 16 and 64 KiB behind a mutex, with guards that give back;
//! - `pool a thread`: the same classes, one set for each thread, without a lock;
//! - `kept`: one buffer that each worker keeps and that grows to what its files need.

use std::cell::RefCell;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, criterion_group};
use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};
use tempfile::TempDir;

const FILES: usize = 2_000;
const CLASSES: [usize; 4] = [1 << 10, 4 << 10, 16 << 10, 64 << 10];
/// Buffers kept in each class.
const KEPT: usize = 8;
/// Sizes of source files, each as often as the others: a long tail above a small median.
const SIZES: [usize; 10] = [300, 700, 1_200, 2_000, 3_200, 5_000, 8_000, 14_000, 30_000, 120_000];

/// Idle buffers by class.
type Shelves = [Vec<Vec<u8>>; CLASSES.len()];

/// Where read buffers come from.
trait Buffers: Sync {
    /// A buffer that is empty and has room for `len` bytes, given back when dropped.
    fn lease(&self, len: usize) -> impl DerefMut<Target = Vec<u8>>;
}

struct Allocator;

impl Buffers for Allocator {
    fn lease(&self, len: usize) -> impl DerefMut<Target = Vec<u8>> {
        Lease { buffer: Vec::with_capacity(len), give_back: drop }
    }
}

/// Gives its buffer back on every path; a second time is impossible, since the buffer is gone then.
struct Lease<F: FnMut(Vec<u8>)> {
    buffer: Vec<u8>,
    give_back: F,
}

impl<F: FnMut(Vec<u8>)> Deref for Lease<F> {
    type Target = Vec<u8>;
    fn deref(&self) -> &Vec<u8> {
        &self.buffer
    }
}

impl<F: FnMut(Vec<u8>)> DerefMut for Lease<F> {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }
}

impl<F: FnMut(Vec<u8>)> Drop for Lease<F> {
    fn drop(&mut self) {
        (self.give_back)(std::mem::take(&mut self.buffer));
    }
}

fn take_from(shelves: &mut Shelves, len: usize) -> Vec<u8> {
    match CLASSES.iter().position(|&class| len <= class) {
        Some(class) => shelves[class].pop().unwrap_or_else(|| Vec::with_capacity(CLASSES[class])),
        None => Vec::with_capacity(len),
    }
}

fn put_back(shelves: &mut Shelves, mut buffer: Vec<u8>) {
    // Nothing handed out carries earlier content: it is only reachable within the length.
    buffer.clear();
    if let Some(class) = CLASSES.iter().position(|&class| buffer.capacity() == class)
        && shelves[class].len() < KEPT
    {
        shelves[class].push(buffer);
    }
}

#[derive(Default)]
struct LockedPool(Mutex<Shelves>);

impl LockedPool {
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffers for LockedPool {
    fn lease(&self, len: usize) -> impl DerefMut<Target = Vec<u8>> {
        let buffer = take_from(&mut self.shelves(), len);
        Lease { buffer, give_back: |buffer| put_back(&mut self.shelves(), buffer) }
    }
}

thread_local! {
    static SHELVES: RefCell<Shelves> = RefCell::default();
    static KEPT_BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct PoolOfThread;

impl Buffers for PoolOfThread {
    fn lease(&self, len: usize) -> impl DerefMut<Target = Vec<u8>> {
        let buffer = SHELVES.with_borrow_mut(|shelves| take_from(shelves, len));
        Lease { buffer, give_back: |buffer| SHELVES.with_borrow_mut(|shelves| put_back(shelves, buffer)) }
    }
}

struct KeptByWorker;

impl Buffers for KeptByWorker {
    fn lease(&self, len: usize) -> impl DerefMut<Target = Vec<u8>> {
        let mut buffer = KEPT_BUFFER.take();
        buffer.clear();
        buffer.reserve(len);
        Lease { buffer, give_back: |buffer| KEPT_BUFFER.set(buffer) }
    }
}

/// Files that are like source: lines of 20 to 60 bytes, of which one in fifty has the word.
fn corpus() -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("a folder");
    let line = "    let value = compute(input, options); // and so on\n";
    let rare = "    let needle = find(haystack); // what is looked for\n";
    let paths = (0..FILES).map(|file| {
        let size = SIZES[file % SIZES.len()];
        let mut text = String::with_capacity(size + line.len());
        for number in file.. {
            if text.len() >= size {
                break;
            }
            text.push_str(if number % 50 == 0 { rare } else { &line[number % 20..] });
        }
        let path = folder.path().join(format!("{file}.rs"));
        fs::write(&path, text).expect("a file");
        path
    });
    let paths = paths.collect();
    (folder, paths)
}

struct Count(u64);

impl Sink for Count {
    type Error = io::Error;
    fn matched(&mut self, _: &Searcher, line: &SinkMatch<'_>) -> Result<bool, Self::Error> {
        self.0 += black_box(line.bytes()).len() as u64;
        Ok(true)
    }
}

fn searcher() -> Searcher {
    SearcherBuilder::new().binary_detection(BinaryDetection::quit(0)).line_number(true).build()
}

/// Reads and searches one file as a grep does.
fn search_file(
    path: &PathBuf,
    buffers: &impl Buffers,
    matcher: impl Matcher,
    searcher: &mut Searcher,
) -> u64 {
    let mut file = File::open(path).expect("a file");
    let len = usize::try_from(file.metadata().expect("metadata").len()).expect("fits");
    // One more, so that the end is seen without the buffer growing.
    let mut buffer = buffers.lease(len + 1);
    file.read_to_end(&mut buffer).expect("readable");
    let mut count = Count(0);
    searcher.search_slice(matcher, &buffer, &mut count).expect("searchable");
    count.0
}

fn search_all(paths: &[PathBuf], workers: usize, buffers: &impl Buffers, matcher: &RegexMatcher) -> u64 {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut searcher = searcher();
        let matcher = matcher.clone();
        let mut found = 0;
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            found += search_file(path, buffers, &matcher, &mut searcher);
        }
        found
    };
    if workers == 1 {
        return work();
    }
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).sum()
    })
}

/// Rounds in which each kind of buffers searches all files once.
const ROUNDS: usize = 120;

/// Ratios of time to the allocator's within the same round, so that what else the machine does hits all alike.
fn end_to_end() -> io::Result<()> {
    let (_folder, paths) = corpus();
    let matcher = RegexMatcherBuilder::new().line_terminator(Some(b'\n')).build("needle").expect("a pattern");
    let pool = LockedPool::default();
    for workers in [1, 2] {
        let kinds: [(&str, &dyn Fn() -> u64); 5] = [
            ("allocator", &|| search_all(&paths, workers, &Allocator, &matcher)),
            ("allocator again (the noise)", &|| search_all(&paths, workers, &Allocator, &matcher)),
            ("locked pool", &|| search_all(&paths, workers, &pool, &matcher)),
            ("pool a thread", &|| search_all(&paths, workers, &PoolOfThread, &matcher)),
            ("kept", &|| search_all(&paths, workers, &KeptByWorker, &matcher)),
        ];
        let mut times = [const { Vec::new() }; 5];
        for round in 0..ROUNDS {
            for turn in 0..kinds.len() {
                let kind = (round + turn) % kinds.len();
                let begun = Instant::now();
                black_box(kinds[kind].1());
                times[kind].push(begun.elapsed().as_secs_f64());
            }
        }
        let mut out = io::stdout().lock();
        writeln!(out, "search of {FILES} files, {workers} workers, {ROUNDS} rounds")?;
        for ((name, _), of_kind) in kinds.iter().zip(&times) {
            let ratios = sorted(of_kind.iter().zip(&times[0]).map(|(time, allocator)| time / allocator));
            let times = sorted(of_kind.iter().copied());
            let quartile = |number: usize| ratios[(ROUNDS - 1) * number / 4];
            writeln!(
                out,
                "  {name:28} fastest {:6.2} ms, median {:6.2} ms; to the allocator {:.3} (quartiles {:.3} to {:.3})",
                times[0] * 1e3,
                times[ROUNDS / 2] * 1e3,
                quartile(2),
                quartile(1),
                quartile(3),
            )?;
        }
    }
    Ok(())
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn lease_once(buffers: &impl Buffers, len: usize) {
    let mut buffer = buffers.lease(len);
    // The first byte: memory that was never touched costs nothing yet.
    buffer.push(1);
    black_box(buffer.as_ptr());
}

fn lease_only(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lease and give back");
    let pool = LockedPool::default();
    for class in CLASSES {
        group.bench_function(BenchmarkId::new("allocator", class), |bencher| {
            bencher.iter(|| lease_once(&Allocator, class));
        });
        group.bench_function(BenchmarkId::new("locked pool", class), |bencher| {
            bencher.iter(|| lease_once(&pool, class));
        });
        group.bench_function(BenchmarkId::new("pool a thread", class), |bencher| {
            bencher.iter(|| lease_once(&PoolOfThread, class));
        });
        group.bench_function(BenchmarkId::new("kept", class), |bencher| {
            bencher.iter(|| lease_once(&KeptByWorker, class));
        });
    }
}

criterion_group!(benches, lease_only);

fn main() -> io::Result<()> {
    end_to_end()?;
    benches();
    Criterion::default().configure_from_args().final_summary();
    Ok(())
}
