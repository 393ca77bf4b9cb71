//! The index file: what was saved comes back, and nothing that is read can do harm.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use orchestrator_index::Stamp;
use orchestrator_index::filter::Signature;
use orchestrator_index::saved::{LoadError, SavedEntry, SavedIndex, load, save};
use proptest::prelude::*;
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("index");
    (folder, path)
}

fn entry() -> impl Strategy<Value = SavedEntry> {
    let signature = (6_u8..=10, any::<bool>(), any::<u64>()).prop_map(|(width, exotic, word)| {
        Signature::from_parts(width, exotic, vec![word; 1 << (width - 6)].into()).unwrap()
    });
    let stamp = (any::<u64>(), any::<i64>(), any::<i64>(), any::<u64>(), any::<u64>());
    (proptest::collection::vec(any::<u8>(), 0..40), stamp, proptest::option::of(signature)).prop_map(
        |(path, (size, mtime_ns, ctime_ns, inode, device), signature)| SavedEntry {
            path,
            stamp: Stamp { size, mtime_ns, ctime_ns, inode, device },
            signature,
        },
    )
}

fn index() -> impl Strategy<Value = SavedIndex> {
    let entries = proptest::collection::vec(entry(), 0..20);
    (proptest::collection::vec(any::<u8>(), 0..40), entries)
        .prop_map(|(root, entries)| SavedIndex { root, entries })
}

fn small() -> SavedIndex {
    let stamp = Stamp { size: 7, mtime_ns: -1, ctime_ns: 3, inode: 4, device: 5 };
    let entry = |path: &[u8], signature| SavedEntry { path: path.to_vec(), stamp, signature };
    SavedIndex {
        root: b"/work".to_vec(),
        entries: vec![
            entry(b"a/b.rs", Some(Signature::default())),
            entry(b"\xFF", None),
            entry(b"c", Signature::from_parts(7, true, Box::new([1, u64::MAX]))),
        ],
    }
}

fn bytes_of(index: &SavedIndex) -> Vec<u8> {
    let (_folder, path) = folder();
    save(&path, index).unwrap();
    fs::read(path).unwrap()
}

fn load_bytes(path: &Path, bytes: &[u8]) -> Result<SavedIndex, LoadError> {
    fs::write(path, bytes).unwrap();
    load(path)
}

/// Makes length and checksum right again, so that what is between them is read.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let len = (bytes.len() as u64).to_le_bytes();
    bytes[12..20].copy_from_slice(&len);
    let end = bytes.len() - 4;
    let checksum = crc32fast::hash(&bytes[..end]).to_le_bytes();
    bytes[end..].copy_from_slice(&checksum);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_was_saved_comes_back(index in index()) {
        let (folder, path) = folder();
        save(&path, &SavedIndex { root: b"old".to_vec(), entries: Vec::new() }).unwrap();
        save(&path, &index).unwrap();
        prop_assert_eq!(load(&path).unwrap(), index);
        prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn garbage_is_an_error(garbage in proptest::collection::vec(any::<u8>(), 0..400), with_head in any::<bool>()) {
        let (_folder, path) = folder();
        let mut bytes = if with_head { bytes_of(&small())[..12].to_vec() } else { Vec::new() };
        bytes.extend(garbage);
        prop_assert!(load_bytes(&path, &bytes).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_forged_file_is_an_error_or_a_value(
        changes in proptest::collection::vec((0_usize..1000, any::<u8>()), 1..6),
        cut in 0_usize..40,
        swap in any::<bool>(),
    ) {
        let (_folder, path) = folder();
        let mut bytes = bytes_of(&small());
        for (place, byte) in changes {
            let place = 20 + place % (bytes.len() - 20);
            bytes[place] = if swap { !bytes[place] } else { byte };
        }
        bytes.truncate(bytes.len() - cut);
        match load_bytes(&path, &sealed(bytes)) {
            Ok(index) => prop_assert_eq!(load_bytes(&path, &bytes_of(&index)).unwrap(), index),
            Err(error) => prop_assert!(matches!(error, LoadError::Corrupt { .. }), "{error}"),
        }
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let (_folder, path) = folder();
    let bytes = bytes_of(&small());
    assert_eq!(load_bytes(&path, &bytes).unwrap(), small());
    for place in 0..bytes.len() {
        for change in [0x01, 0x80, 0xFF, 0x20] {
            let mut changed = bytes.clone();
            changed[place] ^= change;
            let error = load_bytes(&path, &changed).unwrap_err();
            let is_version = (8..12).contains(&place);
            assert_eq!(matches!(error, LoadError::Version { .. }), is_version, "{place}: {error}");
        }
    }
}

#[test]
fn every_cut_and_every_addition_is_noticed() {
    let (_folder, path) = folder();
    let bytes = bytes_of(&small());
    for len in 0..bytes.len() {
        assert!(matches!(load_bytes(&path, &bytes[..len]), Err(LoadError::Corrupt { .. })), "{len}");
    }
    assert!(matches!(load_bytes(&path, &[bytes.as_slice(), b"x"].concat()), Err(LoadError::Corrupt { .. })));
}

#[test]
fn huge_lengths_are_refused_before_memory_is_taken() {
    let (_folder, path) = folder();
    let bytes = bytes_of(&small());
    // The number of entries, the root's length, the first path's length.
    for (place, width) in [(20, 8), (28, 4), (37, 4)] {
        for value in [u64::MAX, u64::from(u32::MAX), u64::MAX / 46, 1 << 31] {
            let mut huge = bytes.clone();
            huge[place..place + width].copy_from_slice(&value.to_le_bytes()[..width]);
            assert!(load_bytes(&path, &sealed(huge)).is_err(), "{value} at {place}");
        }
    }
}

#[test]
fn what_is_not_there_and_what_is_no_file_are_told_apart() {
    let (folder, path) = folder();
    assert!(matches!(load(&path), Err(LoadError::NotFound)));
    assert!(matches!(load(folder.path()), Err(LoadError::Corrupt { .. })));
    let mut newer = bytes_of(&small());
    newer[8] = 9;
    assert!(matches!(load_bytes(&path, &newer), Err(LoadError::Version { found: 9 })));
}

#[test]
fn a_save_that_fails_leaves_the_old_index_and_nothing_else() {
    let (folder, path) = folder();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("occupied"), "").unwrap();
    assert!(save(&path, &small()).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(save(&folder.path().join("missing/index"), &small()).is_err());
}

/// `cargo test --release -p orchestrator-index --test saved -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "the result")]
fn time_of_ninety_thousand_entries() {
    let (_folder, path) = folder();
    let mut index = small();
    let signature = |number: u64| Signature::from_parts(12, false, vec![number; 64].into());
    index.entries = (0..90_000)
        .map(|number| SavedEntry {
            path: format!("packages/some-package-{}/src/module-{number}.ts", number / 100).into_bytes(),
            signature: signature(number),
            ..small().entries[0].clone()
        })
        .collect();
    let start = Instant::now();
    save(&path, &index).unwrap();
    let saved = start.elapsed();
    let start = Instant::now();
    let loaded = load(&path).unwrap();
    println!("{} bytes: save {saved:?}, load {:?}", fs::metadata(&path).unwrap().len(), start.elapsed());
    assert_eq!(loaded, index);
}
