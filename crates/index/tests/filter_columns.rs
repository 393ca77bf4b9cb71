//! Columns answer as their rows do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use orchestrator_index::filter::{Bitmap, Columns, Gram, GramQuery, Requirement, Signature};
use proptest::prelude::*;

fn signature() -> impl Strategy<Value = Option<Signature>> {
    let signature = (6_u8..=9, any::<bool>(), any::<u64>()).prop_map(|(width, exotic, seed)| {
        let word = |index: u64| (seed ^ index).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        let bits = (0..1_u64 << (width - 6)).map(|index| word(index) | word(index + 99)).collect();
        Signature::from_parts(width, exotic, bits).unwrap()
    });
    proptest::option::weighted(0.9, signature)
}

fn query() -> impl Strategy<Value = GramQuery> {
    let gram = any::<[u8; 3]>().prop_map(|bytes| Gram::new(bytes).map_or(GramQuery::All, GramQuery::Gram));
    let leaf = prop_oneof![8 => gram, 1 => Just(GramQuery::Never), 1 => Just(GramQuery::All)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let terms = proptest::collection::vec(inner, 0..5);
        // Also such as the constructors would simplify.
        prop_oneof![
            terms.clone().prop_map(GramQuery::And),
            terms.clone().prop_map(GramQuery::Or),
            terms.clone().prop_map(GramQuery::and),
            terms.prop_map(GramQuery::or),
        ]
    })
}

fn holds(query: &GramQuery, signature: &Signature) -> bool {
    match query {
        GramQuery::All => true,
        GramQuery::Never => false,
        GramQuery::Gram(gram) => signature.may_contain(*gram),
        GramQuery::And(terms) => terms.iter().all(|term| holds(term, signature)),
        GramQuery::Or(branches) => branches.iter().any(|branch| holds(branch, signature)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn agree_with_the_rows(
        signatures in proptest::collection::vec(signature(), 0..300),
        query in query(),
        exotic in any::<bool>(),
    ) {
        let columns = Columns::build(signatures.iter().map(Option::as_ref));
        let requirement = Requirement { query, exotic };
        let mut found = Bitmap::new(columns.len());
        columns.candidates(&requirement, &mut found);
        for (ordinal, signature) in signatures.iter().enumerate() {
            let by_row = signature.as_ref().is_none_or(|signature| {
                (exotic && signature.exotic()) || holds(&requirement.query, signature)
            });
            prop_assert_eq!(signature.as_ref().is_none_or(|row| row.accepts(&requirement)), by_row);
            prop_assert_eq!(found.get(ordinal), by_row);
        }
    }

    #[test]
    fn give_the_rows_back(signatures in proptest::collection::vec(signature(), 0..300)) {
        let columns = Columns::build(signatures.iter().map(Option::as_ref));
        prop_assert_eq!(columns.len(), signatures.len());
        prop_assert_eq!(&columns.signatures(), &signatures);
        for ordinal in 0..signatures.len() + 2 {
            prop_assert_eq!(columns.signature(ordinal), signatures.get(ordinal).cloned().flatten());
        }
    }

    #[test]
    fn simplifying_a_query_does_not_change_what_it_accepts(
        terms in proptest::collection::vec(query(), 0..6),
        signature in signature(),
    ) {
        let Some(signature) = signature else { return Ok(()) };
        let all = GramQuery::and(terms.clone());
        prop_assert_eq!(holds(&all, &signature), holds(&GramQuery::And(terms.clone()), &signature));
        let any = GramQuery::or(terms.clone());
        prop_assert_eq!(holds(&any, &signature), holds(&GramQuery::Or(terms), &signature));
    }
}

#[test]
fn are_about_as_large_as_their_rows() {
    let rows: Vec<_> =
        (0..1000_u64).map(|row| Signature::from_parts(12, false, vec![row; 64].into()).unwrap()).collect();
    let columns = Columns::build(rows.iter().map(Some));
    let bytes: usize = rows.iter().map(Signature::bytes).sum();
    assert!(columns.bytes() < bytes + bytes / 50, "{} for {bytes}", columns.bytes());
}

#[test]
fn candidates_are_added_to_what_is_there() {
    let row = Signature::default();
    let columns = Columns::build([Some(&row), None, Some(&row)]);
    let mut found = Bitmap::new(3);
    found.set(0);
    columns.candidates(&GramQuery::Never.into(), &mut found);
    assert_eq!(found.iter_ones().collect::<Vec<_>>(), [0, 1]);
}
