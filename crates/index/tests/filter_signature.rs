//! Signatures know every gram of their file, however it was fed and at every width.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use orchestrator_index::filter::{
    DEFAULT_MAX_DENSITY, Gram, GramQuery, MAX_WIDTH_LOG2, MIN_WIDTH_LOG2, Requirement, Signature, Signer,
    fit, grams,
};
use proptest::prelude::*;

fn sign(chunks: &[&[u8]], max_density: f64) -> Signature {
    let mut signer = Signer::new();
    for chunk in chunks {
        signer.feed(chunk);
    }
    signer.finish(max_density)
}

/// Bytes with many line breaks, and many parts of the two exotic letters; from a seed, as it is quicker.
fn content() -> impl Strategy<Value = Vec<u8>> {
    (any::<u64>(), 0_usize..1500).prop_map(|(seed, len)| {
        let mut state = seed | 1;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        };
        let mut byte = move || match next() % 10 {
            0..4 => next(),
            4..8 => b'A' + next() % 57,
            8 => b'\n',
            _ => b"\xC5\xBF\xE2\x84\xAA"[usize::from(next() % 5)],
        };
        (0..len).map(|_| byte()).collect()
    })
}

fn is_exotic(content: &[u8]) -> bool {
    content.windows(2).any(|window| window == [0xC5, 0xBF])
        || content.windows(3).any(|window| window == [0xE2, 0x84, 0xAA])
}

fn has_utf16_mark(content: &[u8]) -> bool {
    content.starts_with(&[0xFF, 0xFE]) || content.starts_with(&[0xFE, 0xFF])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_gram_is_known_at_every_width(content in content()) {
        let full = sign(&[&content], 0.0);
        prop_assert!(has_utf16_mark(&content) || full.exotic() == is_exotic(&content));
        for width in (MIN_WIDTH_LOG2..=MAX_WIDTH_LOG2).rev() {
            let mut folded = full.clone();
            folded.fold_to(width);
            prop_assert_eq!(folded.width_log2(), width.min(full.width_log2()));
            prop_assert!(grams(&content).all(|gram| folded.may_contain(gram)));
        }
    }

    #[test]
    fn chunks_make_no_difference(content in content(), cuts in proptest::collection::vec(0_usize..1500, 0..6)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(content.len())).collect();
        cuts.extend([0, content.len()]);
        cuts.sort_unstable();
        let chunks: Vec<_> = cuts.windows(2).map(|cut| &content[cut[0]..cut[1]]).collect();
        prop_assert_eq!(sign(&chunks, 0.3), sign(&[&content], 0.3));
        let start = &content[..content.len().min(100)];
        prop_assert_eq!(sign(&start.chunks(1).collect::<Vec<_>>(), 0.3), sign(&[start], 0.3));
    }

    #[test]
    fn folding_keeps_to_the_density(content in content(), max_density in 0.05..0.9_f64) {
        let signature = sign(&[&content], max_density);
        let fits = |width| {
            let mut folded = sign(&[&content], 0.0);
            folded.fold_to(width);
            folded.density() <= max_density
        };
        prop_assume!(!has_utf16_mark(&content));
        prop_assert!(fits(signature.width_log2()));
        prop_assert!(signature.width_log2() == MIN_WIDTH_LOG2 || !fits(signature.width_log2() - 1));
    }

    #[test]
    fn fitting_keeps_the_budget_and_every_gram(
        contents in proptest::collection::vec(content(), 1..12),
        budget in 0_usize..4000,
    ) {
        let mut signatures: Vec<_> = contents.iter().map(|content| Some(sign(&[content], 0.4))).collect();
        let before = signatures.clone();
        fit(&mut signatures, budget);
        let bytes = |signatures: &[Option<Signature>]| -> usize {
            signatures.iter().flatten().map(Signature::bytes).sum()
        };
        prop_assert!(bytes(&signatures) <= budget);
        if bytes(&before) <= budget {
            prop_assert_eq!(&signatures, &before);
        }
        for (content, signature) in contents.iter().zip(&signatures) {
            let Some(signature) = signature else { continue };
            prop_assert!(grams(content).all(|gram| signature.may_contain(gram)));
        }
    }
}

#[test]
fn few_grams_make_a_small_signature_that_knows_what_is_missing() {
    let signature = sign(&[b"fn main() {}\n"], DEFAULT_MAX_DENSITY);
    assert_eq!(signature.width_log2(), MIN_WIDTH_LOG2);
    let full = sign(&[b"fn main() {}\n"], 0.0);
    assert!(full.accepts(&GramQuery::text(b"main").into()));
    assert!(!full.accepts(&GramQuery::text(b"MAIN").into()));
    assert!(full.accepts(&GramQuery::text_in_any_case(b"MAIN").into()));
    assert!(!full.accepts(&GramQuery::text(b"mainly").into()));
}

#[test]
fn no_gram_reaches_across_a_line_or_into_the_next_file() {
    assert!(Gram::new(*b"a\nb").is_none());
    let mut signer = Signer::new();
    signer.feed(b"ab\ncd\nef");
    assert_eq!(signer.finish(0.4), Signature::default());
    signer.feed(b"ab");
    assert_eq!(signer.finish(0.4), Signature::default(), "fewer than three bytes");
    signer.feed(b"cd");
    assert_eq!(signer.finish(0.4), Signature::default(), "the signer forgets the file before");
}

#[test]
fn a_file_in_utf_16_may_match_anything() {
    let content: Vec<u8> = "\u{FEFF}fn main".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for cut in 0..3 {
        let signature = sign(&[&content[..cut], &content[cut..]], 0.4);
        assert_eq!(signature, Signature::saturated());
        assert!(signature.accepts(&GramQuery::text(b"anything").into()));
    }
}

#[test]
fn an_exotic_file_passes_when_the_plan_left_its_letters_out() {
    let signature = sign(&["cla\u{17F}s".as_bytes()], 0.0);
    let query = GramQuery::text(b"class");
    assert!(!signature.accepts(&Requirement { query: query.clone(), exotic: false }));
    assert!(signature.accepts(&Requirement { query, exotic: true }));
}

#[test]
fn a_gram_is_as_likely_to_be_seen_falsely_as_bits_are_set() {
    let text: Vec<u8> = (0..4000_u32).flat_map(|word| format!("word{} ", word * 7919).into_bytes()).collect();
    let signature = sign(&[&text], DEFAULT_MAX_DENSITY);
    let absent = (b'a'..=b'z').flat_map(|a| (b'a'..=b'z').map(move |b| Gram::new([a, b, b'q']).unwrap()));
    let (mut seen, mut all) = (0.0, 0.0);
    for gram in absent {
        all += 1.0;
        seen += f64::from(u8::from(signature.may_contain(gram)));
    }
    let share = seen / all;
    assert!((share - signature.density()).abs() < 0.1, "{share} at a density of {}", signature.density());
}
