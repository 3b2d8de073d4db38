//! Operators that are made of others: one file each, one word each in the list.

mod fused_conv;

use crate::def::CompositeDef;

macro_rules! list {
    ($($file:ident)*) => {
        /// The definitions of every file.
        pub(crate) static COMPOSITES: &[&[CompositeDef]] = &[$($file::DEFS),*];
    };
}

list! {
    fused_conv
}
