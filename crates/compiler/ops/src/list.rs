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
    choose
    clip
    compare
    concat
    constant
    conv
    dropout
    expand
    fill
    flatten
    fused_conv
    fused_gemm
    gather
    gemm
    global_average_pool
    identity
    is_nan
    matmul
    pack_conv
    pack_gemm
    pad
    pool
    pow
    reduce
    reshape
    resize
    shape
    size
    slice
    softmax
    split
    squeeze
    transpose
    unary
    variadic
}
