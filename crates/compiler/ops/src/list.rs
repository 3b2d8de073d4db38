//! The op list: one word an operator file.

use crate::def::OpDef;
use crate::ops;

macro_rules! list {
    ($($file:ident)*) => {
        /// The definitions of every file.
        pub(crate) static LISTS: &[&[OpDef]] = &[$(ops::$file::DEFS),*];
    };
}

list! {
    batch_normalization
    binary
    clip
    constant
    conv
    flatten
    fused_conv
    fused_gemm
    gemm
    identity
    matmul
    pack_conv
    pack_gemm
    pool
    reshape
    softmax
    unary
}
