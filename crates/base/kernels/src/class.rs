//! Rounding classes: the written rule of how an `f32` sum over K rounds. It sees weight shapes only: never the batch,
//! the number of threads, the instruction set or a measured cost. Every kernel row belongs to one class, and rows of
//! one class give equal bits (where the multiply-add is fused; portable code rounds products too).
//!
//! Common to all: K is cut into chunks of [`K_CHUNK`] from its start, the last one shorter. Each chunk has a sum of its
//! own, starting at +0. The total is `s0`, then `s0 + s1`, then `(s0 + s1) + s2`, and so on. With K = 0 it is +0. Bias
//! is added to the total, then the residual, then comes the activation.
//!
//! * **Chain**: a chunk's sum is `acc = fma(a[k], b[k], acc)` for k ascending.
//! * **Lanes16**: a chunk has sixteen sums, all starting at +0; lane `l` takes `acc[l] = fma(a[k], b[k], acc[l])` for the
//!   k of the chunk with `k ≡ l (mod 16)`, ascending. The chunk is as if padded with zeros to a multiple of 16. Then
//!   `acc[l] += acc[l + 8]` for l < 8, `acc[l] += acc[l + 4]` for l < 4, `+ 2`, `+ 1`; `acc[0]` is the chunk's sum.
//!
//! A matrix product is of class Lanes16 where N < 16, else Chain. A convolution is always Chain, over K in the order
//! (block of 16 input channels, kernel row, kernel column, channel in the block); positions in the padding take part
//! with the value +0.

/// K is summed in chunks of this many elements, in every kernel. A multiple of 16.
pub const K_CHUNK: usize = 2048;

/// Input channels of a block in the K order of convolution.
pub const CHANNEL_BLOCK: usize = 16;

/// How a sum over K rounds.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum RoundingClass {
    /// One chain of multiply-adds per chunk.
    Chain,
    /// Sixteen chains per chunk, joined by a fixed tree.
    Lanes16,
}

/// The class of a matrix product with `n` columns of weights; `k` does not matter today.
pub const fn gemm_class(n: usize, k: usize) -> RoundingClass {
    let _ = k;
    if n < 16 { RoundingClass::Lanes16 } else { RoundingClass::Chain }
}

/// The chunks of `0..k`: at least one, which is empty where `k` is 0.
pub(crate) fn chunks(k: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..k.div_ceil(K_CHUNK).max(1)).map(move |i| i * K_CHUNK..k.min((i + 1) * K_CHUNK))
}
