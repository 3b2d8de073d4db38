//! What a backend is: the traits, what goes in and out of a run, and what a run may cost.
//!
//! A backend compiles a graph into an [`Executable`], shared by any number of [`Session`]s; a session owns the memory of its
//! runs and is used by one caller at a time.

mod bindings;
mod cx;
mod error;
mod explain;
mod profile;
mod signature;
mod traits;

pub use bindings::{Bindings, OutputBinding};
pub use cx::{CancelToken, RunCx};
pub use error::{CompileError, RunError};
pub use explain::{Explain, ExplainStep};
pub use profile::Profile;
pub use signature::{Port, Signature};
pub use traits::{Backend, Caps, Claim, CompileOptions, Executable, Session};
