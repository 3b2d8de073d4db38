//! One operator, or one family of operators, a file.

pub mod batch_normalization;
pub mod binary;
pub mod cast;
pub mod clip;
pub mod concat;
pub mod constant;
pub mod conv;
pub mod flatten;
pub mod fused_conv;
pub mod fused_gemm;
pub mod gather;
pub mod gemm;
pub mod global_average_pool;
pub mod identity;
pub mod matmul;
pub mod pack_conv;
pub mod pack_gemm;
pub mod pad;
pub mod pool;
pub mod reduce;
pub mod reshape;
pub mod shape;
pub mod softmax;
pub mod squeeze;
pub mod transpose;
pub mod unary;
