//! Functions of one or two elements.

mod binary;
mod broadcast;
mod half;
mod map;
mod unary;

pub use binary::{BINARY, BinaryOp, Operand, binary_f32};
pub use broadcast::MAX_DIMS;
pub use half::{HALVES, Half, narrow, widen};
pub use map::{Source, map1, map2, map3, update, update1};
pub use unary::{Param, UNARY, UnaryOp, unary_f32, unary_in_place_f32};

/// Elements of a task: long enough to be worth a thread, short enough for the second-level cache.
const TASK_ELEMENTS: usize = 16 * 1024;
