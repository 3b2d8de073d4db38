//! Packing at run time, of operands that are no constants.

use fastserve_ir::{OpError, PackConvSpec, PackGemmSpec};
use fastserve_kernels::gemm::pack_b;

use crate::step_io::StepIo;
use crate::steps::{kernel_error, reference};

pub(crate) fn gemm_b(mut io: StepIo<'_>, spec: &PackGemmSpec) -> Result<(), OpError> {
    let shape = io.in_shape(0)?;
    let [.., rows, cols] = shape.dims() else {
        return Err(OpError::Value(format!("expected a matrix, got {shape}")));
    };
    let (k, n, strides) = if spec.trans_b { (*cols, *rows, (1, *cols)) } else { (*rows, *cols, (*cols, 1)) };
    let (b, y) = (io.slice::<f32>(0)?, io.take_f32(0)?);
    if k * n == 0 {
        return Ok(());
    }
    let one = y.len() / (b.len() / (k * n)).max(1);
    for (b, y) in b.chunks_exact(k * n).zip(y.chunks_exact_mut(one)) {
        pack_b(spec.format, k, n, b, strides.0, strides.1, y).map_err(kernel_error)?;
    }
    Ok(())
}

/// Weights that are computed are rare: the reference body packs them.
pub(crate) fn conv_weights(io: StepIo<'_>, _: &PackConvSpec) -> Result<(), OpError> {
    reference::run(io)
}
