//! Element types, shapes, storage and tensors.
//!
//! A [`Tensor`] is bytes with a [`DType`] and a [`Shape`]; it is what crosses crate borders. Kernels never see it: they
//! get slices. The one cast from bytes to elements is [`TensorView::as_slice`], and it is checked.

mod arena;
mod dtype;
mod element;
mod error;
mod narrow;
mod shape;
mod storage;
mod sys;
mod tensor;
mod view;

pub use arena::{Access, Arena, Region};
pub use dtype::DType;
pub use element::{Bool, Element};
pub use error::TensorError;
pub use half::{bf16, f16};
pub use narrow::{Narrow, Rounding, ScaleRounding};
pub use shape::{MAX_RANK, Shape};
pub use storage::{ALIGNMENT, AlignedBuf};
pub use tensor::Tensor;
pub use view::{TensorView, TensorViewMut};
