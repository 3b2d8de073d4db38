//! Step 3: a block of B that fits the first-level cache is used for all rows of A before the next one is read.

use super::{Problem, Run};
use fastserve_kernels::KernelError;

/// 32 rows by 256 columns are 32 KiB of B; a KiB of C beside it. The first-level cache has 48.
const ROWS: usize = 32;
const COLS: usize = 256;

pub(super) fn start(problem: &Problem) -> Result<Option<Run<'_>>, KernelError> {
    Ok(Some(Box::new(|c| {
        multiply(problem.n, &problem.a, &problem.b, c);
        Ok(())
    })))
}

fn multiply(n: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    c.fill(0.0);
    for first_col in (0..n).step_by(COLS) {
        let cols = first_col..n.min(first_col + COLS);
        for first_row in (0..n).step_by(ROWS) {
            let rows = first_row..n.min(first_row + ROWS);
            for (a, c) in a.chunks_exact(n).zip(c.chunks_exact_mut(n)) {
                let c = &mut c[cols.clone()];
                for k in rows.clone() {
                    let (a, b) = (a[k], &b[k * n..][cols.clone()]);
                    for (c, &b) in c.iter_mut().zip(b) {
                        *c += a * b;
                    }
                }
            }
        }
    }
}
