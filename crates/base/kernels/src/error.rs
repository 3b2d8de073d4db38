//! What a kernel answers where its arguments do not fit each other.

/// Arguments that do not fit. `place` names the kernel and the argument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    /// A slice is too short.
    #[error("{place}: needs {need} elements, got {got}")]
    Length {
        /// The kernel and the argument.
        place: &'static str,
        /// The least number of elements.
        need: usize,
        /// The number given.
        got: usize,
    },
    /// A size does not fit `usize`.
    #[error("{place}: the size overflows")]
    Overflow {
        /// The kernel and the argument.
        place: &'static str,
    },
    /// The row belongs to an instruction set that the chosen CPU does not include.
    #[error("{row}: does not run on {cpu}")]
    Isa {
        /// The kernel's name.
        row: &'static str,
        /// The CPU's name.
        cpu: &'static str,
    },
    /// The sizes contradict each other.
    #[error("{place}: {what}")]
    Shape {
        /// The kernel and the argument.
        place: &'static str,
        /// The rule that is broken.
        what: &'static str,
    },
}

/// `Length` where `got < need`.
pub(crate) fn check_len(place: &'static str, need: usize, got: usize) -> Result<(), KernelError> {
    if got < need { Err(KernelError::Length { place, need, got }) } else { Ok(()) }
}

/// The product of `sizes`, or `Overflow`. Bounded by `isize::MAX` bytes of `f32`, as every slice is.
pub(crate) fn product(place: &'static str, sizes: &[usize]) -> Result<usize, KernelError> {
    let total = sizes.iter().try_fold(1usize, |total, &size| total.checked_mul(size));
    total.filter(|&total| total <= isize::MAX as usize / 4).ok_or(KernelError::Overflow { place })
}

/// The least length of a slice with the given `(size, stride)` pairs; zero where a size is.
pub(crate) fn extent(place: &'static str, dims: &[(usize, usize)]) -> Result<usize, KernelError> {
    if dims.iter().any(|&(size, _)| size == 0) {
        return Ok(0);
    }
    let last = dims.iter().try_fold(0usize, |last, &(size, stride)| (size - 1).checked_mul(stride).and_then(|step| last.checked_add(step)));
    last.and_then(|last| last.checked_add(1)).ok_or(KernelError::Overflow { place })
}

/// `Shape` unless `holds`.
pub(crate) fn require(holds: bool, place: &'static str, what: &'static str) -> Result<(), KernelError> {
    if holds { Ok(()) } else { Err(KernelError::Shape { place, what }) }
}
