//! Files as memory.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

use bytes::Bytes;
use memmap2::Mmap;

/// The contents of a file, mapped.
pub(crate) fn map(file: &File) -> io::Result<Bytes> {
    if file.metadata()?.len() == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: the mapping is private and read-only. Whoever changes the file meanwhile changes what is read, which every
    // reader here takes for arbitrary bytes; whoever truncates it ends the process: users of a loaded graph that must outlive
    // the file copy its tensors (`Tensor::detached`).
    let map = unsafe { Mmap::map(file) }?;
    Ok(Bytes::from_owner(map))
}
