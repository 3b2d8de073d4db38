//! Step 2: the two inner loops change places. A row of C gets a multiple of a row of B.
//!
//! Neighbours in memory are neighbours in time, and no element waits for the next: the compiler makes vectors of it. But each
//! product now reads and writes C.

use super::{Problem, Run};
use fastserve_kernels::KernelError;

pub(super) fn start(problem: &Problem) -> Result<Option<Run<'_>>, KernelError> {
    Ok(Some(Box::new(|c| {
        multiply(problem.n, &problem.a, &problem.b, c);
        Ok(())
    })))
}

fn multiply(n: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    c.fill(0.0);
    for (a, c) in a.chunks_exact(n).zip(c.chunks_exact_mut(n)) {
        for (&a, b) in a.iter().zip(b.chunks_exact(n)) {
            for (c, &b) in c.iter_mut().zip(b) {
                *c += a * b;
            }
        }
    }
}
