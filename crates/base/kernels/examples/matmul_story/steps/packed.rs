//! Step 4: B is laid out beforehand in panels of sixteen columns, and the sums of a small tile of C stay in registers for all
//! of k. C is written once, and B is read in the order in which it lies.
//!
//! Weights are constant, so that packing them is not part of the product.

use super::{Problem, Run};
use fastserve_kernels::KernelError;
use fastserve_kernels::gemm::{PackFormat, pack_b};

/// Two rows by sixteen columns are eight registers of four lanes.
const ROWS: usize = 2;
const COLS: usize = 16;

pub(super) fn start(problem: &Problem) -> Result<Option<Run<'_>>, KernelError> {
    let n = problem.n;
    let mut panels = vec![0.0; n.next_multiple_of(COLS) * n];
    pack_b(PackFormat::Panels { nr: COLS as u8 }, n, n, &problem.b, n, 1, &mut panels)?;
    Ok(Some(Box::new(move |c| {
        multiply(n, &problem.a, &panels, c);
        Ok(())
    })))
}

fn multiply(n: usize, a: &[f32], panels: &[f32], c: &mut [f32]) {
    for (p, panel) in panels.chunks_exact(n * COLS).enumerate() {
        let cols = p * COLS..n.min((p + 1) * COLS);
        for (a, c) in a.chunks(ROWS * n).zip(c.chunks_mut(ROWS * n)) {
            let (a0, a1) = a.split_at(n);
            // A last row that is alone is computed twice.
            let sums = tile([a0, if a1.is_empty() { a0 } else { a1 }], panel);
            for (c, sums) in c.chunks_exact_mut(n).zip(&sums) {
                c[cols.clone()].copy_from_slice(&sums[..cols.len()]);
            }
        }
    }
}

fn tile([a0, a1]: [&[f32]; ROWS], panel: &[f32]) -> [[f32; COLS]; ROWS] {
    let mut sums = [[0.0; COLS]; ROWS];
    let (panel, _) = panel.as_chunks::<COLS>();
    for ((&a0, &a1), b) in a0.iter().zip(a1).zip(panel) {
        for j in 0..COLS {
            sums[0][j] += a0 * b[j];
            sums[1][j] += a1 * b[j];
        }
    }
    sums
}
