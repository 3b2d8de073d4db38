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
    arg_extreme
    batch_normalization
    binary
    blocks
    cast
    choose
    clip
    col2im
    compare
    concat
    constant
    conv
    conv_transpose
    cum_sum
    depth_to_space
    dropout
    expand
    fill
    flatten
    fused_conv
    fused_gemm
    fused_recurrent
    gather
    gather_elements
    gemm
    global_average_pool
    global_max_pool
    hardmax
    identity
    instance_normalization
    is_nan
    layer_normalization
    lp_normalization
    lrn
    matmul
    mean_variance_normalization
    one_hot
    pack_conv
    pack_gemm
    pad
    pool
    pow
    prelu
    recurrent
    reduce
    reshape
    resize
    scatter
    shape
    size
    slice
    softmax
    split
    squeeze
    transpose
    trigonometric
    trilu
    unary
    variadic
}
