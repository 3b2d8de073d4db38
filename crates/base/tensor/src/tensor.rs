//! An owned or shared tensor.

use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;

use bytes::Bytes;

use crate::dtype::DType;
use crate::element::Element;
use crate::error::TensorError;
use crate::shape::Shape;
use crate::storage::{ALIGNMENT, AlignedBuf, Storage};
use crate::view::{TensorView, TensorViewMut, check_length};

/// A tensor: element type, extents and bytes, row-major. A clone is a reference count; writing copies first where
/// somebody else can see the bytes.
#[derive(Clone)]
pub struct Tensor {
    dtype: DType,
    shape: Shape,
    storage: Storage,
}

impl Tensor {
    /// All zero.
    ///
    /// # Errors
    /// A size that overflows, or no memory.
    pub fn zeros(dtype: DType, shape: Shape) -> Result<Self, TensorError> {
        let buf = AlignedBuf::zeroed(dtype.storage_bytes(&shape)?)?;
        Ok(Self { dtype, shape, storage: Storage::Owned(Arc::new(buf)) })
    }

    /// A copy of `data`.
    ///
    /// # Errors
    /// The elements must fill the shape exactly.
    pub fn from_slice<T: Element>(shape: &[usize], data: &[T]) -> Result<Self, TensorError> {
        let view = TensorView::of(Shape::new(shape)?, data)?;
        Self::copy_of(&view)
    }

    /// A tensor of rank 0.
    ///
    /// # Errors
    /// No memory.
    pub fn scalar<T: Element>(value: T) -> Result<Self, TensorError> {
        Self::from_slice(&[], &[value])
    }

    /// A copy of a view.
    ///
    /// # Errors
    /// No memory.
    pub fn copy_of(view: &TensorView<'_>) -> Result<Self, TensorError> {
        let buf = AlignedBuf::copy_of(view.bytes())?;
        Ok(Self { dtype: view.dtype(), shape: *view.shape(), storage: Storage::Owned(Arc::new(buf)) })
    }

    /// A tensor of codes, copied as they are.
    ///
    /// # Errors
    /// No memory; they must fill the shape exactly.
    pub fn from_codes(dtype: DType, shape: Shape, codes: &[u8]) -> Result<Self, TensorError> {
        Self::copy_of(&TensorView::new(dtype, shape, codes)?)
    }

    /// A part of shared bytes, such as a mapped file: kept as it is where it is aligned to an element, copied where not.
    ///
    /// # Errors
    /// The bytes must fill the shape exactly.
    pub fn from_shared(dtype: DType, shape: Shape, bytes: Bytes) -> Result<Self, TensorError> {
        check_length(dtype, &shape, bytes.len())?;
        let aligned = (bytes.as_ptr() as usize).is_multiple_of(dtype.size_bytes());
        let storage = if aligned { Storage::Shared(bytes) } else { Storage::Owned(Arc::new(AlignedBuf::copy_of(&bytes)?)) };
        Ok(Self { dtype, shape, storage })
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Number of elements.
    pub fn numel(&self) -> usize {
        self.shape.numel()
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.storage.bytes()
    }

    /// The elements.
    ///
    /// # Errors
    /// Another element type.
    pub fn as_slice<T: Element>(&self) -> Result<&[T], TensorError> {
        self.view()?.as_slice()
    }

    /// A borrowed view.
    ///
    /// # Errors
    /// None for a tensor made by this crate; the signature is that of [`TensorView::new`].
    pub fn view(&self) -> Result<TensorView<'_>, TensorError> {
        TensorView::new(self.dtype, self.shape, self.bytes())
    }

    /// A borrowed view to write.
    ///
    /// # Errors
    /// No memory for the copy that a shared tensor needs.
    pub fn view_mut(&mut self) -> Result<TensorViewMut<'_>, TensorError> {
        TensorViewMut::new(self.dtype, self.shape, self.storage.bytes_mut()?)
    }

    /// The elements, to write.
    ///
    /// # Errors
    /// Another element type, or no memory for the copy that a shared tensor needs.
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T], TensorError> {
        if T::DTYPE != self.dtype {
            return Err(TensorError::DType { expected: T::DTYPE, got: self.dtype });
        }
        bytemuck::try_cast_slice_mut(self.storage.bytes_mut()?).map_err(|_| TensorError::Misaligned(T::DTYPE))
    }

    /// The same elements under other extents.
    ///
    /// # Errors
    /// The numbers of elements must agree.
    pub fn reshaped(&self, shape: Shape) -> Result<Self, TensorError> {
        if shape.checked_numel() != self.shape.checked_numel() {
            return Err(TensorError::Reshape { from: self.shape, to: shape });
        }
        Ok(Self { dtype: self.dtype, shape, storage: self.storage.clone() })
    }

    /// The same tensor in memory of its own, aligned to [`ALIGNMENT`] and free of any mapped file.
    ///
    /// # Errors
    /// No memory.
    pub fn detached(&self) -> Result<Self, TensorError> {
        if self.storage.is_owned() {
            return Ok(self.clone());
        }
        Self::copy_of(&self.view()?)
    }

    /// A hash of type, extents and bytes, equal for equal tensors within one process.
    pub fn content_hash(&self) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(self.dtype.name().as_bytes());
        self.shape.iter().for_each(|&d| hasher.write_usize(d));
        hasher.write(self.bytes());
        hasher.finish()
    }

    /// Whether the bytes start at a multiple of [`ALIGNMENT`].
    pub fn is_line_aligned(&self) -> bool {
        (self.bytes().as_ptr() as usize).is_multiple_of(ALIGNMENT)
    }
}

impl PartialEq for Tensor {
    /// Equal type, extents and bytes (so a NaN equals itself, and 0 differs from −0).
    fn eq(&self, other: &Self) -> bool {
        self.dtype == other.dtype && self.shape == other.shape && self.bytes() == other.bytes()
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_bytes_are_kept_or_copied() {
        let file = Bytes::from(AlignedBuf::copy_of(&[0u8; 16]).unwrap().bytes().to_vec());
        let start = file.as_ptr() as usize % 4;
        let aligned = file.slice((4 - start) % 4..).slice(..8);
        let odd = file.slice((5 - start) % 4..).slice(..8);
        for part in [aligned, odd] {
            let t = Tensor::from_shared(DType::F32, Shape::new(&[2]).unwrap(), part).unwrap();
            assert_eq!(t.as_slice::<f32>().unwrap(), &[0.0, 0.0]);
            assert!(t.detached().unwrap().is_line_aligned());
        }
    }

    #[test]
    fn writing_does_not_touch_a_clone() {
        let a = Tensor::from_slice(&[2], &[1.0f32, 2.0]).unwrap();
        let mut b = a.clone();
        b.as_mut_slice::<f32>().unwrap()[0] = 9.0;
        assert_eq!(a.as_slice::<f32>().unwrap(), &[1.0, 2.0]);
        assert_eq!(b.as_slice::<f32>().unwrap(), &[9.0, 2.0]);
    }

    #[test]
    fn wrong_types_and_lengths_are_named() {
        let t = Tensor::from_slice(&[2], &[1i64, 2]).unwrap();
        assert_eq!(t.as_slice::<f32>(), Err(TensorError::DType { expected: DType::F32, got: DType::I64 }));
        assert!(Tensor::from_slice(&[3], &[1i64, 2]).is_err());
        assert!(t.reshaped(Shape::new(&[3]).unwrap()).is_err());
    }
}
