//! Values whose channels lie in blocks of 16: `[batch][ceil(channels / 16)][h][w][16]`.
//!
//! A position's channels of one block are one vector, so convolution needs no copies of windows, and depthwise
//! convolution, pooling and what is done element by element use whole vectors whatever the width of a row. The lanes of
//! the last block beyond the channels hold anything; nothing that is read for a channel depends on them.

mod conv;
mod depthwise;
mod plan;
mod pool;
mod reorder;
mod run;
mod table;
mod tile;
mod weights;

pub use pool::{average_pool_c16_f32, max_pool_c16_f32};
pub use reorder::{from_blocks_f32, to_blocks_f32};
pub use run::{ConvC16F32, InputLayout, conv_c16_f32, scratch_len};
use table::Method;
pub use table::{CONV_C16, ConvC16Row, select};
pub use weights::{pack_weights, packed_len, takes};

use crate::error::{KernelError, product};
use fastserve_simd::LANES;

/// Elements of a blocked value of `batch` images of `channels` planes of `space` positions.
///
/// # Errors
/// Where the number overflows.
pub fn blocked_len(batch: usize, channels: usize, space: usize) -> Result<usize, KernelError> {
    product("blocked value", &[batch, channels.div_ceil(LANES), space, LANES])
}
