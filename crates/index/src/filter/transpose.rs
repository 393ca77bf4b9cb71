/// Turns 64 rows of 64 bits around, the lowest bit first (Warren, Hacker's Delight, section 7-3).
pub(crate) fn transpose(rows: &mut [u64; 64]) {
    let mut distance = 32;
    let mut mask = 0x0000_0000_FFFF_FFFF_u64;
    while distance != 0 {
        let mut row = 0;
        while row < 64 {
            let swapped = ((rows[row] >> distance) ^ rows[row + distance]) & mask;
            rows[row] ^= swapped << distance;
            rows[row + distance] ^= swapped;
            row = (row + distance + 1) & !distance;
        }
        distance >>= 1;
        mask ^= mask << distance;
    }
}
