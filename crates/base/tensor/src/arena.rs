//! One buffer for all intermediate tensors of a run, and the checked way to read some regions while writing others.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use bytemuck::Pod;

use crate::error::TensorError;
use crate::storage::AlignedBuf;

/// Some bytes of an arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Region {
    /// First byte; a multiple of [`crate::ALIGNMENT`] in every plan.
    pub offset: usize,
    /// Number of bytes.
    pub len: usize,
}

impl Region {
    fn end(&self) -> Option<usize> {
        self.offset.checked_add(self.len)
    }

    /// Whether the two share a byte.
    pub fn overlaps(&self, other: &Region) -> bool {
        self.len > 0
            && other.len > 0
            && self.offset < other.offset.saturating_add(other.len)
            && other.offset < self.offset.saturating_add(self.len)
    }
}

/// Memory for the intermediate tensors of a session.
pub struct Arena {
    buf: AlignedBuf,
}

impl Arena {
    /// An arena of `len` zero bytes.
    ///
    /// # Errors
    /// [`TensorError::OutOfMemory`] if the allocator refuses.
    pub fn new(len: usize) -> Result<Self, TensorError> {
        Ok(Self { buf: AlignedBuf::zeroed(len)? })
    }

    /// Size in bytes.
    pub fn len(&self) -> usize {
        self.buf.bytes().len()
    }

    /// Whether it holds no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of one region.
    ///
    /// # Errors
    /// The region must lie inside the arena.
    pub fn bytes(&self, region: Region) -> Result<&[u8], TensorError> {
        let end = region.end().ok_or_else(|| outside(&region))?;
        self.buf.bytes().get(region.offset..end).ok_or_else(|| outside(&region))
    }

    /// Some regions to read and others to write, at once.
    ///
    /// # Errors
    /// A region to write must overlap no other region, and all must lie inside the arena.
    pub fn access<'a>(&'a mut self, reads: &'a [Region], writes: &'a [Region]) -> Result<Access<'a>, TensorError> {
        let len = self.len();
        reads.iter().chain(writes).try_for_each(|r| inside(r, len))?;
        for (i, w) in writes.iter().enumerate() {
            if writes[..i].iter().chain(reads).any(|other| w.overlaps(other)) {
                return Err(outside(w));
            }
        }
        Ok(Access { base: self.buf.bytes_mut().as_mut_ptr(), reads, writes, taken: 0, arena: PhantomData })
    }
}

fn inside(region: &Region, len: usize) -> Result<(), TensorError> {
    match region.end() {
        Some(end) if end <= len => Ok(()),
        _ => Err(outside(region)),
    }
}

fn outside(region: &Region) -> TensorError {
    TensorError::Region { offset: region.offset, len: region.len }
}

/// Regions of an arena that are apart from each other: made by [`Arena::access`].
pub struct Access<'a> {
    base: *mut u8,
    reads: &'a [Region],
    writes: &'a [Region],
    /// One bit for each region to write that was handed out.
    taken: u64,
    arena: PhantomData<&'a mut [u8]>,
}

impl<'a> Access<'a> {
    /// The `i`-th region to read.
    pub fn read(&self, i: usize) -> Option<&'a [u8]> {
        let r = self.reads.get(i)?;
        // SAFETY: `Arena::access` checked that the region lies inside the arena and that no region to write overlaps it;
        // the arena is borrowed mutably for 'a, so nobody else writes it.
        Some(unsafe { std::slice::from_raw_parts(self.base.add(r.offset), r.len) })
    }

    /// The `i`-th region to write; each is handed out once, and only the first 64 can be.
    pub fn write(&mut self, i: usize) -> Option<&'a mut [u8]> {
        let w = self.writes.get(i)?;
        let bit = 1u64.checked_shl(u32::try_from(i).ok()?)?;
        if self.taken & bit != 0 {
            return None;
        }
        self.taken |= bit;
        // SAFETY: `Arena::access` checked that the region lies inside the arena and overlaps no other of this access, the
        // bit in `taken` lets it out once, and the arena is borrowed mutably for 'a.
        Some(unsafe { std::slice::from_raw_parts_mut(self.base.add(w.offset), w.len) })
    }

    /// The `i`-th region to write, as elements.
    pub fn write_as<T: Pod>(&mut self, i: usize) -> Option<&'a mut [T]> {
        bytemuck::try_cast_slice_mut(self.write(i)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Region = Region { offset: 0, len: 64 };
    const B: Region = Region { offset: 64, len: 64 };

    #[test]
    fn reads_and_writes_apart() {
        let mut arena = Arena::new(128).unwrap();
        arena.access(&[], &[A]).unwrap().write(0).unwrap().fill(7);
        let (reads, writes) = ([A], [B]);
        let mut access = arena.access(&reads, &writes).unwrap();
        let out = access.write(0).unwrap();
        out.copy_from_slice(access.read(0).unwrap());
        assert!(access.write(0).is_none(), "a region is handed out once");
        assert_eq!(arena.bytes(B).unwrap(), &[7; 64]);
    }

    #[test]
    fn overlap_and_escape_are_refused() {
        let mut arena = Arena::new(128).unwrap();
        let half = Region { offset: 32, len: 64 };
        assert!(arena.access(&[A], &[half]).is_err());
        assert!(arena.access(&[], &[A, half]).is_err());
        assert!(arena.access(&[Region { offset: 100, len: 64 }], &[]).is_err());
        assert!(arena.access(&[Region { offset: usize::MAX, len: 2 }], &[]).is_err());
    }
}
