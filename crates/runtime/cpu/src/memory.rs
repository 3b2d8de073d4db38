//! Offsets into one arena for values that live at different times.
//!
//! Greedy by size (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020, section 4): the
//! largest buffer first, each at the lowest offset where no buffer that lives at the same time is.

use fastserve_tensor::{ALIGNMENT, Region};

/// A buffer and the steps in which it must hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer {
    /// Size in bytes.
    pub(crate) len: usize,
    /// First step.
    pub(crate) first: usize,
    /// Last step, included.
    pub(crate) last: usize,
}

/// A region for each buffer and the size of the arena; `None` on overflow.
pub(crate) fn place(buffers: &[Buffer]) -> Option<(Vec<Region>, usize)> {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(buffers[i].len));
    let mut placed: Vec<usize> = Vec::with_capacity(buffers.len());
    let mut regions = vec![Region::default(); buffers.len()];
    let mut end = 0;
    for i in order {
        let size = buffers[i].len.checked_next_multiple_of(ALIGNMENT)?;
        let offset = lowest_gap(buffers, &regions, &placed, i, size)?;
        regions[i] = Region { offset, len: buffers[i].len };
        end = end.max(offset.checked_add(size)?);
        // Kept sorted by offset, for `lowest_gap`.
        let at = placed.partition_point(|&p| regions[p].offset <= offset);
        placed.insert(at, i);
    }
    Some((regions, end))
}

fn lowest_gap(buffers: &[Buffer], regions: &[Region], placed: &[usize], i: usize, size: usize) -> Option<usize> {
    let same_time = |p: usize| buffers[p].first <= buffers[i].last && buffers[i].first <= buffers[p].last;
    let mut offset = 0usize;
    for &p in placed.iter().filter(|&&p| same_time(p)) {
        if offset.checked_add(size)? <= regions[p].offset {
            break;
        }
        let past = regions[p].offset.checked_add(regions[p].len)?.checked_next_multiple_of(ALIGNMENT)?;
        offset = offset.max(past);
    }
    Some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(len: usize, first: usize, last: usize) -> Buffer {
        Buffer { len, first, last }
    }

    #[test]
    fn a_chain_needs_two_buffers() {
        let chain: Vec<Buffer> = (0..10).map(|i| buffer(1000, i, i + 1)).collect();
        let (_, len) = place(&chain).unwrap();
        assert_eq!(len, 2048);
    }

    #[test]
    fn what_lives_together_lies_apart() {
        let mut seed = 1u64;
        let mut next = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        for _ in 0..50 {
            let buffers: Vec<Buffer> = (0..40).map(|_| (next(5000), next(30), next(5))).map(|(l, f, d)| buffer(l, f, f + d)).collect();
            let (regions, len) = place(&buffers).unwrap();
            for (i, a) in buffers.iter().enumerate() {
                assert!(regions[i].offset + a.len <= len && regions[i].offset % ALIGNMENT == 0);
                for (j, b) in buffers.iter().enumerate().skip(i + 1) {
                    let together = a.first <= b.last && b.first <= a.last;
                    assert!(!together || !regions[i].overlaps(&regions[j]), "{a:?} and {b:?} share bytes");
                }
            }
        }
    }

    #[test]
    fn overflow_is_none() {
        assert!(place(&[buffer(usize::MAX, 0, 1), buffer(64, 0, 1)]).is_none());
    }
}
