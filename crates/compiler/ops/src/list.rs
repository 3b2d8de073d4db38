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
    cast
    clip
    concat
    constant
    conv
    dropout
    flatten
    fused_conv
    fused_gemm
    gather
    gemm
    global_average_pool
    identity
    matmul
    pack_conv
    pack_gemm
    pad
    pool
    reduce
    reshape
    shape
    softmax
    squeeze
    transpose
    trigonometric
    unary
}
