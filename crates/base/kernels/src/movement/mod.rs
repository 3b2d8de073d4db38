//! Kernels that move elements of any type: strided copies and copies by tables.

mod copy;
mod table;

pub use copy::{Place, copy_strided};
pub use table::copy_by_tables;

/// The most dimensions a call takes.
pub const MAX_MOVE_DIMS: usize = 16;

/// Elements of a task: long enough to be worth a thread.
const TASK_ELEMENTS: usize = 32 * 1024;
