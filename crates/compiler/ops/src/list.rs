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
    affine_grid
    aligned
    arg_extreme
    attention
    batch_normalization
    binary
    bits
    blocks
    blocks_to_image
    cast
    cast_like
    causal_conv_with_state
    center_crop_pad
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
    deform_conv
    depth_to_space
    dequantize_linear
    det
    dft
    dropout
    dynamic_quantize_lstm
    einsum
    expand
    extend_cache
    fill
    flatten
    fused_attention
    fused_conv
    fused_gemm
    fused_recurrent
    gather
    gather_elements
    gemm
    global_average_pool
    global_max_pool
    grid_sample
    hardmax
    identity
    instance_normalization
    is_nan
    layer_normalization
    linear_attention
    losses
    lp_normalization
    lp_pool
    lrn
    matmul
    matmul_integer
    max_roi_pool
    max_unpool
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
    roi_align
    rotary_embedding
    scatter
    shape
    shrink
    size
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
