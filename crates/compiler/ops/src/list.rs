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
    blocks
    cast
    clip
    concat
    constant
    conv
    conv_transpose
    dropout
    flatten
    fused_conv
    fused_gemm
    gather
    gemm
    global_average_pool
    global_max_pool
    hardmax
    identity
    instance_normalization
    layer_normalization
    lp_normalization
    lrn
    matmul
    mean_variance_normalization
    pack_conv
    pack_gemm
    pad
    pool
    prelu
    recurrent
    reduce
    reshape
    shape
    softmax
    squeeze
    transpose
    unary
}
