//! Buckets of extents: a plan made for the largest extents of a bucket serves all of them.

/// The smallest of 1, 2, 3, 4, 6, 8, 12, 16, 24, … that is not below `n`: two buckets an octave, so that a plan reserves at
/// most half more than an extent needs.
pub(crate) fn bucket(n: usize) -> usize {
    let Some(power) = n.max(1).checked_next_power_of_two() else { return n };
    let between = power / 4 * 3;
    if n <= between { between } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_an_octave() {
        let all: Vec<usize> = (1..=17).map(bucket).collect();
        assert_eq!(all, [1, 2, 3, 4, 6, 6, 8, 8, 12, 12, 12, 12, 16, 16, 16, 16, 24]);
        assert_eq!(bucket(usize::MAX), usize::MAX);
    }
}
