//! Kernels that move elements of any type: strided copies, copies by tables, and picked rows.

mod copy;
mod fill;
mod gather;
mod table;

pub use copy::{Place, copy_strided};
pub use fill::fill;
pub use gather::gather;
pub use table::copy_by_tables;

/// The most dimensions a call takes.
pub const MAX_MOVE_DIMS: usize = 16;

/// Elements of a task: long enough to be worth a thread.
const TASK_ELEMENTS: usize = 32 * 1024;
