//! Sums of products of small integers.

/// Calls `put(i, j, Σ a[i][k] · b[j][k])` for all rows of `a` and `b`, which have `k` elements; sums wrap around.
pub(crate) fn products(a: &[i16], b: &[i16], k: usize, mut put: impl FnMut(usize, usize, i32)) {
    if k == 0 {
        return;
    }
    for (i, pair) in a.chunks(2 * k).enumerate() {
        let (first, second) = pair.split_at(k);
        for (j, four) in b.chunks(4 * k).enumerate() {
            if second.is_empty() || four.len() < 4 * k {
                for (r, a) in pair.chunks_exact(k).enumerate() {
                    four.chunks_exact(k).enumerate().for_each(|(c, b)| put(2 * i + r, 4 * j + c, dot(a, b)));
                }
                continue;
            }
            let sums = tile(first, second, four, k);
            sums.iter().enumerate().for_each(|(at, sum)| put(2 * i + at / 4, 4 * j + at % 4, *sum));
        }
    }
}

fn dot(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).fold(0, |sum: i32, (a, b)| sum.wrapping_add(i32::from(*a).wrapping_mul(i32::from(*b))))
}

/// Two rows by four.
fn tile(p: &[i16], q: &[i16], four: &[i16], k: usize) -> [i32; 8] {
    let (p, q) = (&p[..k], &q[..k]);
    let (b0, b1, b2, b3) = (&four[..k], &four[k..2 * k], &four[2 * k..3 * k], &four[3 * k..4 * k]);
    let mut s = [0i32; 8];
    for i in 0..k {
        let (x, z) = (i32::from(p[i]), i32::from(q[i]));
        let b = [i32::from(b0[i]), i32::from(b1[i]), i32::from(b2[i]), i32::from(b3[i])];
        s[0] = s[0].wrapping_add(x.wrapping_mul(b[0]));
        s[1] = s[1].wrapping_add(x.wrapping_mul(b[1]));
        s[2] = s[2].wrapping_add(x.wrapping_mul(b[2]));
        s[3] = s[3].wrapping_add(x.wrapping_mul(b[3]));
        s[4] = s[4].wrapping_add(z.wrapping_mul(b[0]));
        s[5] = s[5].wrapping_add(z.wrapping_mul(b[1]));
        s[6] = s[6].wrapping_add(z.wrapping_mul(b[2]));
        s[7] = s[7].wrapping_add(z.wrapping_mul(b[3]));
    }
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_meets_every_other() {
        let k = 19;
        let rows = |n: usize, step: i16| -> Vec<i16> { (0..n * k).map(|i| (i as i16 * step) % 255).collect() };
        for (m, n) in [(1, 1), (2, 4), (3, 7), (5, 8)] {
            let (a, b) = (rows(m, 7), rows(n, -11));
            let mut got = vec![0; m * n];
            products(&a, &b, k, |i, j, sum| got[i * n + j] += sum);
            let expected: Vec<i32> = (0..m * n).map(|at| dot(&a[at / n * k..][..k], &b[at % n * k..][..k])).collect();
            assert_eq!(got, expected, "{m} by {n}");
        }
    }
}
