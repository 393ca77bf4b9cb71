//! Compares ways to know which files may hold a text, on a real tree:
//! `cargo run --release -p orchestrator-index --example filters -- FOLDER...`
//!
//! Prints Markdown. Times are CPU time of one thread, of contents that are in memory.

#![expect(clippy::print_stdout, reason = "the result")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]
#![expect(clippy::unwrap_used, reason = "a measurement stops at what is wrong")]

mod alternatives;

use std::collections::{BTreeMap, HashMap};
use std::env::args_os;
use std::fs;
use std::path::Path;

use grep_matcher::Matcher;
use grep_regex::RegexMatcherBuilder;
use orchestrator_index::filter::{Bitmap, Columns, DEFAULT_MAX_DENSITY, GramQuery, Signature};

use alternatives::{Filter, Sliced, bigrams, blocked, postings, sign};

/// Larger files, and those with a NUL, are left out, as no search finds anything in the latter.
const MAX_FILE: u64 = 4 << 20;
const LENGTHS: [usize; 4] = [4, 6, 8, 12];
const NEEDLES: usize = 60;
/// Runs of each query, as the clock of a thread's CPU time is coarse.
const REPEATS: u32 = 40;
/// Files of a large tree, for which the rows of a smaller one are taken again and again.
const LARGE: usize = 90_000;

fn main() {
    for folder in args_os().skip(1) {
        let mut files = Vec::new();
        let (reading, ()) = cpu(|| read(Path::new(&folder), &mut files));
        let bytes: usize = files.iter().map(Vec::len).sum();
        println!("\n### {}\n", folder.to_string_lossy());
        println!("{} files, {:.0} MB; reading them takes {reading:.2} s.\n", files.len(), bytes as f64 / 1e6);
        let (signing, rows) = cpu(|| sign(&files, DEFAULT_MAX_DENSITY, false));
        println!("Signing: {signing:.2} s, {:.0} MB/s.\n", bytes as f64 / 1e6 / signing);
        let exact = Columns::build(sign(&files, 0.05, false).iter().map(Some));
        let needles = needles(&files, &exact);
        filters(&files, &rows, &needles);
        densities(&files, &needles);
        large(&rows, &needles);
    }
}

/// CPU seconds of this thread.
fn cpu<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let now = || {
        let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let start = now();
    let result = work();
    ((now() - start) as f64 / 1e9, result)
}

fn read(folder: &Path, files: &mut Vec<Vec<u8>>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            read(&entry.path(), files);
        } else if kind.is_file() && entry.metadata().unwrap().len() <= MAX_FILE {
            let content = fs::read(entry.path()).unwrap();
            if !content.contains(&0) {
                files.push(content);
            }
        }
    }
}

