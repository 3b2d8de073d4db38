//! Sizes of batches in steps: 1, 2, 3, 4, 6, 8, 12, 16, 24, … rows, where the engine's plans step too.

/// Number of buckets; the last one ends at 65,536 rows and takes all that is larger.
pub(crate) const BUCKETS: usize = 32;

/// The bucket of a number of rows: the first that does not end below it.
pub(crate) fn bucket(rows: u32) -> usize {
    match rows {
        0..=2 => rows.saturating_sub(1) as usize,
        _ => {
            let octave = (rows - 1).ilog2();
            let is_upper = rows > 3 << (octave - 1);
            (2 * octave as usize + usize::from(is_upper)).min(BUCKETS - 1)
        }
    }
}

/// The most rows of a bucket.
pub(crate) fn end(bucket: usize) -> u32 {
    let octave = u32::try_from(bucket / 2).unwrap_or(15).min(15);
    match bucket {
        0 => 1,
        1 => 2,
        b if b.is_multiple_of(2) => 3 << (octave - 1),
        _ => 2 << octave,
    }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, bucket, end};

    #[test]
    fn two_an_octave() {
        let ends: Vec<u32> = (0..12).map(end).collect();
        assert_eq!(ends, [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
        assert_eq!(end(BUCKETS - 1), 65_536);
    }

    #[test]
    fn the_first_that_does_not_end_below() {
        for rows in 1..=65_536 {
            let b = bucket(rows);
            assert!(rows <= end(b) && (b == 0 || end(b - 1) < rows), "{rows} in {b}");
        }
        assert_eq!((bucket(0), bucket(u32::MAX)), (0, BUCKETS - 1));
    }
}
