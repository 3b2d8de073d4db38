//! Step 1: the definition. Each element of C is a row of A times a column of B.
//!
//! Two operations wait for each other, k after k, and each reads another line of B's memory: 64 bytes for 4.

use super::{Problem, Run};
use fastserve_kernels::KernelError;

pub(super) fn start(problem: &Problem) -> Result<Option<Run<'_>>, KernelError> {
    Ok(Some(Box::new(|c| {
        multiply(problem.n, &problem.a, &problem.b, c);
        Ok(())
    })))
}

fn multiply(n: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    for i in 0..n {
        for j in 0..n {
            let mut sum = 0.0;
            for k in 0..n {
                sum += a[i * n + k] * b[k * n + j];
            }
            c[i * n + j] = sum;
        }
    }
}
