//! Where the bytes of a tensor live.
#![allow(unsafe_code)]

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use bytes::Bytes;

use crate::error::TensorError;

/// Every owned buffer starts at a multiple of this many bytes: one cache line, one 512-bit vector.
pub const ALIGNMENT: usize = 64;

/// One cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; ALIGNMENT]);

// SAFETY: an array of bytes, valid when all are zero.
unsafe impl Zeroable for Line {}
// SAFETY: `repr(C)` with size equal to alignment, so there is no padding; every bit pattern is valid.
unsafe impl Pod for Line {}

/// A boolean element: one byte, any value but 0 is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Bool(pub u8);

// SAFETY: transparent over `u8`.
unsafe impl Zeroable for Bool {}
// SAFETY: transparent over `u8`.
unsafe impl Pod for Bool {}

/// Bytes that start at a multiple of [`ALIGNMENT`].
#[derive(Clone)]
pub struct AlignedBuf {
    lines: Vec<Line>,
    len: usize,
}

impl AlignedBuf {
    /// `len` zero bytes.
    ///
    /// # Errors
    /// [`TensorError::OutOfMemory`] if the allocator refuses.
    pub fn zeroed(len: usize) -> Result<Self, TensorError> {
        let count = len.div_ceil(ALIGNMENT);
        let mut lines: Vec<Line> = Vec::new();
        lines.try_reserve_exact(count).map_err(|_| TensorError::OutOfMemory(len))?;
        crate::sys::prefer_huge_pages(lines.as_mut_ptr().cast(), count * ALIGNMENT);
        lines.resize(count, Line([0; ALIGNMENT]));
        Ok(Self { lines, len })
    }

    /// A copy of `bytes`.
    ///
    /// # Errors
    /// [`TensorError::OutOfMemory`] if the allocator refuses.
    pub fn copy_of(bytes: &[u8]) -> Result<Self, TensorError> {
        let mut buf = Self::zeroed(bytes.len())?;
        buf.bytes_mut().copy_from_slice(bytes);
        Ok(buf)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }

    /// The bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}

/// Who owns a tensor's bytes. A clone is a reference count.
#[derive(Clone)]
pub(crate) enum Storage {
    /// Ours, aligned.
    Owned(Arc<AlignedBuf>),
    /// A part of something else, such as a mapped file.
    Shared(Bytes),
}

impl Storage {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Storage::Owned(buf) => buf.bytes(),
            Storage::Shared(bytes) => bytes,
        }
    }

    /// The bytes, to write; copies first where somebody else can see them.
    pub(crate) fn bytes_mut(&mut self) -> Result<&mut [u8], TensorError> {
        if let Storage::Shared(bytes) = self {
            *self = Storage::Owned(Arc::new(AlignedBuf::copy_of(bytes)?));
        }
        match self {
            Storage::Owned(buf) => Ok(Arc::make_mut(buf).bytes_mut()),
            Storage::Shared(_) => Err(TensorError::OutOfMemory(0)),
        }
    }

    pub(crate) fn is_owned(&self) -> bool {
        matches!(self, Storage::Owned(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_aligned_and_exact() {
        for len in [0, 1, 63, 64, 65, 1000] {
            let buf = AlignedBuf::zeroed(len).unwrap();
            assert_eq!(buf.bytes().len(), len);
            assert_eq!(buf.bytes().as_ptr() as usize % ALIGNMENT, 0);
        }
    }

    #[test]
    fn an_impossible_size_is_an_error() {
        assert!(AlignedBuf::zeroed(usize::MAX / 2).is_err());
    }
}
