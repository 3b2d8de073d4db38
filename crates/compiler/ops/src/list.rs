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
    aligned
    arg_extreme
    attention
    batch_normalization
    biased_gelu
    binary
    bits
    blocks
    cast
    cast_like
    causal_conv_with_state
    choose
    clip
    col2im
    compare
    compress
    concat
    constant
    control
    conv
    conv_integer
    conv_transpose
    cum_sum
    depth_to_space
    dequantize_linear
    det
    dft
    dropout
    dynamic_quantize_lstm
    einsum
    expand
    fill
    flatten
    fused_attention
    fused_conv
    fused_gemm
    fused_matmul
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
    linear_attention
    losses
    lp_normalization
    lrn
    matmul
    matmul_integer
    mean_variance_normalization
    mel_weight_matrix
    non_max_suppression
    non_zero
    one_hot
    pack_conv
    pack_gemm
    pad
    pool
    pow
    prelu
    quantize_linear
    random
    recurrent
    reduce
    reshape
    resize
    reverse_sequence
    rotary_embedding
    scatter
    shape
    shrink
    size
    skip_normalization
    slice
    softmax
    split
    squeeze
    stft
    swish
    tensor_scatter
    tf_idf_vectorizer
    top_k
    transpose
    trigonometric
    trilu
    unary
    unique
    unpack_bits
    variadic
    windows
}
