//! Compute kernels over slices, one row per kernel.
//!
//! A kernel knows no tensors and no graphs: it takes slices, sizes and strides, checks them, and returns a typed error
//! where they do not fit. It allocates nothing; scratch memory is the caller's. Results do not depend on the team's
//! size, nor on which of the instruction sets with a fused multiply-add runs ([`class`] is the rule).

pub mod attention;
pub mod blocked;
pub mod class;
pub mod col2im;
pub mod conv;
mod disjoint;
pub mod elementwise;
pub mod epilogue;
mod error;
pub mod gemm;
mod grain;
pub mod linear;
pub mod lrn;
pub mod movement;
pub mod normalize;
pub mod pool;
pub mod recurrent;
pub mod reduce;
pub mod softmax;
mod tile;
pub mod window;

pub use class::{K_CHUNK, RoundingClass, gemm_class};
pub use epilogue::{Activation, BiasAxis, Epilogue};
pub use error::KernelError;
