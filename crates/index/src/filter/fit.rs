use std::cmp::Reverse;

use super::signature::Signature;

/// A denser signature lets nearly everything through.
const MAX_DENSITY: f64 = 0.9;
const STEPS: [f64; 7] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, MAX_DENSITY];

/// Folds signatures further until their bits fit into `budget_bytes` together.
///
/// The density that is allowed rises step by step for all, and in each step the largest signatures are
/// folded first. When that is not enough, the largest are dropped: each of those files is then always
/// a candidate.
pub fn fit(signatures: &mut [Option<Signature>], budget_bytes: usize) {
    let mut total: usize = signatures.iter().flatten().map(Signature::bytes).sum();
    if total <= budget_bytes {
        return;
    }
    let mut by_size: Vec<&mut Option<Signature>> = signatures.iter_mut().collect();
    by_size.sort_by_key(|signature| Reverse(signature.as_ref().map_or(0, Signature::bytes)));
    for density in STEPS {
        for signature in by_size.iter_mut().filter_map(|signature| signature.as_mut()) {
            let before = signature.bytes();
            signature.fold_to(signature.width_at(density));
            total -= before - signature.bytes();
            if total <= budget_bytes {
                return;
            }
        }
    }
    by_size.sort_by_key(|signature| {
        let useless = signature.as_ref().is_some_and(|signature| signature.density() > MAX_DENSITY);
        (Reverse(useless), Reverse(signature.as_ref().map_or(0, Signature::bytes)))
    });
    for dropped in by_size.iter_mut().filter_map(|signature| signature.take()) {
        total -= dropped.bytes();
        if total <= budget_bytes {
            return;
        }
    }
}
