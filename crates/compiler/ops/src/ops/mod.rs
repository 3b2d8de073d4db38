//! One operator, or one family of operators, a file.

pub mod batch_normalization;
pub mod binary;
pub mod clip;
pub mod constant;
pub mod conv;
pub mod flatten;
pub mod gemm;
pub mod identity;
pub mod matmul;
pub mod pool;
pub mod reshape;
pub mod softmax;
pub mod unary;
