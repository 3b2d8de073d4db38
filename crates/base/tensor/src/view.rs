//! Borrowed tensors.

use crate::dtype::DType;
use crate::element::Element;
use crate::error::TensorError;
use crate::shape::Shape;

/// A borrowed tensor, row-major.
#[derive(Clone, Copy, Debug)]
pub struct TensorView<'a> {
    dtype: DType,
    shape: Shape,
    bytes: &'a [u8],
}

impl<'a> TensorView<'a> {
    /// A view of `bytes`.
    ///
    /// # Errors
    /// The bytes must fill the shape exactly.
    pub fn new(dtype: DType, shape: Shape, bytes: &'a [u8]) -> Result<Self, TensorError> {
        check_length(dtype, &shape, bytes.len())?;
        Ok(Self { dtype, shape, bytes })
    }

    /// A view of a slice.
    ///
    /// # Errors
    /// The elements must fill the shape exactly.
    pub fn of<T: Element>(shape: Shape, data: &'a [T]) -> Result<Self, TensorError> {
        Self::new(T::DTYPE, shape, bytemuck::cast_slice(data))
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The same elements under other extents.
    ///
    /// # Errors
    /// The numbers of bytes must agree.
    pub fn reshaped(&self, shape: Shape) -> Result<Self, TensorError> {
        Self::new(self.dtype, shape, self.bytes)
    }

    /// The elements.
    ///
    /// # Errors
    /// Another element type, or bytes that are not aligned to one.
    pub fn as_slice<T: Element>(&self) -> Result<&'a [T], TensorError> {
        check_dtype::<T>(self.dtype)?;
        bytemuck::try_cast_slice(self.bytes).map_err(|_| TensorError::Misaligned(self.dtype))
    }
}

/// A borrowed tensor to write, row-major.
#[derive(Debug)]
pub struct TensorViewMut<'a> {
    dtype: DType,
    shape: Shape,
    bytes: &'a mut [u8],
}

impl<'a> TensorViewMut<'a> {
    /// A view of no element: a placeholder.
    pub fn empty() -> Self {
        Self { dtype: DType::U8, shape: Shape::EMPTY, bytes: &mut [] }
    }

    /// A view of `bytes`.
    ///
    /// # Errors
    /// The bytes must fill the shape exactly.
    pub fn new(dtype: DType, shape: Shape, bytes: &'a mut [u8]) -> Result<Self, TensorError> {
        check_length(dtype, &shape, bytes.len())?;
        Ok(Self { dtype, shape, bytes })
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The bytes.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// The elements.
    ///
    /// # Errors
    /// Another element type, or bytes that are not aligned to one.
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T], TensorError> {
        check_dtype::<T>(self.dtype)?;
        bytemuck::try_cast_slice_mut(self.bytes).map_err(|_| TensorError::Misaligned(self.dtype))
    }
}

fn check_dtype<T: Element>(got: DType) -> Result<(), TensorError> {
    if T::DTYPE == got { Ok(()) } else { Err(TensorError::DType { expected: T::DTYPE, got }) }
}

pub(crate) fn check_length(dtype: DType, shape: &Shape, got: usize) -> Result<(), TensorError> {
    let expected = dtype.storage_bytes(shape)?;
    if expected == got { Ok(()) } else { Err(TensorError::Length { dtype, shape: *shape, expected, got }) }
}
