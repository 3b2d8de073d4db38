//! Operators that are made of others: one file each, one word each in the list.

mod fused_conv;
mod matmul_n_bits;
mod matmul_of_codes;
mod qlinear;
mod qlinear_conv;
mod quantized;

use crate::def::CompositeDef;

macro_rules! list {
    ($($file:ident)*) => {
        /// The definitions of every file.
        pub(crate) static COMPOSITES: &[&[CompositeDef]] = &[$($file::DEFS),*];
    };
}

list! {
    fused_conv
    matmul_n_bits
    matmul_of_codes
    qlinear
    qlinear_conv
}
