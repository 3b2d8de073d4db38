//! Requests and answers as JSON, with binary tensors behind it.

mod answer;
mod data;
mod depth;
mod object;
mod request;

pub use answer::{Answer, Form, answer};
pub use depth::{MAX_DEPTH, check as check_depth};
pub use request::{Decoded, parse};
