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
    gemm
    identity
    matmul
    pool
    reshape
    softmax
    unary
}
