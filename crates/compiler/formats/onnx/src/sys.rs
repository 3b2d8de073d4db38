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

/// The contents of a file, read: no more than it had when reading began.
pub(crate) fn copy(file: &File) -> io::Result<Bytes> {
    use io::Read;
    let len = file.metadata()?.len();
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(len).unwrap_or(usize::MAX)).map_err(io::Error::other)?;
    file.take(len).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// The contents of a file, read or mapped.
pub(crate) fn contents(file: &File, copied: bool) -> io::Result<Bytes> {
    if copied { copy(file) } else { map(file) }
}