/// A text to look for, and the number of files that hold it.
type Needle = (Vec<u8>, usize);
/// By kind and length.
type Needles = BTreeMap<(&'static str, usize), Vec<Needle>>;

/// Identifiers that are rare, and such as do not occur, for each length.
fn needles(files: &[Vec<u8>], exact: &Columns) -> Needles {
    let mut seen: HashMap<Vec<u8>, (usize, usize)> = HashMap::new();
    for (ordinal, file) in files.iter().enumerate() {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let words = file.split(|byte| !is_part(byte)).filter(|word| LENGTHS.contains(&word.len()));
        for word in words.filter(|word| !word[0].is_ascii_digit()) {
            let (last, count) = seen.entry(word.to_vec()).or_insert((usize::MAX, 0));
            *count += usize::from(*last != ordinal);
            *last = ordinal;
        }
    }
    let mut rare: Vec<_> =
        seen.into_iter().filter(|(_, (_, count))| *count <= 5).map(|(word, _)| word).collect();
    rare.sort_unstable();
    // A fixed shuffle.
    rare.sort_by_key(|word| crc32fast::hash(word));
    let mut needles = Needles::new();
    for length in LENGTHS {
        let words: Vec<_> = rare.iter().filter(|word| word.len() == length).collect();
        for pair in words.windows(2).take(4000) {
            let mixed = [&pair[0][..length / 2], &pair[1][length / 2..]].concat();
            for (kind, text, wanted) in [("rare", pair[0].clone(), 1..=5), ("absent", mixed, 0..=0)] {
                let list = needles.entry((kind, length)).or_default();
                if list.len() < NEEDLES {
                    let count = count(files, exact, &text);
                    if wanted.contains(&count) {
                        list.push((text, count));
                    }
                }
            }
        }
    }
    let common = ["function", "return", "import", "license"].map(|text| (text.as_bytes().to_vec(), 0));
    needles.insert(("common", 0), common.iter().cycle().take(80).cloned().collect());
    needles
}

fn count(files: &[Vec<u8>], exact: &Columns, text: &[u8]) -> usize {
    let mut builder = RegexMatcherBuilder::new();
    builder.unicode(false).fixed_strings(true);
    let matcher = builder.build(std::str::from_utf8(text).unwrap()).unwrap();
    let mut found = Bitmap::new(files.len());
    exact.candidates(&GramQuery::text(text).into(), &mut found);
    found.iter_ones().filter(|ordinal| matcher.is_match(&files[*ordinal]).unwrap()).take(6).count()
}

fn report(name: &str, files: usize, (building, filter): (f64, &dyn Filter), needles: &Needles) {
    print!("| {name} | {:.1} | {building:.2} |", filter.bytes() as f64 / 1e6);
    let mut times: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
    for ((kind, _), texts) in needles {
        let mut found = Bitmap::new(files);
        let mut surplus = 0;
        let (time, ()) = cpu(|| {
            for (text, count) in texts {
                for _ in 0..REPEATS {
                    found.clear_all();
                    filter.candidates(text, &mut found);
                }
                assert!(found.count() >= *count, "{name} misses {}", String::from_utf8_lossy(text));
                surplus += found.count() - count;
            }
        });
        let (sum, queries) = times.entry(kind).or_default();
        (*sum, *queries) = (*sum + time / f64::from(REPEATS), *queries + texts.len());
        if *kind != "common" {
            print!(" {:.3} |", 100.0 * surplus as f64 / (texts.len().max(1) * files) as f64);
        }
    }
    let micros = |kind| times.get(kind).map_or(0.0, |(time, queries)| time * 1e6 / *queries as f64);
    println!(" {:.0} | {:.0} | {:.0} |", micros("rare"), micros("common"), micros("absent"));
}

fn heading(first: &str) {
    let of = |kind: &str| LENGTHS.map(|length| format!(" {kind} {length} |")).concat();
    println!("| {first} | MB | CPU s |{}{} µs rare | µs common | µs absent |", of("absent"), of("rare"));
    println!("|{}", "---|".repeat(14));
}

fn filters(files: &[Vec<u8>], rows: &[Signature], needles: &Needles) {
    heading("filter");
    let show = |name, (time, filter): (f64, &dyn Filter)| report(name, files.len(), (time, filter), needles);
    let (time, filter) = cpu(|| bigrams(files));
    show("(a) bigram bitmaps", (time, &filter));
    let (time, filter) = cpu(|| postings(files));
    show("(b) gram postings", (time, &filter));
    let (time, filter) = cpu(|| blocked(files, rows));
    show("(c) blocked Bloom rows, 3 bits", (time, &filter));
    let (time, filter) = cpu(|| {
        let rows = sign(files, DEFAULT_MAX_DENSITY, false);
        Sliced(Columns::build(rows.iter().map(Some)), false)
    });
    show("(d) columns, 1 bit", (time, &filter));
    let (time, filter) = cpu(|| {
        let mut twice = sign(files, 0.0, true);
        twice.iter_mut().zip(rows).for_each(|(row, like)| row.fold_to(like.width_log2()));
        Sliced(Columns::build(twice.iter().map(Some)), true)
    });
    show("(d) columns, 2 bits, as large", (time, &filter));
}

fn densities(files: &[Vec<u8>], needles: &Needles) {
    println!("\nThe density up to which (d) with one bit is folded:\n");
    heading("density");
    for max_density in [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6] {
        let (time, filter) = cpu(|| {
            let rows = sign(files, max_density, false);
            Sliced(Columns::build(rows.iter().map(Some)), false)
        });
        report(&max_density.to_string(), files.len(), (time, &filter), needles);
    }
}

fn large(rows: &[Signature], needles: &Needles) {
    let (building, columns) = cpu(|| Columns::build(rows.iter().cycle().take(LARGE).map(Some)));
    let (saving, signatures) = cpu(|| columns.signatures());
    let megabytes = columns.bytes() as f64 / 1e6;
    println!("\n{} files like these: {megabytes:.1} MB, columns built in {building:.2} s,", signatures.len());
    println!("turned back into rows in {saving:.2} s; a query takes");
    let mut found = Bitmap::new(LARGE);
    for ((kind, length), texts) in needles {
        let (time, ()) = cpu(|| {
            for (text, _) in texts.iter().cycle().take(20 * NEEDLES) {
                found.clear_all();
                columns.candidates(&GramQuery::text(text).into(), &mut found);
            }
        });
        println!("- {kind} {length}: {:.1} µs", time * 1e6 / (20 * NEEDLES) as f64);
    }
}
