//! Operators that are made of others: one file each, one word each in the list.

mod attending;
mod attention;
mod biased_gelu;
mod embed_layer_normalization;
mod features;
mod flex_attention;
mod fused_conv;
mod fused_matmul;
mod group_query_attention;
mod matmul_n_bits;
mod matmul_of_codes;
mod multi_head_attention;
mod parts;
mod qlinear;
mod qlinear_conv;
mod quantized;
mod rotary_embedding;
mod skip_normalization;

use crate::def::CompositeDef;

macro_rules! list {
    ($($file:ident)*) => {
        /// The definitions of every file.
        pub(crate) static COMPOSITES: &[&[CompositeDef]] = &[$($file::DEFS),*];
    };
}

list! {
    attention
    biased_gelu
    embed_layer_normalization
    features
    flex_attention
    fused_conv
    fused_matmul
    group_query_attention
    matmul_n_bits
    matmul_of_codes
    multi_head_attention
    qlinear
    qlinear_conv
    rotary_embedding
    skip_normalization
}
