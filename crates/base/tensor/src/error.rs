//! What can be wrong with a tensor.

use thiserror::Error;

use crate::dtype::DType;
use crate::shape::Shape;

/// What can be wrong with a tensor or with the way it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TensorError {
    /// The tensor holds another type.
    #[error("expected elements of type {expected}, got {got}")]
    DType {
        /// The type asked for.
        expected: DType,
        /// The type held.
        got: DType,
    },
    /// The bytes do not fill the shape exactly.
    #[error("{dtype}{shape} takes {expected} bytes, got {got}")]
    Length {
        /// Element type.
        dtype: DType,
        /// Shape.
        shape: Shape,
        /// Bytes the shape takes.
        expected: usize,
        /// Bytes there are.
        got: usize,
    },
    /// The bytes do not start at a multiple of the element's size.
    #[error("bytes of type {0} are not aligned to an element")]
    Misaligned(DType),
    /// The size overflows.
    #[error("{dtype}{shape} is larger than memory can be")]
    TooLarge {
        /// Element type.
        dtype: DType,
        /// Shape.
        shape: Shape,
    },
    /// The allocator refused.
    #[error("no memory for {0} bytes")]
    OutOfMemory(usize),
    /// More dimensions than a [`Shape`] holds.
    #[error("rank {0} is more than {max}", max = crate::MAX_RANK)]
    Rank(usize),
    /// A shape with another number of elements was asked for.
    #[error("cannot see {from} as {to}: the numbers of elements differ")]
    Reshape {
        /// The shape held.
        from: Shape,
        /// The shape asked for.
        to: Shape,
    },
    /// No type of that name.
    #[error("unknown element type `{0}`")]
    UnknownDType(String),
    /// Two regions of an arena that must be apart overlap, or one leaves the arena.
    #[error("arena region {offset}+{len} overlaps another or leaves the arena")]
    Region {
        /// First byte.
        offset: usize,
        /// Bytes.
        len: usize,
    },
}
