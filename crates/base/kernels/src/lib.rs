//! Compute kernels over slices, one row per kernel.

pub mod conv;
pub mod elementwise;
pub mod epilogue;
pub mod gemm;
