//! Operators: one file each under `ops/`, one word each in [`list`](mod@list).
//!
//! A file holds everything an operator is: how it is built from attributes, what it infers, its reference body, and what it
//! lowers to. Families of one shape (unary, binary, reductions) are one table each.

mod broadcast;
mod def;
mod elements;
pub mod epilogue;
mod list;
mod ops;
mod window;

pub use def::{OpDef, Ops, definitions};
pub use ops::{batch_normalization, binary, clip, constant, conv, fused_conv, fused_gemm, gemm, identity, matmul, pack_conv, pack_gemm, unary};
pub use window::{AutoPad, WindowAttrs};
