//! The bitmap against a set.

use std::collections::BTreeSet;

use orchestrator_index::filter::Bitmap;
use proptest::prelude::*;

fn bitmap(len: usize, members: &BTreeSet<usize>) -> Bitmap {
    let mut bitmap = Bitmap::new(len);
    for member in members {
        bitmap.set(*member);
    }
    bitmap
}

proptest! {
    #[test]
    fn does_what_a_set_does(
        (len, first, second, cut) in (1_usize..300).prop_flat_map(|len| {
            let set = proptest::collection::btree_set(0..len, 0..len.min(40));
            (Just(len), set.clone(), set, (0..=len, 0..=len))
        })
    ) {
        let mut bits = bitmap(len, &first);
        prop_assert_eq!(bits.iter_ones().collect::<BTreeSet<_>>(), first.clone());
        prop_assert_eq!(bits.count(), first.len());
        prop_assert_eq!(bits.is_empty(), first.is_empty());
        prop_assert!((0..len).all(|index| bits.get(index) == first.contains(&index)));
        let from: Vec<_> = bits.iter_ones_from(cut.0).collect();
        prop_assert_eq!(from, first.range(cut.0..).copied().collect::<Vec<_>>());

        let mut both = bits.clone();
        both.and(&bitmap(len, &second));
        prop_assert_eq!(both, bitmap(len, &(&first & &second)));
        let mut either = bits.clone();
        either.or(&bitmap(len, &second));
        prop_assert_eq!(either, bitmap(len, &(&first | &second)));

        let range = cut.0.min(cut.1)..cut.0.max(cut.1);
        bits.clear_range(range.clone());
        let rest = first.iter().copied().filter(|index| !range.contains(index)).collect();
        prop_assert_eq!(&bits, &bitmap(len, &rest));
        for index in &rest {
            bits.clear(*index);
        }
        prop_assert!(bits.is_empty());
    }

    #[test]
    fn a_full_one_holds_nothing_beyond_its_end(len in 0_usize..200) {
        let full = Bitmap::ones(len);
        prop_assert_eq!(full.count(), len);
        prop_assert_eq!(full.iter_ones().collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
        prop_assert_eq!(full.iter_ones_from(len + 100).count(), 0);
    }
}
