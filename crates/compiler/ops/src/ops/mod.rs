//! One operator, or one family of operators, a file.

pub mod batch_normalization;
pub mod binary;
pub mod clip;
pub mod constant;
pub mod conv;
pub mod flatten;
pub mod fused_conv;
pub mod fused_gemm;
pub mod gemm;
pub mod identity;
pub mod matmul;
pub mod pack_conv;
pub mod pack_gemm;
pub mod pool;
pub mod reshape;
pub mod softmax;
pub mod unary;
